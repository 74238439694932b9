//! The rules of the alumni area.

mod claims;
mod reference;
