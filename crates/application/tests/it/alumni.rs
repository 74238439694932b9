//! The rules of the alumni area.

mod claims;
mod directory;
mod graduates;
mod imports;
mod profiles;
mod records;
mod reference;
mod synthetic;
mod visibility;
