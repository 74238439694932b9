//! Purposes of consent to the processing of personal data.

/// A purpose that a user may consent to. Every account agrees to the terms; they are no purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentPurpose {
    /// A listing in the directory of graduates.
    Directory,
    /// A digest of the news by mail.
    Digest,
    /// Messages from the officers of the user's chapters.
    ChapterContact,
    /// Proposals as a mentor or to one.
    Mentoring,
    /// Requests for donations.
    Fundraising,
}

impl ConsentPurpose {
    /// All purposes.
    pub const ALL: &[Self] = &[
        Self::Directory,
        Self::Digest,
        Self::ChapterContact,
        Self::Mentoring,
        Self::Fundraising,
    ];

    /// The name in storage and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Digest => "digest",
            Self::ChapterContact => "chapter_contact",
            Self::Mentoring => "mentoring",
            Self::Fundraising => "fundraising",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_purpose_has_a_name_of_its_own() {
        let names: BTreeSet<_> = ConsentPurpose::ALL.iter().map(|p| p.name()).collect();
        assert_eq!(names.len(), ConsentPurpose::ALL.len());
        assert!(!names.contains("terms"));
    }
}
