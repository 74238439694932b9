//! The rules of the alumni area.

mod imports;
mod records;
mod reference;
