//! Profiles: what members write, who sees it, and what follows changes elsewhere.

mod entries;
mod follow;
mod own;
mod privacy;
mod view;
mod vocabulary;

use abu_application::alumni::profiles::{OwnProfile, ProfilePatch};
use abu_domain::alumni::{
    profiles::{Headline, TermName, Vocabulary},
    visibility::Audience,
};

use super::graduates::app;
use crate::support::{Member, TestApp};

fn skill(name: &str) -> TermName {
    TermName::parse(Vocabulary::Skills, name).unwrap()
}

fn headline(text: &str) -> ProfilePatch {
    ProfilePatch {
        headline: Some(Some(Headline::parse(text).unwrap())),
        ..ProfilePatch::default()
    }
}

impl TestApp {
    async fn own_profile(&self, member: &Member) -> OwnProfile {
        let profiles = &self.use_cases.alumni.profiles;
        let own = profiles.get_own(member.caller(), Audience::Owner);
        own.await.unwrap()
    }
}
