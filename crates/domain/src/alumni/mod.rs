//! Alumni: who they are, and how a search finds them.

pub mod import_state;
pub mod names;
pub mod reference;
