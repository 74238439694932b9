//! States of an import of the register, and the verdicts on its lines.

use crate::named_enum;

named_enum! {
    /// How far an import is.
    pub enum ImportState {
        /// The file is stored, and nothing has read it yet.
        Uploaded => "uploaded",
        /// A process stages and judges its lines.
        Judging => "judging",
        /// Every line has a verdict; the register is unchanged.
        Judged => "judged",
        /// A process writes its lines to the register.
        Committing => "committing",
        /// The register has its lines.
        Committed => "committed",
        /// A process takes its lines out of the register.
        RollingBack => "rolling_back",
        /// The register has its lines no more.
        RolledBack => "rolled_back",
        /// The file cannot be read as the mapping says.
        Failed => "failed",
        /// The office gave it up before its commit.
        Discarded => "discarded",
    }
}

impl ImportState {
    /// Whether a process works on the import.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Judging | Self::Committing | Self::RollingBack)
    }
}

named_enum! {
    /// What an import would do with a line. The order is that of the rules: the first that holds decides.
    #[derive(PartialOrd, Ord)]
    pub enum Verdict {
        /// It cannot be read; only a change of the file mends it.
        Malformed => "malformed",
        /// It names a department, programme or degree that the reference data does not have, or not once.
        UnknownValue => "unknown_value",
        /// An earlier line is about the same award.
        DuplicateInFile => "duplicate_in_file",
        /// It may be about several people, or contradicts the record that it matches; a person decides.
        Conflict => "conflict",
        /// No record of the register matches: it becomes one.
        Ready => "ready",
        /// It changes the record that it matches.
        WillUpdate => "will_update",
        /// The register says the same already.
        Unchanged => "unchanged",
    }
}

impl Verdict {
    /// Whether the line stays out of the register, and so in the report.
    pub const fn is_left_out(self) -> bool {
        matches!(
            self,
            Self::Malformed | Self::UnknownValue | Self::DuplicateInFile | Self::Conflict
        )
    }
}
