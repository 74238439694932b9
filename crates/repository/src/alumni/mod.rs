//! Ports of the alumni area.

mod claims;
mod imports;
mod invitations;
mod records;
mod reference;
mod synthetic;
