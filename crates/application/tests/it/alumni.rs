//! The rules of the alumni area.

mod access_log;
mod claims;
mod imports;
mod orphans;
mod records;
mod reference;
mod synthetic;
