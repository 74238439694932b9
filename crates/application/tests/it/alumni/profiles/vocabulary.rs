use std::fmt::Debug;

use abu_application::{
    access::AccessError,
    alumni::{
        ports::{TermFilter, TermRecord},
        profiles::ProfileError,
    },
    platform::{
        lists::{ListRequest, Seek},
        versions::Expected,
    },
};
use abu_domain::{
    access::Permission,
    alumni::profiles::{TermState, Vocabulary},
};
use uuid::Uuid;

use super::{app, skill};
use crate::support::{Member, TestApp, assert_refused, new_id};

impl TestApp {
    async fn has_skills(&self, member: &Member, names: &[&str]) -> Vec<Uuid> {
        let names = names.iter().map(|name| skill(name)).collect();
        let profiles = &self.use_cases.alumni.profiles;
        let own = profiles.set_skills(member.caller(), names, Expected::Anything);
        let own = own.await.unwrap();
        own.visible
            .skills()
            .iter()
            .map(|skill| skill.uuid)
            .collect()
    }

    fn skill_states(&self) -> Vec<String> {
        self.database
            .texts("SELECT name || ' ' || state FROM skills ORDER BY name")
    }
}

fn assert_denied<T: Debug>(result: Result<T, ProfileError>) {
    assert_refused!(
        result,
        ProfileError::Access(AccessError::Denied(Permission::ManageSettings))
    );
}

fn all() -> ListRequest<String> {
    ListRequest {
        seek: Seek::After(None),
        limit: 20,
        count: true,
    }
}

#[tokio::test]
async fn a_name_is_confirmed_by_its_third_user() {
    let app = app();
    let users = ["Fatima", "Musa", "Amina"].map(|name| app.graduate("Bello", name));
    for user in &users[..2] {
        app.has_skills(user, &["Rust"]).await;
        app.has_skills(user, &["rust"]).await;
        assert_eq!(app.skill_states(), ["Rust proposed"]);
    }
    app.has_skills(&users[2], &["Rust"]).await;
    assert_eq!(app.skill_states(), ["Rust confirmed"]);
    let own = app.own_profile(&users[0]).await;
    assert!(own.visible.skills()[0].is_facet);
    let jobs = app
        .database
        .texts("SELECT kind FROM jobs WHERE kind = 'profile_follow_term'");
    assert_eq!(jobs.len(), 1, "the earlier users' search rows follow");
}

#[tokio::test]
async fn the_office_confirms_corrects_and_lists_names() {
    let app = app();
    let fatima = app.graduate("Bello", "Fatima");
    let office = app.member().holding(&[Permission::ManageSettings]).create();
    let uuids = app.has_skills(&fatima, &["statistic", "Rust"]).await;
    let vocabularies = &app.use_cases.alumni.vocabularies;
    let confirm = |uuid, name: Option<&str>| {
        let name = name.map(skill);
        vocabularies.confirm(office.caller(), Vocabulary::Skills, uuid, name)
    };
    let term = confirm(uuids[0], Some("Statistics")).await.unwrap();
    assert_eq!(
        (&*term.name, term.state),
        ("Statistics", TermState::Confirmed)
    );
    assert_refused!(
        confirm(uuids[0], Some("rust")).await,
        ProfileError::TermTaken
    );
    assert_refused!(confirm(new_id(), None).await, ProfileError::EntryNotFound);
    let own = app.own_profile(&fatima).await;
    assert_eq!(own.visible.skills()[0].name, "Statistics");
    let list = |filter| vocabularies.list(office.caller(), Vocabulary::Skills, filter, all());
    let names = |terms: Vec<TermRecord>| terms.into_iter().map(|it| it.name).collect::<Vec<_>>();
    let listed = list(TermFilter::default()).await.unwrap();
    assert_eq!(names(listed.items), ["Rust", "Statistics"]);
    let proposed = TermFilter {
        states: vec![TermState::Proposed],
        prefix: Some("ru".to_owned()),
    };
    assert_eq!(names(list(proposed).await.unwrap().items), ["Rust"]);
}

#[tokio::test]
async fn a_merged_name_shows_as_the_other_at_once() {
    let app = app();
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| app.graduate("Bello", name));
    let office = app.member().holding(&[Permission::ManageSettings]).create();
    let uuids = app.has_skills(&fatima, &["Stats", "Statistics"]).await;
    let vocabularies = &app.use_cases.alumni.vocabularies;
    let merge = |uuid, into| vocabularies.merge(office.caller(), Vocabulary::Skills, uuid, into);
    assert_refused!(merge(uuids[0], uuids[0]).await, ProfileError::TermMerged);
    let kept = merge(uuids[0], uuids[1]).await.unwrap();
    assert_eq!(
        (&*kept.name, kept.state),
        ("Statistics", TermState::Confirmed)
    );
    let own = app.own_profile(&fatima).await;
    let shown: Vec<Uuid> = own.visible.skills().iter().map(|it| it.uuid).collect();
    assert_eq!(shown, [uuids[1]]);
    assert_eq!(app.has_skills(&musa, &["stats"]).await, [uuids[1]]);
    assert_refused!(merge(uuids[1], uuids[0]).await, ProfileError::TermMerged);
}

#[tokio::test]
async fn vocabularies_take_the_permission_to_manage_settings() {
    let app = app();
    let anyone = app.graduate("Bello", "Fatima");
    let vocabularies = &app.use_cases.alumni.vocabularies;
    let skills = Vocabulary::Skills;
    let list = vocabularies.list(anyone.caller(), skills, TermFilter::default(), all());
    assert_denied(list.await);
    let confirm = vocabularies.confirm(anyone.caller(), skills, new_id(), None);
    assert_denied(confirm.await);
    let merge = vocabularies.merge(anyone.caller(), skills, new_id(), new_id());
    assert_denied(merge.await);
}
