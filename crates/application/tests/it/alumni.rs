//! The rules of the alumni area.

mod claims;
mod imports;
mod orphans;
mod records;
mod reference;
mod synthetic;
