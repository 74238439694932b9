//! Alumni: who they are, and how a search finds them.

pub mod names;
pub mod reference;
