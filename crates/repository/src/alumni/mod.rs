//! Ports of the alumni area.

mod access_log;
mod claims;
mod directory;
mod evidence;
mod exports;
mod imports;
mod invitations;
mod profiles;
mod records;
mod reference;
mod retention;
mod synthetic;
mod synthetic_profiles;
mod vocabulary;
