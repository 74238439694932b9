//! What people agree to.

use crate::named_enum;

named_enum! {
    /// What somebody is asked for, apart from the terms, to which everybody agrees who has an account.
    pub enum ConsentPurpose {
        /// To be listed in the directory of graduates.
        Directory => "directory",
        /// To get a digest of the news by mail.
        Digest => "digest",
        /// To be written to by the officers of one's chapters.
        ChapterContact => "chapter_contact",
        /// To be proposed as a mentor or to one.
        Mentoring => "mentoring",
        /// To be asked for donations.
        Fundraising => "fundraising",
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
