//! Imports of the register: verdicts, commit, provenance, roll-back, and processes that die.

mod commit;
mod office;
mod register;
mod roll_back;
mod runs;
mod verdicts;

pub(super) use register::{Register, counts};
