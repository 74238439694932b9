//! The rules of the alumni area.

mod imports;
mod reference;
