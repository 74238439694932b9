//! Ports of the alumni area.

mod claims;
mod reference;
mod register;

use crate::platform::ports::all_ports;

pub use claims::{ClaimReads, ClaimWrites};
pub use reference::{FileHead, ListHead, ReferenceReads, ReferenceWrites};
pub use register::{RegisterReads, RegisterWrites};

all_ports! {
    /// What the area reads.
    Reads: ClaimReads, ReferenceReads, RegisterReads,;
    /// What the area writes.
    Writes: ClaimWrites, ReferenceWrites, RegisterWrites,;
}
