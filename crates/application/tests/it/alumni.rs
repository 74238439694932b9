//! The rules of the alumni area.

mod access_log;
mod claims;
mod directory;
mod graduates;
mod imports;
mod orphans;
mod profiles;
mod records;
mod reference;
mod synthetic;
mod visibility;
