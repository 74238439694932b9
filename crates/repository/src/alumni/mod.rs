//! Ports of the alumni area.

mod claims;
mod imports;
mod invitations;
mod reference;
mod register;
mod synthetic;
