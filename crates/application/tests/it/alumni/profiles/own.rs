use abu_application::{
    alumni::profiles::{ProfileError, ProfilePatch},
    platform::versions::{Expected, PreconditionFailed},
};
use abu_domain::alumni::{
    profiles::{Bio, City, Slug},
    visibility::Audience,
};

use super::{app, headline};
use crate::{alumni::graduates::lives_in, support::assert_refused};

#[tokio::test]
async fn a_member_without_a_row_has_a_profile_with_the_awards() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima Musa");
    let own = app.own_profile(&fatima).await;
    assert_eq!(own.visible.display_name(), "Fatima Musa Bello");
    let award = &own.visible.awards()[0];
    assert_eq!((award.year, &*award.degree.code), (2015, "bsc"));
    assert_eq!(award.department.as_ref().unwrap().code, "cs");
    assert_eq!(award.faculty.as_ref().unwrap().code, "physical-sciences");
    assert_eq!(award.matric_number.as_deref(), Some("U15/CS/1070"));
    assert!(own.member.eligibility.is_listed);
    assert_eq!(app.text("SELECT count(*)::text FROM profiles"), "0");
}

#[tokio::test]
async fn an_applicant_writes_a_profile_under_the_names_of_the_account() {
    let app = app();
    let amina = app
        .member()
        .with(|user| user.name("Amina", "Sani"))
        .create();
    let profiles = &app.use_cases.alumni.profiles;
    let own = profiles.modify(amina.caller(), headline("Surgeon"), Expected::Anything);
    let own = own.await.unwrap();
    assert_eq!(own.visible.display_name(), "Amina Sani");
    assert_eq!(own.visible.headline(), Some("Surgeon"));
    assert!(own.visible.awards().is_empty() && !own.member.eligibility.is_listed);
    let seen = profiles.get_own(amina.caller(), Audience::Alumni).await;
    assert!(!seen.unwrap().is_shown, "no graduate sees an applicant");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_removes() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let patch = ProfilePatch {
        bio: Some(Some(Bio::parse("one\ntwo").unwrap())),
        city: Some(Some(City::parse("Zaria").unwrap())),
        industry: Some(Some("health".to_owned())),
        ..lives_in("NG", Some("kaduna"))
    };
    let modify = |patch| profiles.modify(fatima.caller(), patch, Expected::Anything);
    let own = modify(patch).await.unwrap().visible;
    assert_eq!((own.bio(), own.city()), (Some("one\ntwo"), Some("Zaria")));
    assert_eq!(own.country().unwrap().code, "NG");
    assert_eq!(own.state().unwrap().name, "Kaduna");
    assert_eq!(own.industry().unwrap().code, "health");
    let patch = ProfilePatch {
        bio: Some(None),
        industry: Some(None),
        ..headline("Surgeon")
    };
    let own = modify(patch).await.unwrap().visible;
    assert_eq!((own.bio(), own.headline()), (None, Some("Surgeon")));
    assert_eq!((own.city(), own.industry()), (Some("Zaria"), None));
}

#[tokio::test]
async fn codes_that_the_reference_data_lacks_are_refused_by_field() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let refused = async |patch| {
        let result = profiles.modify(fatima.caller(), patch, Expected::Anything);
        match result.await.unwrap_err() {
            ProfileError::Invalid { field, violation } => (field, violation.code),
            other => panic!("{other}"),
        }
    };
    let unknown = "reference.unknown";
    assert_eq!(refused(lives_in("XX", None)).await, ("country", unknown));
    assert_eq!(refused(lives_in("NG", Some("x"))).await, ("state", unknown));
    let abroad = lives_in("GH", Some("kano"));
    assert_eq!(refused(abroad).await, ("state", "state.not-in-country"));
    let nowhere = ProfilePatch {
        state: Some(Some("kano".to_owned())),
        ..ProfilePatch::default()
    };
    assert_eq!(refused(nowhere).await, ("state", "state.not-in-country"));
    let other = ProfilePatch {
        preferred_name: Some(Some("Aliko".to_owned())),
        ..ProfilePatch::default()
    };
    let expected = ("preferred_name", "preferred_name.unrelated");
    assert_eq!(refused(other).await, expected);
}

#[tokio::test]
async fn a_preferred_name_replaces_the_given_names() {
    let app = app();
    let musa = app.graduate("Bello", "Muhammad Musa");
    let profiles = &app.use_cases.alumni.profiles;
    let patch = ProfilePatch {
        preferred_name: Some(Some("Mohammed".to_owned())),
        ..ProfilePatch::default()
    };
    let own = profiles.modify(musa.caller(), patch, Expected::Anything);
    let own = own.await.unwrap();
    assert_eq!(own.visible.display_name(), "Mohammed Bello");
    assert_eq!(own.visible.registry_name(), Some("Muhammad Musa Bello"));
    let seen = profiles
        .get_own(musa.caller(), Audience::Alumni)
        .await
        .unwrap();
    assert_eq!(seen.visible.registry_name(), None);
}

#[tokio::test]
async fn a_change_takes_the_version_that_was_read() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let modify = |text, version| {
        let expected = Expected::OneOf(vec![version]);
        profiles.modify(fatima.caller(), headline(text), expected)
    };
    let read = app.own_profile(&fatima).await.version();
    // The row is made by the first change, whose time is not the time of the account.
    let first = profiles.modify(fatima.caller(), headline("One"), Expected::Anything);
    let first = first.await.unwrap();
    assert_refused!(
        modify("Two", read).await,
        ProfileError::Changed(PreconditionFailed)
    );
    let second = modify("Two", first.version()).await.unwrap();
    assert_ne!(second.version(), first.version());
    let same = modify("Two", second.version()).await.unwrap();
    assert_eq!(same.version(), second.version(), "nothing changed");
}

#[tokio::test]
async fn a_public_address_belongs_to_one_member() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let profiles = &app.use_cases.alumni.profiles;
    let patch = || ProfilePatch {
        slug: Some(Some(Slug::parse("bello").unwrap())),
        ..ProfilePatch::default()
    };
    let taken = profiles.modify(fatima.caller(), patch(), Expected::Anything);
    taken.await.unwrap();
    assert_refused!(
        profiles
            .modify(musa.caller(), patch(), Expected::Anything)
            .await,
        ProfileError::SlugTaken
    );
}
