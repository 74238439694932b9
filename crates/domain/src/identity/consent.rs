//! What people agree to.

/// What somebody is asked for, apart from the terms, to which everybody agrees who has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentPurpose {
    /// To be listed in the directory of graduates.
    Directory,
    /// To get a digest of the news by mail.
    Digest,
    /// To be written to by the officers of one's chapters.
    ChapterContact,
    /// To be proposed as a mentor or to one.
    Mentoring,
    /// To be asked for donations.
    Fundraising,
}

impl ConsentPurpose {
    /// All of them.
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
