//! Profiles: what members say about themselves, their privacy, and the pages that others see.
//!
//! A change locks the profile, writes, and ends by [`refresh_entries`](super::directory::refresh_entries) in the same
//! transaction: a level that was lowered hides at once.

mod entries;
mod errors;
mod follow;
mod jobs;
mod own;
mod privacy;
mod view;
mod vocabulary;

use std::sync::Arc;

use super::relations::Relations;
use crate::Context;

pub use entries::{ExperienceDraft, LinkDraft};
pub use errors::ProfileError;
pub use follow::{FollowStanding, forget};
pub(in crate::alumni) use follow::{registered, verified};
pub(in crate::alumni) use jobs::follow_import;
pub use jobs::{CountUsesJob, FollowImportJob, FollowTermJob};
pub use own::{OwnProfile, ProfilePatch};
pub use privacy::{Effect, LevelChange, PrivacyChange, PrivacyView};
pub use view::{PublicPage, Shown};
pub use vocabulary::Vocabularies;

/// The use cases of profiles.
#[derive(Clone)]
pub struct Profiles {
    pub context: Context,
    pub relations: Arc<dyn Relations>,
}
