//! Everything that a profile can show.

use crate::{
    CountryId, IndustryId, SkillId, StateId, UserId,
    alumni::profiles::{
        Bio, City, Coded, Education, Experience, Headline, ProfileAward, ProfileLink, Term,
    },
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};

/// What is known about a member, hidden or not.
///
/// Nothing serializes it: what leaves the server is a [`VisibleProfile`](super::VisibleProfile).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFacts {
    /// The member's account.
    pub user: UserId,
    /// Whether the member is linked to a record of the register, which then gives the names.
    pub is_registered: bool,
    /// Surname of the register; of the account for a member without a record.
    pub surname: PersonName,
    /// Given names of the register; of the account for a member without a record.
    pub given_names: PersonName,
    /// Earlier names of the register.
    pub previous_names: Vec<PersonName>,
    /// What the member wants to be called instead of the given names.
    pub preferred_name: Option<PersonName>,
    /// Awards of the university, in any order; none for a member without a record.
    pub awards: Vec<ProfileAward>,
    /// A line about the member.
    pub headline: Option<Headline>,
    /// A text about the member.
    pub bio: Option<Bio>,
    /// The industry that the member works in.
    pub industry: Option<Coded<IndustryId>>,
    /// Country of residence.
    pub country: Option<Coded<CountryId>>,
    /// State of residence, in Nigeria.
    pub state: Option<Coded<StateId>>,
    /// City of residence.
    pub city: Option<City>,
    /// Work, in any order.
    pub experiences: Vec<Experience>,
    /// Education outside the university, in any order.
    pub educations: Vec<Education>,
    /// Skills, in the member's order.
    pub skills: Vec<Term<SkillId>>,
    /// Web addresses, the oldest first.
    pub links: Vec<ProfileLink>,
    /// The verified primary address of the account.
    pub email: Option<EmailAddress>,
    /// The telephone number of the account.
    pub phone: Option<PhoneNumber>,
}
