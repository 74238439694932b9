//! The rules of the alumni area.

mod claims;
mod imports;
mod records;
mod reference;
mod synthetic;
