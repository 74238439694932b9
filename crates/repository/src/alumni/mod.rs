//! Ports of the alumni area.

mod access_log;
mod claims;
mod evidence;
mod exports;
mod imports;
mod invitations;
mod records;
mod reference;
mod retention;
mod synthetic;
