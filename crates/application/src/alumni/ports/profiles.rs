use abu_domain::{
    CountryId, EducationId, EmployerId, ExperienceId, IndustryId, LinkId, RecordId, SkillId,
    StateId, UserId,
    alumni::{
        profiles::{
            Bio, City, EducationDetails, Headline, JobTitle, LinkKind, LinkUrl, Period, Slug, Term,
            TermName, TermState, Vocabulary,
        },
        visibility::{Privacy, ProfileFacts},
    },
    platform::text::PersonName,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::{
    lists::{Seek, Total},
    ports::StoreError,
};

/// Whether other people may see a member at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eligibility {
    /// The university confirmed the member as a graduate.
    pub is_verified: bool,
    /// The account is neither suspended, deactivated nor erased.
    pub is_active: bool,
    /// The member's record is restricted: the person objected to its use.
    pub is_restricted: bool,
    /// The erasure of the account has begun, or is due.
    pub is_being_erased: bool,
    /// The member agreed to be listed.
    pub is_listed: bool,
}

impl Eligibility {
    /// Whether anyone but the member may see the profile, if its levels admit them.
    pub fn is_visible(self) -> bool {
        self.is_verified && self.is_active && !self.is_restricted && !self.is_being_erased
    }

    /// Whether the directory may have a row about the member.
    pub fn is_searchable(self) -> bool {
        self.is_visible() && self.is_listed
    }
}

/// A member: everything that a profile can show, who may see it, and the settings of its pages.
#[derive(Clone, Debug)]
pub struct Member {
    pub facts: ProfileFacts,
    pub privacy: Privacy,
    pub eligibility: Eligibility,
    /// The address of the public page.
    pub slug: Option<Slug>,
    /// Whether search engines may index the public page.
    pub allow_indexing: bool,
    /// Rises with each change of the profile; 0 for a member who has no row yet.
    pub version: i64,
    /// When the profile changed last; the time of the account for a member who has no row yet.
    pub last_modified: DateTime<Utc>,
}

/// What a member writes in the profile itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileDetails {
    pub slug: Option<Slug>,
    pub allow_indexing: bool,
    pub preferred_name: Option<PersonName>,
    pub headline: Option<Headline>,
    pub bio: Option<Bio>,
    pub country: Option<CountryId>,
    pub state: Option<StateId>,
    pub city: Option<City>,
    pub industry: Option<IndustryId>,
}

/// Work as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredExperience {
    pub id: ExperienceId,
    pub employer: Option<EmployerId>,
    pub title: JobTitle,
    pub period: Period,
}

/// An id of a place or an industry in the reference data, by its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownPlaces {
    pub country: Option<CountryId>,
    pub state: Option<StateId>,
    pub industry: Option<IndustryId>,
}

/// Codes of the reference data that a profile names.
#[derive(Clone, Debug, Default)]
pub struct AskedPlaces {
    pub country: Option<String>,
    pub state: Option<String>,
    pub industry: Option<String>,
}

/// A name of a vocabulary, as the office sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermRecord {
    /// Of an employer or a skill; storage alone uses it.
    pub id: i32,
    pub uuid: Uuid,
    pub name: String,
    pub key: String,
    pub state: TermState,
    /// What the name stands for, if it was merged.
    pub merged_into: Option<Uuid>,
    /// How many members use it, as counted last.
    pub uses: u32,
    pub created_at: DateTime<Utc>,
    pub last_modified: DateTime<Utc>,
}

/// What narrows a list of names. Empty lists and `None` do not filter.
#[derive(Clone, Debug, Default)]
pub struct TermFilter {
    pub states: Vec<TermState>,
    /// What the key begins with.
    pub prefix: Option<String>,
}

/// Profiles as they are read.
pub trait ProfileReads {
    /// The members of these ids, in any order. Unknown and erased accounts are left out.
    fn members(&mut self, users: &[UserId]) -> Result<Vec<Member>, StoreError>;

    /// The member whose public page has this address.
    fn user_of_slug(&mut self, slug: &Slug) -> Result<Option<UserId>, StoreError>;

    /// At most `limit` verified accounts after one, by id.
    fn verified_users(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;

    /// The accounts that are linked to the records.
    fn linked_users(&mut self, records: &[RecordId]) -> Result<Vec<UserId>, StoreError>;

    /// At most `limit` linked accounts whose record an import created or changed, after one, by id.
    fn users_of_import(
        &mut self,
        import: abu_domain::ImportId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Those of the codes that the reference data has.
    fn known_places(&mut self, asked: &AskedPlaces) -> Result<KnownPlaces, StoreError>;

    /// The latest answer of the user to the question whether the directory may list them.
    fn agreed_to_listing(&mut self, user: UserId) -> Result<bool, StoreError>;
}

/// Profiles as they are written.
pub trait ProfileWrites {
    /// Locks the profile until the transaction ends; makes its row first if there is none, listed as the user agreed.
    /// `None` for an unknown or erased account. Lock order: after accounts, claims and records.
    fn lock_member(
        &mut self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<Member>, StoreError>;

    /// Notes that something of a locked profile changed.
    fn touch_profile(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// A conflict with `profiles_slug_key` if another public page has the address.
    fn save_details(&mut self, user: UserId, details: &ProfileDetails) -> Result<(), StoreError>;

    /// Stores the deviations, and no others.
    fn save_privacy(&mut self, user: UserId, privacy: &Privacy) -> Result<(), StoreError>;

    fn set_listed(&mut self, user: UserId, is_listed: bool) -> Result<(), StoreError>;

    /// Inserts or replaces work of the user.
    fn save_experience(
        &mut self,
        user: UserId,
        experience: &StoredExperience,
    ) -> Result<(), StoreError>;

    /// False if the user has no such work.
    fn delete_experience(&mut self, user: UserId, id: ExperienceId) -> Result<bool, StoreError>;

    /// Inserts or replaces an education of the user.
    fn save_education(
        &mut self,
        user: UserId,
        id: EducationId,
        details: &EducationDetails,
    ) -> Result<(), StoreError>;

    /// False if the user has no such education.
    fn delete_education(&mut self, user: UserId, id: EducationId) -> Result<bool, StoreError>;

    /// Makes these the user's skills, in this order.
    fn save_skills(&mut self, user: UserId, skills: &[SkillId]) -> Result<(), StoreError>;

    fn save_link(
        &mut self,
        user: UserId,
        id: LinkId,
        kind: LinkKind,
        url: &LinkUrl,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// False if the user has no such link.
    fn delete_link(&mut self, user: UserId, id: LinkId) -> Result<bool, StoreError>;

    /// Forgets the profile of an account that is erased.
    fn forget_profile(&mut self, user: UserId) -> Result<(), StoreError>;
}

/// Grown vocabularies as they are read.
pub trait VocabularyReads {
    fn term(
        &mut self,
        vocabulary: Vocabulary,
        uuid: Uuid,
    ) -> Result<Option<TermRecord>, StoreError>;

    /// At most `limit` names by key, which is the position.
    fn list_terms(
        &mut self,
        vocabulary: Vocabulary,
        filter: &TermFilter,
        seek: Seek<String>,
        limit: u32,
    ) -> Result<Vec<TermRecord>, StoreError>;

    fn count_terms(
        &mut self,
        vocabulary: Vocabulary,
        filter: &TermFilter,
    ) -> Result<Total, StoreError>;

    /// At most `limit` members who use the name, after one, by id.
    fn users_of_term(
        &mut self,
        vocabulary: Vocabulary,
        id: i32,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError>;
}

/// Grown vocabularies as they are written.
pub trait VocabularyWrites {
    /// The ids of the names, in their order: of what a merged name stands for, and of new rows for new names. `uuids`
    /// has one for each name.
    fn intern_terms(
        &mut self,
        vocabulary: Vocabulary,
        names: &[TermName],
        uuids: &[Uuid],
        now: DateTime<Utc>,
    ) -> Result<Vec<Term<i32>>, StoreError>;

    /// Confirms those of the proposed names that as many members use; returns them. It locks them.
    fn confirm_used_terms(
        &mut self,
        vocabulary: Vocabulary,
        ids: &[i32],
        users: u32,
        now: DateTime<Utc>,
    ) -> Result<Vec<i32>, StoreError>;

    /// Locks names until the transaction ends, in the order of their ids. Lock order: after profiles.
    fn lock_terms(
        &mut self,
        vocabulary: Vocabulary,
        uuids: &[Uuid],
    ) -> Result<Vec<TermRecord>, StoreError>;

    /// A conflict with the key of another name if one has the new name's.
    fn save_term(
        &mut self,
        vocabulary: Vocabulary,
        id: i32,
        name: &TermName,
        state: TermState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Makes one name stand for another, and so every name that was merged into it.
    fn merge_term(
        &mut self,
        vocabulary: Vocabulary,
        from: i32,
        into: i32,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Rewrites one name of a locked profile to another.
    fn replace_term(
        &mut self,
        vocabulary: Vocabulary,
        user: UserId,
        from: i32,
        into: i32,
    ) -> Result<(), StoreError>;

    /// Deletes proposed names that no profile uses and that have not changed since then.
    fn delete_unused_terms(
        &mut self,
        vocabulary: Vocabulary,
        unchanged_since: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Counts the users of at most `limit` names after an id; returns the last id, or `None` at the end.
    fn count_uses(
        &mut self,
        vocabulary: Vocabulary,
        after: i32,
        limit: u32,
    ) -> Result<Option<i32>, StoreError>;
}
