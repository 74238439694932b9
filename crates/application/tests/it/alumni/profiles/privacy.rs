use std::collections::BTreeMap;

use abu_application::{
    alumni::{
        profiles::{PrivacyChange, ProfileError},
        relations::Relation,
    },
    platform::versions::Expected,
};
use abu_domain::alumni::visibility::{Field, Level};

use super::app;
use crate::{alumni::graduates::Related, support::assert_refused};

fn level(field: Field, level: Level) -> PrivacyChange {
    PrivacyChange {
        levels: BTreeMap::from([(field, level)]),
        is_listed: None,
    }
}

fn listed(is_listed: bool) -> PrivacyChange {
    PrivacyChange {
        levels: BTreeMap::new(),
        is_listed: Some(is_listed),
    }
}

#[tokio::test]
async fn a_change_says_what_it_means() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let related = std::sync::Arc::new(Related::default());
    related.set(fatima.id(), musa.id(), Relation::Connected);
    let profiles = app.profiles_with(&related);
    let set = |change| profiles.set_privacy(fatima.caller(), change, Expected::Anything);
    let (view, changes) = set(level(Field::Employer, Level::Connections))
        .await
        .unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].before, Level::Alumni);
    let effect = changes[0].effect;
    assert_eq!((effect.field, effect.connections), (Field::Employer, 1));
    assert!(!effect.is_searchable && !effect.is_shown_to_graduates);
    assert_eq!(view.effects.len(), Field::ALL.len());
    let (_, changes) = set(level(Field::Employer, Level::Alumni)).await.unwrap();
    assert!(changes[0].effect.is_searchable && changes[0].effect.is_shown_to_graduates);
    let (_, changes) = set(level(Field::Employer, Level::Alumni)).await.unwrap();
    assert!(changes.is_empty());
}

#[tokio::test]
async fn fields_that_a_change_leaves_out_keep_their_levels() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let set = |change| profiles.set_privacy(fatima.caller(), change, Expected::Anything);
    set(level(Field::City, Level::OnlyMe)).await.unwrap();
    let (view, _) = set(level(Field::Bio, Level::Public)).await.unwrap();
    let of = |field| {
        view.effects
            .iter()
            .find(|it| it.field == field)
            .unwrap()
            .level
    };
    let levels = [Field::City, Field::Bio, Field::Headline].map(of);
    assert_eq!(levels, [Level::OnlyMe, Level::Public, Level::Alumni]);
    let stored = app
        .database
        .texts("SELECT field || ' ' || level FROM field_visibility ORDER BY field");
    assert_eq!(stored, ["bio public", "city only_me"]);
}

#[tokio::test]
async fn a_level_that_a_field_does_not_allow_changes_nothing() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let mut change = level(Field::City, Level::OnlyMe);
    change.levels.insert(Field::Email, Level::Public);
    assert_refused!(
        profiles
            .set_privacy(fatima.caller(), change, Expected::Anything)
            .await,
        ProfileError::Level {
            field: Field::Email,
            ..
        }
    );
    assert_eq!(app.text("SELECT count(*)::text FROM field_visibility"), "0");
}

#[tokio::test]
async fn the_listing_is_a_recorded_consent_and_withdrawn_at_once() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let profiles = &app.use_cases.alumni.profiles;
    let set = |change| profiles.set_privacy(fatima.caller(), change, Expected::Anything);
    let view = || profiles.get(musa.caller(), fatima.id());
    assert!(view().await.is_ok());
    let (after, _) = set(listed(false)).await.unwrap();
    assert!(!after.is_listed);
    assert!(
        after
            .effects
            .iter()
            .all(|it| !it.is_searchable && !it.is_shown_to_graduates)
    );
    assert_refused!(view().await, ProfileError::NotFound);
    set(listed(false)).await.unwrap();
    set(listed(true)).await.unwrap();
    assert!(view().await.is_ok());
    let answers = app.database.texts(
        "SELECT granted || ' ' || source FROM consents WHERE purpose = 'directory' AND source = 'privacy'
         ORDER BY created_at, id",
    );
    assert_eq!(
        answers.len(),
        2,
        "a repeated answer is no answer: {answers:?}"
    );
}
