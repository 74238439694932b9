use super::{Code, Kind, Label};
use crate::named_enum;

named_enum! {
    /// How far a degree goes.
    pub enum DegreeLevel {
        /// A certificate below a diploma.
        Certificate => "certificate",
        /// An undergraduate diploma.
        Diploma => "diploma",
        /// A first degree.
        Bachelor => "bachelor",
        /// A diploma after a first degree.
        PostgraduateDiploma => "postgraduate_diploma",
        /// A master's degree.
        Master => "master",
        /// A doctorate.
        Doctorate => "doctorate",
    }
}

named_enum! {
    /// The six geopolitical zones of Nigeria.
    pub enum Zone {
        /// North-Central, with the Federal Capital Territory.
        NorthCentral => "north_central",
        /// North-East.
        NorthEast => "north_east",
        /// North-West.
        NorthWest => "north_west",
        /// South-East.
        SouthEast => "south_east",
        /// South-South.
        SouthSouth => "south_south",
        /// South-West.
        SouthWest => "south_west",
    }
}

/// What only the entries of one [`Kind`] have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// Nothing more.
    Faculty,
    /// A department.
    Department {
        /// The faculty that it belongs to.
        faculty: Code,
    },
    /// A degree.
    Degree {
        /// How far it goes.
        level: DegreeLevel,
        /// Its usual short form, such as `B.Sc.`.
        abbreviation: Label,
    },
    /// A programme.
    Programme {
        /// The department that teaches it.
        department: Code,
        /// The degree that it leads to.
        degree: Code,
    },
    /// A state.
    State {
        /// Its zone.
        zone: Zone,
        /// Its code in ISO 3166-2, such as `NG-KD`.
        iso_code: Label,
    },
    /// Nothing more.
    Country,
    /// An industry.
    Industry {
        /// The letter of its section in ISIC Rev. 4.
        section: Label,
    },
}

impl Details {
    /// The list that an entry with these details belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Faculty => Kind::Faculties,
            Self::Department { .. } => Kind::Departments,
            Self::Degree { .. } => Kind::Degrees,
            Self::Programme { .. } => Kind::Programmes,
            Self::State { .. } => Kind::States,
            Self::Country => Kind::Countries,
            Self::Industry { .. } => Kind::Industries,
        }
    }

    /// The entries of other lists that these details name.
    pub fn parents(&self) -> impl Iterator<Item = (Kind, &Code)> {
        let parents = match self {
            Self::Department { faculty } => [Some((Kind::Faculties, faculty)), None],
            Self::Programme { department, degree } => [
                Some((Kind::Departments, department)),
                Some((Kind::Degrees, degree)),
            ],
            _ => [None, None],
        };
        parents.into_iter().flatten()
    }

    /// A short form that finds the entry as its name does.
    pub fn short_form(&self) -> Option<&Label> {
        match self {
            Self::Degree { abbreviation, .. } => Some(abbreviation),
            Self::State { iso_code, .. } => Some(iso_code),
            _ => None,
        }
    }

    /// Entries with different names for this share no namespace: two programmes of one name differ by their degrees.
    pub(super) fn namespace(&self) -> Option<&Code> {
        match self {
            Self::Programme { degree, .. } => Some(degree),
            _ => None,
        }
    }
}
