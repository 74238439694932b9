//! The fields of a profile, each with its default level and the levels that its member may choose.

use super::Level;
use crate::named_enum;

named_enum! {
    /// A field of a profile with a level of its own.
    #[derive(PartialOrd, Ord)]
    pub enum Field {
        /// The name as the platform shows it: preferred or given names, and surname.
        Name => "name",
        /// Awards of the university: degree, programme, department, faculty and year.
        Awards => "awards",
        /// Surname and given names as the register has them.
        RegistryName => "registry_name",
        /// Earlier names, as the register has them.
        PreviousNames => "previous_names",
        /// A line about the member.
        Headline => "headline",
        /// A text about the member.
        Bio => "bio",
        /// The present employer.
        Employer => "employer",
        /// The title of the present post.
        Title => "title",
        /// The industry that the member works in.
        Industry => "industry",
        /// Skills.
        Skills => "skills",
        /// Past and present work. Employer and title of the present one keep their own levels.
        WorkHistory => "work_history",
        /// Education outside the university.
        Education => "education",
        /// Web addresses.
        Links => "links",
        /// Country of residence.
        Country => "country",
        /// State of residence, in Nigeria.
        State => "state",
        /// City of residence.
        City => "city",
        /// E-mail address.
        Email => "email",
        /// Telephone number.
        Phone => "phone",
        /// Matriculation numbers of the awards.
        MatricNumber => "matric_number",
        /// Classes of the degrees.
        ClassOfDegree => "class_of_degree",
    }
}

impl Field {
    /// The level of the field for a member who chose none.
    pub fn default_level(self) -> Level {
        match self {
            Self::RegistryName
            | Self::PreviousNames
            | Self::Email
            | Self::Phone
            | Self::MatricNumber
            | Self::ClassOfDegree => Level::OnlyMe,
            Self::Name
            | Self::Awards
            | Self::Headline
            | Self::Bio
            | Self::Employer
            | Self::Title
            | Self::Industry
            | Self::Skills
            | Self::WorkHistory
            | Self::Education
            | Self::Links
            | Self::Country
            | Self::State
            | Self::City => Level::Alumni,
        }
    }

    /// The levels that a member may choose, from the narrowest to the widest. The default is one of them.
    pub fn allowed_levels(self) -> &'static [Level] {
        match self {
            Self::Name | Self::Awards => &[Level::Alumni, Level::Public],
            Self::RegistryName | Self::PreviousNames => &[Level::OnlyMe, Level::Alumni],
            Self::Email | Self::Phone => &[Level::OnlyMe, Level::Connections],
            Self::MatricNumber | Self::ClassOfDegree => &[Level::OnlyMe],
            Self::Headline
            | Self::Bio
            | Self::Employer
            | Self::Title
            | Self::Industry
            | Self::Skills
            | Self::WorkHistory
            | Self::Education
            | Self::Links
            | Self::Country
            | Self::State
            | Self::City => &Level::ALL,
        }
    }

    /// Whether the directory searches, filters or sorts by the field where verified graduates may see it.
    pub fn is_searchable(self) -> bool {
        match self {
            Self::Name
            | Self::Awards
            | Self::RegistryName
            | Self::PreviousNames
            | Self::Employer
            | Self::Industry
            | Self::Skills
            | Self::Country
            | Self::State
            | Self::City => true,
            Self::Headline
            | Self::Bio
            | Self::Title
            | Self::WorkHistory
            | Self::Education
            | Self::Links
            | Self::Email
            | Self::Phone
            | Self::MatricNumber
            | Self::ClassOfDegree => false,
        }
    }
}
