//! Ports of the alumni area.

mod claims;
mod invitations;
mod reference;
mod register;
