//! The rules of the alumni area.

mod claims;
mod imports;
mod reference;
mod synthetic;
