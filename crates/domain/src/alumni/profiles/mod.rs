//! Profiles: what members say about themselves, and the awards that the university verified.

mod award;
mod education;
mod limits;
mod link;
mod month;
mod name;
mod slug;
mod text;
mod vocabulary;
mod work;

pub use award::{Coded, ProfileAward};
pub use education::{Education, EducationDetails, Years, years};
pub use limits::{MAX_EDUCATIONS, MAX_EXPERIENCES, MAX_LINKS, MAX_SKILLS};
pub use link::{LinkKind, LinkUrl, ProfileLink};
pub use month::Month;
pub use name::preferred_name;
pub use slug::Slug;
pub use text::{Bio, City, DegreeName, Headline, Institution, JobTitle, Subject};
pub use vocabulary::{Term, TermName, TermState, USERS_THAT_CONFIRM, Vocabulary};
pub use work::{Experience, Period, current_work};

/// What stands in a profile in the order of time.
pub(in crate::alumni) trait Dated: Clone {
    type Key: Ord;

    /// Later is greater.
    fn key(&self) -> Self::Key;
}

/// The entries with the newest first.
pub(in crate::alumni) fn newest_first<T: Dated>(entries: &[T]) -> Vec<T> {
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| std::cmp::Reverse(entry.key()));
    sorted
}
