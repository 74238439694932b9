//! Purposes of consent to the processing of personal data.

use crate::named_enum;

named_enum! {
    /// A purpose that a user may consent to. Every account agrees to the terms; they are no purpose.
    pub enum ConsentPurpose {
        /// A listing in the directory of graduates.
        Directory => "directory",
        /// A digest of the news by mail.
        Digest => "digest",
        /// Messages from the officers of the user's chapters.
        ChapterContact => "chapter_contact",
        /// Proposals as a mentor or to one.
        Mentoring => "mentoring",
        /// Requests for donations.
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
