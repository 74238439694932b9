//! The caller's own profile.

use abu_domain::{
    Violation,
    alumni::{
        names::Lexicon,
        profiles::{Bio, City, Headline, Slug, preferred_name},
        visibility::{Audience, VisibleProfile},
    },
};
use chrono::{DateTime, Utc};

use super::{ProfileError, Profiles};
use crate::{
    access::{self, Caller},
    alumni::{
        directory::refresh_entries,
        ports::{AskedPlaces, KnownPlaces, Member, ProfileDetails},
        visibility::Viewer,
    },
    platform::versions::{Expected, Version},
    store::{Reads, Writes},
};

/// The code of the country that has the states of the reference data.
const NIGERIA: &str = "NG";

/// A profile as an audience sees it, with the settings of its member.
#[derive(Clone, Debug)]
pub struct OwnProfile {
    pub visible: VisibleProfile,
    pub member: Member,
    /// As whom the member looks.
    pub audience: Audience,
    /// Whether that audience can see the profile now: it can not before the verification, and graduates can not
    /// before the member agreed to be listed.
    pub is_shown: bool,
}

impl OwnProfile {
    pub fn version(&self) -> Version {
        Version::of(self.member.last_modified)
    }
}

/// What changes in a profile: a merge patch. The inner `None` removes a value.
#[derive(Clone, Debug, Default)]
pub struct ProfilePatch {
    pub preferred_name: Option<Option<String>>,
    pub headline: Option<Option<Headline>>,
    pub bio: Option<Option<Bio>>,
    /// Codes of the reference data, as are state and industry.
    pub country: Option<Option<String>>,
    pub state: Option<Option<String>>,
    pub city: Option<Option<City>>,
    pub industry: Option<Option<String>>,
    pub slug: Option<Option<Slug>>,
    pub allow_indexing: Option<bool>,
}

impl Profiles {
    /// The caller's profile, as the caller or as an audience sees it.
    pub async fn get_own(
        &self,
        caller: Caller,
        audience: Audience,
    ) -> Result<OwnProfile, ProfileError> {
        self.context
            .database
            .read(move |tx| {
                access::require_self(tx, &caller)?;
                let member = tx.members(&[caller.user])?.pop();
                own(member.ok_or(ProfileError::NotFound)?, audience)
            })
            .await
    }

    /// Changes the caller's profile. A patch that changes nothing leaves no trace.
    pub async fn modify(
        &self,
        caller: Caller,
        patch: ProfilePatch,
        expected: Expected,
    ) -> Result<OwnProfile, ProfileError> {
        self.change(caller, expected, move |tx, member, _| {
            let before = details(member);
            let after = patch.applied_to(tx, member)?;
            if after == before {
                return Ok(Outcome::Unchanged);
            }
            tx.save_details(member.facts.user, &after)?;
            Ok(Outcome::Changed)
        })
        .await
    }

    /// Runs a change of the caller's profile under its lock, and renews the search rows.
    pub(super) async fn change(
        &self,
        caller: Caller,
        expected: Expected,
        work: impl FnOnce(&mut dyn Writes, &Member, DateTime<Utc>) -> Result<Outcome, ProfileError>
        + Send
        + 'static,
    ) -> Result<OwnProfile, ProfileError> {
        let work = |tx: &mut dyn Writes, member: &Member, now| Ok((work(tx, member, now)?, ()));
        let (own, ()) = self.change_with(caller, expected, work).await?;
        Ok(own)
    }

    /// The same for a change that has a result of its own.
    pub(super) async fn change_with<T: Send + 'static>(
        &self,
        caller: Caller,
        expected: Expected,
        work: impl FnOnce(&mut dyn Writes, &Member, DateTime<Utc>) -> Result<(Outcome, T), ProfileError>
        + Send
        + 'static,
    ) -> Result<(OwnProfile, T), ProfileError> {
        let now = self.context.clock.now();
        self.context
            .database
            .transaction(move |tx| {
                access::require_self(tx, &caller)?;
                let member = tx.lock_member(caller.user, now)?;
                let member = member.ok_or(ProfileError::NotFound)?;
                expected.check(Version::of(member.last_modified))?;
                let (outcome, result) = work(tx, &member, now)?;
                let member = match outcome {
                    Outcome::Unchanged => member,
                    Outcome::Changed => {
                        tx.touch_profile(caller.user, now)?;
                        let renewed = refresh_entries(tx, caller.user, now)?;
                        renewed.ok_or(ProfileError::NotFound)?
                    }
                };
                Ok((own(member, Audience::Owner)?, result))
            })
            .await
    }
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Changed,
    Unchanged,
}

pub(super) fn own(member: Member, audience: Audience) -> Result<OwnProfile, ProfileError> {
    let visible = VisibleProfile::project(&member.facts, &member.privacy, audience);
    Ok(OwnProfile {
        visible: visible.ok_or(ProfileError::NotFound)?,
        is_shown: is_shown(&member, audience),
        member,
        audience,
    })
}

fn is_shown(member: &Member, audience: Audience) -> bool {
    let is_visible = member.eligibility.is_visible();
    match audience {
        Audience::Owner => true,
        Audience::Connection => is_visible,
        Audience::Alumni => member.eligibility.is_searchable(),
        Audience::Public => is_visible && member.slug.is_some(),
    }
}

fn details(member: &Member) -> ProfileDetails {
    let facts = &member.facts;
    ProfileDetails {
        slug: member.slug.clone(),
        allow_indexing: member.allow_indexing,
        preferred_name: facts.preferred_name.clone(),
        headline: facts.headline.clone(),
        bio: facts.bio.clone(),
        country: facts.country.as_ref().map(|country| country.id),
        state: facts.state.as_ref().map(|state| state.id),
        city: facts.city.clone(),
        industry: facts.industry.as_ref().map(|industry| industry.id),
    }
}

impl ProfilePatch {
    fn applied_to(
        self,
        tx: &mut dyn Reads,
        member: &Member,
    ) -> Result<ProfileDetails, ProfileError> {
        let before = details(member);
        let known = self.known_places(tx)?;
        self.require_states_of_nigeria(member)?;
        let preferred_name = match self.preferred_name {
            None => before.preferred_name,
            Some(None) => None,
            Some(Some(text)) => {
                let given_names = &member.facts.given_names;
                let name = preferred_name(&text, given_names, Lexicon::built_in());
                Some(name.map_err(|violation| invalid("preferred_name", violation))?)
            }
        };
        Ok(ProfileDetails {
            slug: self.slug.unwrap_or(before.slug),
            allow_indexing: self.allow_indexing.unwrap_or(before.allow_indexing),
            preferred_name,
            headline: self.headline.unwrap_or(before.headline),
            bio: self.bio.unwrap_or(before.bio),
            country: chosen(self.country.as_ref(), known.country, before.country),
            state: chosen(self.state.as_ref(), known.state, before.state),
            city: self.city.unwrap_or(before.city),
            industry: chosen(self.industry.as_ref(), known.industry, before.industry),
        })
    }

    /// The ids of the codes; refuses those that the reference data lacks.
    fn known_places(&self, tx: &mut dyn Reads) -> Result<KnownPlaces, ProfileError> {
        let asked = AskedPlaces {
            country: self.country.clone().flatten(),
            state: self.state.clone().flatten(),
            industry: self.industry.clone().flatten(),
        };
        let known = tx.known_places(&asked)?;
        for (field, is_unknown) in [
            (
                "country",
                asked.country.is_some() && known.country.is_none(),
            ),
            ("state", asked.state.is_some() && known.state.is_none()),
            (
                "industry",
                asked.industry.is_some() && known.industry.is_none(),
            ),
        ] {
            if is_unknown {
                return Err(invalid(
                    field,
                    Violation {
                        code: "reference.unknown",
                        rule: "must be a code of the reference data",
                    },
                ));
            }
        }
        Ok(known)
    }

    fn require_states_of_nigeria(&self, member: &Member) -> Result<(), ProfileError> {
        let country = match &self.country {
            Some(country) => country.as_deref(),
            None => member.facts.country.as_ref().map(|country| &*country.code),
        };
        let has_state = match &self.state {
            Some(state) => state.is_some(),
            None => member.facts.state.is_some(),
        };
        match has_state && country != Some(NIGERIA) {
            true => Err(invalid(
                "state",
                Violation {
                    code: "state.not-in-country",
                    rule: "must be null unless the country is NG",
                },
            )),
            false => Ok(()),
        }
    }
}

fn chosen<Id>(patch: Option<&Option<String>>, known: Option<Id>, before: Option<Id>) -> Option<Id> {
    match patch {
        None => before,
        Some(_) => known,
    }
}

pub(super) fn invalid(field: &'static str, violation: Violation) -> ProfileError {
    ProfileError::Invalid { field, violation }
}

/// The caller as a viewer; refuses one whom the university has not confirmed.
pub(super) fn require_verified(
    tx: &mut dyn Reads,
    caller: &Caller,
) -> Result<Viewer, ProfileError> {
    access::require_active(tx, caller)?;
    let viewer = Viewer::of(tx, caller.user)?;
    match viewer.is_verified {
        true => Ok(viewer),
        false => Err(ProfileError::NotVerified),
    }
}
