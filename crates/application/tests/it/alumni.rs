//! The rules of the alumni area.

mod claims;
mod directory;
mod imports;
mod records;
mod reference;
mod synthetic;
