use abu_application::{
    alumni::profiles::{ExperienceDraft, LinkDraft, ProfileError},
    platform::versions::Expected,
};
use abu_domain::alumni::profiles::{
    EducationDetails, Institution, JobTitle, LinkKind, LinkUrl, MAX_LINKS, MAX_SKILLS, Month,
    Period, TermName, Vocabulary,
};

use super::{app, skill};
use crate::support::{assert_refused, new_id};

fn work(
    employer: Option<&str>,
    title: &str,
    started: &str,
    ended: Option<&str>,
) -> ExperienceDraft {
    let month = |text| Month::parse(text).unwrap();
    ExperienceDraft {
        employer: employer.map(|name| TermName::parse(Vocabulary::Employers, name).unwrap()),
        title: JobTitle::parse(title).unwrap(),
        period: Period::new(Some(month(started)), ended.map(month), ended.is_none()).unwrap(),
    }
}

#[tokio::test]
async fn the_work_that_started_last_is_the_present_one() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let add = |draft| profiles.add_experience(fatima.caller(), draft);
    add(work(Some("NNPC"), "Clerk", "2015-01", Some("2018-12")))
        .await
        .unwrap();
    let (id, own) = add(work(Some("Shell"), "Engineer", "2019-01", None))
        .await
        .unwrap();
    assert_eq!(own.visible.employer().unwrap().name, "Shell");
    let (_, own) = add(work(None, "Consultant", "2021-01", None))
        .await
        .unwrap();
    let shown = (own.visible.employer(), own.visible.title());
    assert_eq!(shown, (None, Some("Consultant")));
    let titles = own
        .visible
        .experiences()
        .iter()
        .map(|entry| entry.title.as_ref().unwrap().as_str());
    assert_eq!(
        titles.collect::<Vec<_>>(),
        ["Consultant", "Engineer", "Clerk"]
    );

    let moved = work(Some("shell"), "Head", "2022-01", None);
    let own = profiles.replace_experience(fatima.caller(), id, moved, Expected::Anything);
    let own = own.await.unwrap();
    assert_eq!(own.visible.title(), Some("Head"));
    assert_eq!(
        own.visible.employer().unwrap().name,
        "Shell",
        "one name, one spelling"
    );
    profiles
        .remove_experience(fatima.caller(), id)
        .await
        .unwrap();
    assert_eq!(
        app.own_profile(&fatima).await.visible.title(),
        Some("Consultant")
    );
}

#[tokio::test]
async fn an_entry_of_another_member_is_none_of_ones_own() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let profiles = &app.use_cases.alumni.profiles;
    let draft = || work(None, "Clerk", "2015-01", None);
    let (id, _) = profiles
        .add_experience(fatima.caller(), draft())
        .await
        .unwrap();
    assert_refused!(
        profiles
            .replace_experience(musa.caller(), id, draft(), Expected::Anything)
            .await,
        ProfileError::EntryNotFound
    );
    assert_refused!(
        profiles.remove_experience(musa.caller(), id).await,
        ProfileError::EntryNotFound
    );
    assert_refused!(
        profiles.remove_link(musa.caller(), new_id().into()).await,
        ProfileError::EntryNotFound
    );
    let own = app.own_profile(&fatima).await;
    assert_eq!(own.visible.experiences().len(), 1);
}

#[tokio::test]
async fn education_is_added_replaced_and_removed() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let school = |name, to_year| EducationDetails {
        institution: Institution::parse(name).unwrap(),
        degree: None,
        field: None,
        from_year: None,
        to_year,
    };
    let add = |details| profiles.add_education(fatima.caller(), details);
    let (old, _) = add(school("Barewa College", Some(2001))).await.unwrap();
    let (_, own) = add(school("University of Lagos", Some(2018)))
        .await
        .unwrap();
    let names = |own: &abu_application::alumni::profiles::OwnProfile| {
        let names = own
            .visible
            .educations()
            .iter()
            .map(|it| it.details.institution.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&own), ["University of Lagos", "Barewa College"]);
    let details = school("Queen's College", Some(2020));
    let own = profiles.replace_education(fatima.caller(), old, details, Expected::Anything);
    assert_eq!(
        names(&own.await.unwrap()),
        ["Queen's College", "University of Lagos"]
    );
    profiles
        .remove_education(fatima.caller(), old)
        .await
        .unwrap();
    assert_eq!(
        names(&app.own_profile(&fatima).await),
        ["University of Lagos"]
    );
}

#[tokio::test]
async fn skills_keep_their_order_and_spellings_count_once() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let names = |own: &abu_application::alumni::profiles::OwnProfile| {
        let names = own.visible.skills().iter().map(|it| it.name.clone());
        names.collect::<Vec<_>>()
    };
    let set = |texts: &[&str]| {
        let names = texts.iter().map(|text| skill(text)).collect();
        profiles.set_skills(fatima.caller(), names, Expected::Anything)
    };
    let own = set(&["Rust", "Statistics", "rust", "C++"]).await.unwrap();
    assert_eq!(names(&own), ["Rust", "Statistics", "C++"]);
    let own = set(&["C++", "Rust"]).await.unwrap();
    assert_eq!(names(&own), ["C++", "Rust"]);
    let own = profiles
        .add_skill(fatima.caller(), skill("Law"))
        .await
        .unwrap();
    let version = own.version();
    let own = profiles
        .add_skill(fatima.caller(), skill("RUST"))
        .await
        .unwrap();
    assert_eq!(names(&own), ["C++", "Rust", "Law"]);
    assert_eq!(
        own.version(),
        version,
        "a skill that is there changes nothing"
    );
    let rust = own.visible.skills()[1].uuid;
    profiles.remove_skill(fatima.caller(), rust).await.unwrap();
    assert_eq!(names(&app.own_profile(&fatima).await), ["C++", "Law"]);
}

#[tokio::test]
async fn a_profile_has_a_bounded_number_of_entries() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let profiles = &app.use_cases.alumni.profiles;
    let link = |number: usize| LinkDraft {
        kind: LinkKind::Website,
        url: LinkUrl::parse(&format!("https://example.com/{number}")).unwrap(),
    };
    for number in 0..MAX_LINKS {
        profiles
            .add_link(fatima.caller(), link(number))
            .await
            .unwrap();
    }
    assert_refused!(
        profiles.add_link(fatima.caller(), link(99)).await,
        ProfileError::Full(MAX_LINKS)
    );
    let many = (0..=MAX_SKILLS).map(|number| skill(&format!("skill {number}")));
    assert_refused!(
        profiles
            .set_skills(fatima.caller(), many.collect(), Expected::Anything)
            .await,
        ProfileError::Full(MAX_SKILLS)
    );
    let most = (0..MAX_SKILLS).map(|number| skill(&format!("skill {number}")));
    let set = profiles.set_skills(fatima.caller(), most.collect(), Expected::Anything);
    set.await.unwrap();
    assert_refused!(
        profiles.add_skill(fatima.caller(), skill("one more")).await,
        ProfileError::Full(MAX_SKILLS)
    );
}
