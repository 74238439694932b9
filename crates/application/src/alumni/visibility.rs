//! Who may see which member: the one check of every read path, which denies by default.

use abu_domain::{
    UserId,
    alumni::visibility::{Audience, VisibleProfile},
    identity::user::Verification,
};

use super::{
    ports::{Eligibility, Member},
    relations::{Relation, Relations},
};
use crate::{platform::ports::StoreError, store::Reads};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub user: UserId,
    /// The university confirmed the viewer as a graduate.
    pub is_verified: bool,
}

impl Viewer {
    /// The viewer of an account that has been authenticated in this transaction.
    pub fn of(tx: &mut dyn Reads, user: UserId) -> Result<Self, StoreError> {
        let account = tx.user(user)?;
        Ok(Self {
            user,
            is_verified: account.is_some_and(|it| it.verification == Verification::Verified),
        })
    }
}

/// The audience that a viewer is to a member; `None` if the viewer may not know of the member.
///
/// A member who is not listed is shown to connections alone, and so looks like an unknown one to others.
pub fn audience(
    viewer: Viewer,
    member: UserId,
    relation: Relation,
    eligibility: Eligibility,
) -> Option<Audience> {
    if viewer.user == member {
        return Some(Audience::Owner);
    }
    match relation {
        _ if !viewer.is_verified || !eligibility.is_visible() => None,
        Relation::Hidden => None,
        Relation::Connected => Some(Audience::Connection),
        Relation::None => eligibility.is_listed.then_some(Audience::Alumni),
    }
}

/// What the viewer may see of the members with these ids, in any order. Members that the viewer may not know of are
/// left out, as unknown ids are.
pub fn may_see(
    tx: &mut dyn Reads,
    relations: &dyn Relations,
    viewer: Viewer,
    users: &[UserId],
) -> Result<Vec<VisibleProfile>, StoreError> {
    let members = tx.members(users)?;
    let ids: Vec<UserId> = members.iter().map(|member| member.facts.user).collect();
    let related = relations.of(tx, viewer.user, &ids)?;
    let seen = members
        .iter()
        .zip(related)
        .filter_map(|(member, relation)| {
            let audience = audience(viewer, member.facts.user, relation, member.eligibility)?;
            VisibleProfile::project(&member.facts, &member.privacy, audience)
        });
    Ok(seen.collect())
}

/// The public page of a member; `None` without one. A viewer who is logged in sees no page of a member whom a block
/// hides.
pub fn public_page(
    tx: &mut dyn Reads,
    relations: &dyn Relations,
    viewer: Option<UserId>,
    member: &Member,
) -> Result<Option<VisibleProfile>, StoreError> {
    if member.slug.is_none() || !member.eligibility.is_visible() {
        return Ok(None);
    }
    if let Some(viewer) = viewer.filter(|viewer| *viewer != member.facts.user) {
        let related = relations.of(tx, viewer, &[member.facts.user])?;
        if related.contains(&Relation::Hidden) {
            return Ok(None);
        }
    }
    Ok(VisibleProfile::project(
        &member.facts,
        &member.privacy,
        Audience::Public,
    ))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SHOWN: Eligibility = Eligibility {
        is_verified: true,
        is_active: true,
        is_restricted: false,
        is_being_erased: false,
        is_listed: true,
    };

    fn seen_by_other(
        is_verified: bool,
        relation: Relation,
        eligibility: Eligibility,
    ) -> Option<Audience> {
        let viewer = Viewer {
            user: Uuid::from_u128(1).into(),
            is_verified,
        };
        audience(viewer, Uuid::from_u128(2).into(), relation, eligibility)
    }

    #[test]
    fn a_viewer_sees_what_verification_relation_and_listing_allow() {
        let unlisted = Eligibility {
            is_listed: false,
            ..SHOWN
        };
        for (verified, relation, eligibility, expected) in [
            (true, Relation::None, SHOWN, Some(Audience::Alumni)),
            (true, Relation::Connected, SHOWN, Some(Audience::Connection)),
            (true, Relation::Hidden, SHOWN, None),
            (true, Relation::None, unlisted, None),
            (
                true,
                Relation::Connected,
                unlisted,
                Some(Audience::Connection),
            ),
            (false, Relation::None, SHOWN, None),
            (false, Relation::Connected, SHOWN, None),
        ] {
            let seen = seen_by_other(verified, relation, eligibility);
            assert_eq!(seen, expected, "{verified} {relation:?} {eligibility:?}");
        }
    }

    #[test]
    fn no_other_viewer_sees_a_member_who_is_not_eligible() {
        for eligibility in [
            Eligibility {
                is_verified: false,
                ..SHOWN
            },
            Eligibility {
                is_active: false,
                ..SHOWN
            },
            Eligibility {
                is_restricted: true,
                ..SHOWN
            },
            Eligibility {
                is_being_erased: true,
                ..SHOWN
            },
        ] {
            for relation in [Relation::None, Relation::Connected, Relation::Hidden] {
                assert_eq!(seen_by_other(true, relation, eligibility), None);
            }
            let own = Viewer {
                user: Uuid::from_u128(2).into(),
                is_verified: false,
            };
            let seen = audience(own, own.user, Relation::None, eligibility);
            assert_eq!(seen, Some(Audience::Owner));
        }
    }
}
