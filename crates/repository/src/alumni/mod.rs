//! Ports of the alumni area.

mod claims;
mod imports;
mod invitations;
mod profiles;
mod records;
mod reference;
mod synthetic;
mod vocabulary;
