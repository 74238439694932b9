//! Ports of the alumni area.

mod claims;
mod directory;
mod imports;
mod invitations;
mod profiles;
mod records;
mod reference;
mod synthetic;
mod synthetic_profiles;
mod vocabulary;
