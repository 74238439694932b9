//! Profiles as others see them.

use abu_domain::{
    UserId,
    alumni::{profiles::Slug, visibility::VisibleProfile},
};

use super::{ProfileError, Profiles, own::require_verified};
use crate::{
    access::Caller,
    alumni::visibility::{may_see, public_page},
    platform::rate_limits::{Guard, Subject},
};

/// A profile that the caller may see.
#[derive(Clone, Debug)]
pub struct Shown(pub VisibleProfile);

/// The public page of a member.
#[derive(Clone, Debug)]
pub struct PublicPage {
    pub visible: VisibleProfile,
    /// Whether search engines may index it.
    pub allow_indexing: bool,
}

impl Profiles {
    /// A member's profile, as far as the caller may see it; for verified graduates, 300 a day.
    ///
    /// A view counts whether or not there is a profile, so that counting tells nothing.
    pub async fn get(&self, caller: Caller, user: UserId) -> Result<Shown, ProfileError> {
        let now = self.context.clock.now();
        let this = self.clone();
        // A view without a result commits too, since it counts.
        let seen = self
            .context
            .database
            .transaction(move |tx| {
                let viewer = require_verified(tx, &caller)?;
                let limits = &this.context.limits;
                let bucket = limits.bucket(Guard::ProfileView, &[Subject::User(caller.user)]);
                limits.count_or_refuse::<ProfileError>(tx, bucket, now)?;
                Ok::<_, ProfileError>(may_see(tx, &*this.relations, viewer, &[user])?.pop())
            })
            .await?;
        seen.map(Shown).ok_or(ProfileError::NotFound)
    }

    /// The public page at an address; it is there if its member chose the address and made the name public.
    pub async fn get_public(&self, slug: Slug) -> Result<PublicPage, ProfileError> {
        let this = self.clone();
        self.context
            .database
            .read(move |tx| {
                let user = tx.user_of_slug(&slug)?.ok_or(ProfileError::NotFound)?;
                let member = tx.members(&[user])?.pop().ok_or(ProfileError::NotFound)?;
                let visible = public_page(tx, &*this.relations, None, &member)?;
                Ok(PublicPage {
                    visible: visible.ok_or(ProfileError::NotFound)?,
                    allow_indexing: member.allow_indexing,
                })
            })
            .await
    }
}
