//! The rules of the alumni area.

mod access_log;
mod claims;
mod imports;
mod records;
mod reference;
mod synthetic;
