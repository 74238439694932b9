//! Alumni: who they are, and how a search finds them.

pub mod imports;
pub mod names;
pub mod register;
