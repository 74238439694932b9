use abu_domain::{UserId, named_enum};

use crate::{identity::ports::ExportPage, platform::ports::StoreError};

named_enum! {
    /// What the area holds about a user. The names are those of the parts of the file.
    pub enum AlumniPart {
        Claims => "claims",
        ClaimEvents => "claim_events",
        ClaimEvidence => "claim_evidence",
        /// The record that the account is linked to, with its awards.
        AlumniRecord => "alumni_record",
        Profile => "profile",
        PrivacyLevels => "privacy_levels",
        Experiences => "experiences",
        Educations => "educations",
        Skills => "skills",
        Links => "links",
    }
}

pub trait AlumniExportReads {
    /// At most `limit` rows of what the area holds about the user.
    fn alumni_rows(
        &mut self,
        user: UserId,
        part: AlumniPart,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ExportPage, StoreError>;
}
