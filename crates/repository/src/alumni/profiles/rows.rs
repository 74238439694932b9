//! Rows of profiles, and the domain's values in them.

use abu_application::alumni::ports::{Eligibility, Member};
use abu_domain::{
    CountryId, DegreeId, DepartmentId, EmployerId, FacultyId, IndustryId, ProgrammeId, SkillId,
    StateId,
    alumni::{
        profiles::{
            Bio, City, Coded, DegreeName, Education, EducationDetails, Experience, Headline,
            Institution, JobTitle, LinkKind, LinkUrl, Month, ProfileAward, ProfileLink, Slug,
            Subject, Term,
        },
        visibility::{Field, Level, Privacy, ProfileFacts},
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{
        Array, BigInt, Bool, Date, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use uuid::Uuid;

use crate::error::BadRow;

pub(super) type MemberColumns = (
    (
        SqlUuid,
        Text,
        Nullable<Text>,
        Text,
        Nullable<Text>,
        Timestamptz,
        Nullable<Text>,
    ),
    (Bool, Bool, Bool, Bool),
    (
        Nullable<SqlUuid>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Array<Text>>,
        Bool,
    ),
    (
        Nullable<Text>,
        Bool,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<Text>,
        BigInt,
        Nullable<Timestamptz>,
    ),
    CodedColumns,
    CodedColumns,
    CodedColumns,
);

type CodedColumns = (Nullable<SmallInt>, Nullable<Text>, Nullable<Text>);

type CodedRow = (Option<i16>, Option<String>, Option<String>);

fn coded<Id>((id, code, name): CodedRow, wrap: fn(i16) -> Id) -> Option<Coded<Id>> {
    Some(Coded {
        id: wrap(id?),
        code: code?,
        name: name?,
    })
}

#[derive(Queryable)]
pub(super) struct MemberRow {
    account: AccountRow,
    eligibility: (bool, bool, bool, bool),
    record: RecordRow,
    profile: ProfileRow,
    country: CodedRow,
    state: CodedRow,
    industry: CodedRow,
}

#[derive(Queryable)]
pub(super) struct AccountRow {
    id: Uuid,
    firstname: String,
    middlename: Option<String>,
    lastname: String,
    phone: Option<String>,
    created_at: DateTime<Utc>,
    email: Option<String>,
}

#[derive(Queryable)]
pub(super) struct RecordRow {
    id: Option<Uuid>,
    surname: Option<String>,
    given_names: Option<String>,
    previous_names: Option<Vec<String>>,
    is_restricted: bool,
}

#[derive(Queryable)]
pub(super) struct ProfileRow {
    slug: Option<String>,
    allow_indexing: bool,
    preferred_name: Option<String>,
    headline: Option<String>,
    bio: Option<String>,
    city: Option<String>,
    version: i64,
    last_modified: Option<DateTime<Utc>>,
}

impl MemberRow {
    pub(super) fn user(&self) -> Uuid {
        self.account.id
    }

    pub(super) fn record(&self) -> Option<Uuid> {
        self.record.id
    }

    /// The member without what other rows hold.
    pub(super) fn into_member(self) -> Member {
        let (is_verified, is_active, is_being_erased, is_listed) = self.eligibility;
        let (account, record, profile) = (self.account, self.record, self.profile);
        let (surname, given_names) = match record.surname.zip(record.given_names) {
            Some(names) => names,
            None => account_names(account.firstname, account.middlename, account.lastname),
        };
        let previous_names = record.previous_names.unwrap_or_default();
        Member {
            facts: ProfileFacts {
                user: account.id.into(),
                is_registered: record.id.is_some(),
                surname: PersonName::from_storage(surname),
                given_names: PersonName::from_storage(given_names),
                previous_names: previous_names
                    .into_iter()
                    .map(PersonName::from_storage)
                    .collect(),
                preferred_name: profile.preferred_name.map(PersonName::from_storage),
                awards: Vec::new(),
                headline: profile.headline.map(Headline::from_storage),
                bio: profile.bio.map(Bio::from_storage),
                industry: coded(self.industry, IndustryId::new),
                country: coded(self.country, CountryId::new),
                state: coded(self.state, StateId::new),
                city: profile.city.map(City::from_storage),
                experiences: Vec::new(),
                educations: Vec::new(),
                skills: Vec::new(),
                links: Vec::new(),
                email: account.email.map(EmailAddress::from_storage),
                phone: account.phone.map(PhoneNumber::from_storage),
            },
            privacy: Privacy::default(),
            eligibility: Eligibility {
                is_verified,
                is_active,
                is_restricted: record.is_restricted,
                is_being_erased,
                is_listed,
            },
            slug: profile.slug.map(Slug::from_storage),
            allow_indexing: profile.allow_indexing,
            version: profile.version,
            last_modified: profile.last_modified.unwrap_or(account.created_at),
        }
    }
}

/// Surname and given names of an account.
fn account_names(
    firstname: String,
    middlename: Option<String>,
    lastname: String,
) -> (String, String) {
    match middlename {
        Some(middlename) => (lastname, format!("{firstname} {middlename}")),
        None => (lastname, firstname),
    }
}

pub(super) type AwardColumns = (
    SqlUuid,
    SqlUuid,
    SmallInt,
    Nullable<Text>,
    Nullable<Text>,
    (SmallInt, Text, Text),
    (Nullable<Integer>, Nullable<Text>, Nullable<Text>),
    CodedColumns,
    CodedColumns,
);

#[derive(Queryable)]
pub(super) struct AwardRow {
    record_id: Uuid,
    id: Uuid,
    year: i16,
    matric_number: Option<String>,
    class_of_degree: Option<String>,
    degree: (i16, String, String),
    programme: (Option<i32>, Option<String>, Option<String>),
    department: CodedRow,
    faculty: CodedRow,
}

impl AwardRow {
    pub(super) fn owner(&self) -> Uuid {
        self.record_id
    }

    pub(super) fn into_award(self) -> ProfileAward {
        let (id, code, name) = self.degree;
        let programme = match self.programme {
            (Some(id), Some(code), Some(name)) => Some(Coded {
                id: ProgrammeId::new(id),
                code,
                name,
            }),
            _ => None,
        };
        ProfileAward {
            id: self.id.into(),
            degree: Coded {
                id: DegreeId::new(id),
                code,
                name,
            },
            programme,
            department: coded(self.department, DepartmentId::new),
            faculty: coded(self.faculty, FacultyId::new),
            year: self.year,
            matric_number: self.matric_number,
            class_of_degree: self.class_of_degree,
        }
    }
}

pub(super) type ExperienceColumns = (
    SqlUuid,
    SqlUuid,
    Text,
    Nullable<Date>,
    Nullable<Date>,
    Bool,
    (Nullable<Integer>, Nullable<SqlUuid>, Nullable<Text>, Bool),
);

#[derive(Queryable)]
pub(super) struct ExperienceRow {
    user_id: Uuid,
    id: Uuid,
    title: String,
    started: Option<NaiveDate>,
    ended: Option<NaiveDate>,
    is_current: bool,
    employer: (Option<i32>, Option<Uuid>, Option<String>, bool),
}

impl ExperienceRow {
    pub(super) fn owner(&self) -> Uuid {
        self.user_id
    }

    pub(super) fn into_experience(self) -> Experience {
        let employer = match self.employer {
            (Some(id), Some(uuid), Some(name), is_facet) => Some(Term {
                id: EmployerId::new(id),
                uuid,
                name,
                is_facet,
            }),
            _ => None,
        };
        Experience {
            id: self.id.into(),
            employer,
            title: JobTitle::from_storage(self.title),
            started: self.started.map(Month::from_storage),
            ended: self.ended.map(Month::from_storage),
            is_current: self.is_current,
        }
    }
}

pub(super) type EducationColumns = (
    SqlUuid,
    SqlUuid,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<SmallInt>,
    Nullable<SmallInt>,
);

#[derive(Queryable)]
pub(super) struct EducationRow {
    user_id: Uuid,
    id: Uuid,
    institution: String,
    degree: Option<String>,
    field: Option<String>,
    from_year: Option<i16>,
    to_year: Option<i16>,
}

impl EducationRow {
    pub(super) fn owner(&self) -> Uuid {
        self.user_id
    }

    pub(super) fn into_education(self) -> Education {
        Education {
            id: self.id.into(),
            details: EducationDetails {
                institution: Institution::from_storage(self.institution),
                degree: self.degree.map(DegreeName::from_storage),
                field: self.field.map(Subject::from_storage),
                from_year: self.from_year,
                to_year: self.to_year,
            },
        }
    }
}

pub(super) type SkillColumns = (SqlUuid, Integer, SqlUuid, Text, Bool);

#[derive(Queryable)]
pub(super) struct SkillRow {
    user_id: Uuid,
    id: i32,
    uuid: Uuid,
    name: String,
    is_facet: bool,
}

impl SkillRow {
    pub(super) fn owner(&self) -> Uuid {
        self.user_id
    }

    pub(super) fn into_skill(self) -> Term<SkillId> {
        Term {
            id: SkillId::new(self.id),
            uuid: self.uuid,
            name: self.name,
            is_facet: self.is_facet,
        }
    }
}

pub(super) type LinkColumns = (SqlUuid, SqlUuid, Text, Text);

#[derive(Queryable)]
pub(super) struct LinkRow {
    user_id: Uuid,
    id: Uuid,
    kind: String,
    url: String,
}

impl LinkRow {
    pub(super) fn owner(&self) -> Uuid {
        self.user_id
    }

    /// A kind of a later release is another kind to this one.
    pub(super) fn into_link(self) -> ProfileLink {
        ProfileLink {
            id: self.id.into(),
            kind: LinkKind::from_name(&self.kind).unwrap_or(LinkKind::Other),
            url: LinkUrl::from_storage(self.url),
        }
    }
}

pub(super) type LevelColumns = (SqlUuid, Text, Text);

#[derive(Queryable)]
pub(super) struct LevelRow {
    user_id: Uuid,
    field: String,
    level: String,
}

impl LevelRow {
    pub(super) fn owner(&self) -> Uuid {
        self.user_id
    }

    /// `None` for a field of a later release, which this one does not show.
    pub(super) fn into_choice(self) -> Option<Result<(Field, Level), BadRow>> {
        let field = Field::from_name(&self.field)?;
        let level = Level::from_name(&self.level).ok_or(BadRow {
            column: "field_visibility.level",
            id: self.user_id,
        });
        Some(level.map(|level| (field, level)))
    }
}
