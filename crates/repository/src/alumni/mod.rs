//! Ports of the alumni area.

mod claims;
mod reference;
mod register;
