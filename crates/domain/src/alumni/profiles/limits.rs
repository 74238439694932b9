//! How many entries a profile has.

/// Entries of work, at most.
pub const MAX_EXPERIENCES: usize = 20;
/// Entries of education, at most.
pub const MAX_EDUCATIONS: usize = 10;
/// Skills, at most.
pub const MAX_SKILLS: usize = 30;
/// Web addresses, at most.
pub const MAX_LINKS: usize = 10;
