//! Alumni: who they are, what they say about themselves, who may see it, how a search finds them, and how an account proves to be one of them.

pub mod claims;
pub mod directory;
pub mod import_state;
pub mod imports;
pub mod names;
pub mod profiles;
pub mod reference;
pub mod register;
pub mod visibility;
