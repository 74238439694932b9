use std::sync::Arc;

use abu_application::{
    alumni::{
        profiles::{PrivacyChange, ProfileError, ProfilePatch},
        relations::Relation,
    },
    platform::versions::Expected,
};
use abu_domain::alumni::{
    profiles::Slug,
    visibility::{Field, Level},
};

use super::{app, headline};
use crate::{
    alumni::graduates::{Related, with_reference},
    support::{TestApp, assert_refused, new_id},
};

#[tokio::test]
async fn graduates_see_each_other_and_others_see_none() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let applicant = app.member().create();
    let profiles = &app.use_cases.alumni.profiles;
    let change = profiles.modify(fatima.caller(), headline("Surgeon"), Expected::Anything);
    change.await.unwrap();
    let seen = profiles.get(musa.caller(), fatima.id()).await.unwrap().0;
    assert_eq!(seen.headline(), Some("Surgeon"));
    assert_eq!((seen.email(), seen.phone()), (None, None));
    assert_refused!(
        profiles.get(applicant.caller(), fatima.id()).await,
        ProfileError::NotVerified
    );
    for unseen in [applicant.id(), new_id().into()] {
        assert_refused!(
            profiles.get(musa.caller(), unseen).await,
            ProfileError::NotFound
        );
    }
}

#[tokio::test]
async fn a_block_hides_both_ways_and_a_connection_sees_an_unlisted_member() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let related = Arc::new(Related::default());
    let profiles = app.profiles_with(&related);
    related.set(fatima.id(), musa.id(), Relation::Hidden);
    for (viewer, other) in [(&fatima, &musa), (&musa, &fatima)] {
        assert_refused!(
            profiles.get(viewer.caller(), other.id()).await,
            ProfileError::NotFound
        );
    }
    let unlisted = PrivacyChange {
        is_listed: Some(false),
        ..PrivacyChange::default()
    };
    let change = profiles.set_privacy(fatima.caller(), unlisted, Expected::Anything);
    change.await.unwrap();
    related.set(fatima.id(), musa.id(), Relation::None);
    assert_refused!(
        profiles.get(musa.caller(), fatima.id()).await,
        ProfileError::NotFound
    );
    related.set(fatima.id(), musa.id(), Relation::Connected);
    assert!(profiles.get(musa.caller(), fatima.id()).await.is_ok());
}

#[tokio::test]
async fn a_public_page_is_there_by_choice_alone() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let slug = || Slug::parse("fatima-bello").unwrap();
    assert_refused!(profiles.get_public(slug()).await, ProfileError::NotFound);
    let patch = ProfilePatch {
        slug: Some(Some(slug())),
        allow_indexing: Some(true),
        ..headline("Surgeon")
    };
    let change = profiles.modify(fatima.caller(), patch, Expected::Anything);
    change.await.unwrap();
    assert_refused!(profiles.get_public(slug()).await, ProfileError::NotFound);
    let name = PrivacyChange {
        levels: [(Field::Name, Level::Public)].into(),
        is_listed: Some(false),
    };
    let change = profiles.set_privacy(fatima.caller(), name, Expected::Anything);
    change.await.unwrap();
    let page = profiles.get_public(slug()).await.unwrap();
    assert_eq!(page.visible.display_name(), "Fatima Bello");
    assert!(page.allow_indexing);
    assert_eq!(page.visible.headline(), None, "not public");
    assert!(page.visible.awards().is_empty());
    app.database.execute("UPDATE users SET is_active = false");
    assert_refused!(profiles.get_public(slug()).await, ProfileError::NotFound);
}

#[tokio::test]
async fn views_are_counted_whether_or_not_there_is_a_profile() {
    let app = with_reference(TestApp::limited());
    let musa = app.graduate("Bello", "Musa");
    let profiles = &app.use_cases.alumni.profiles;
    for _ in 0..300 {
        assert_refused!(
            profiles.get(musa.caller(), new_id().into()).await,
            ProfileError::NotFound
        );
    }
    assert_refused!(
        profiles.get(musa.caller(), musa.id()).await,
        ProfileError::RateLimited(_)
    );
}
