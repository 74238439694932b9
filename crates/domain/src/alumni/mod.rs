//! Alumni: who they are, how a search finds them, and how an account proves to be one of them.

pub mod claims;
pub mod directory;
pub mod import_state;
pub mod imports;
pub mod names;
pub mod reference;
pub mod register;
