//! Privacy of profiles: who may see which field.
//!
//! [`VisibleProfile::project`] is a pure function of the facts, the member's choices and the audience. Pages, cards and
//! search rows are made of its result alone, so no read path goes around the levels.

mod facts;
mod field;
mod level;
mod privacy;
mod visible;

pub use facts::ProfileFacts;
pub use field::Field;
pub use level::{Audience, Level};
pub use privacy::Privacy;
pub use visible::{VisibleAward, VisibleExperience, VisibleProfile};

#[cfg(test)]
mod tests;
