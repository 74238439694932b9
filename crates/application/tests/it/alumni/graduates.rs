//! Verified graduates, as the tests of profiles need them.

use std::sync::Arc;

use abu_application::alumni::{
    profiles::{ProfilePatch, Profiles},
    relations::{Relation, Relations},
};
use abu_application::{platform::ports::StoreError, store::Reads};
use abu_domain::{RecordId, UserId, alumni::names::Name};
use parking_lot::Mutex;

use crate::support::{Member, TestApp, new_id};

/// An application with reference data.
pub(super) fn app() -> TestApp {
    with_reference(TestApp::new())
}

pub(super) fn with_reference(app: TestApp) -> TestApp {
    app.database.execute(
        "INSERT INTO faculties (code, name, created_at, last_modified)
         VALUES ('physical-sciences', 'Physical Sciences', now(), now());
         INSERT INTO departments (code, name, faculty_id, created_at, last_modified)
         SELECT 'cs', 'Computer Science', id, now(), now() FROM faculties;
         INSERT INTO degrees (code, name, level, abbreviation, created_at, last_modified)
         VALUES ('bsc', 'Bachelor of Science', 'bachelor', 'B.Sc.', now(), now());
         INSERT INTO countries (code, name, created_at, last_modified)
         VALUES ('NG', 'Nigeria', now(), now()), ('GH', 'Ghana', now(), now());
         INSERT INTO states (code, name, zone, iso_code, created_at, last_modified)
         VALUES ('kaduna', 'Kaduna', 'north_west', 'NG-KD', now(), now()),
                ('kano', 'Kano', 'north_west', 'NG-KN', now(), now());
         INSERT INTO industries (code, name, section, created_at, last_modified)
         VALUES ('health', 'Health', 'Q', now(), now()), ('mining', 'Mining', 'B', now(), now());
         UPDATE reference_lists SET version = version + 1;",
    );
    app
}

impl TestApp {
    /// The one text that a query answers.
    pub(super) fn text(&self, query: &str) -> String {
        let mut texts = self.database.texts(query);
        assert_eq!(texts.len(), 1, "{query}");
        texts.remove(0)
    }

    /// A record of the register with one award.
    pub(super) fn record(&self, surname: &str, given_names: &str) -> RecordId {
        let id = new_id();
        let name = Name::parse(&format!("{surname} {given_names}")).unwrap();
        let tokens = name.set().replace(' ', ",");
        self.database.execute(&format!(
            "INSERT INTO alumni_records
                 (id, surname, given_names, previous_names, name_tokens, created_at, last_modified)
             VALUES ('{id}', '{surname}', '{given_names}', '{{Maidenname}}', '{{{tokens}}}', now(), now());
             INSERT INTO awards (id, record_id, department_id, degree_id, year, matric_raw, matric_norm,
                                 class_of_degree, created_at, last_modified)
             SELECT gen_random_uuid(), '{id}', d.id, g.id, 2015, 'U15/CS/1070', 'U15CS1070',
                    'Second Class Upper', now(), now()
             FROM departments d, degrees g;"
        ));
        id.into()
    }

    /// A member whom the university confirmed for a record of these names, and who agreed to be listed.
    pub(super) fn graduate(&self, surname: &str, given_names: &str) -> Member {
        let record = self.record(surname, given_names);
        let member = self
            .member()
            .with(|user| user.name(given_names, surname))
            .in_group("verified_alumni_group")
            .create();
        let id = member.id();
        self.database.execute(&format!(
            "UPDATE users SET verification = 'verified' WHERE id = '{id}';
             INSERT INTO claims (id, user_id, state, awards, names, list_me, record_id, method, decided_at,
                                 created_at, last_modified)
             VALUES (gen_random_uuid(), '{id}', 'verified', '[]', '{{}}', true, '{record}', 'review', now(),
                     now(), now());
             INSERT INTO consents (id, user_id, purpose, version, granted, source, created_at)
             VALUES (gen_random_uuid(), '{id}', 'directory', 'listing-1', true, 'claim', now());"
        ));
        member
    }

    /// The use cases of profiles where these relations hold.
    pub(super) fn profiles_with(&self, relations: &Arc<Related>) -> Profiles {
        Profiles {
            relations: Arc::clone(relations) as _,
            ..self.use_cases.alumni.profiles.clone()
        }
    }
}

/// Relations that a test sets.
#[derive(Default)]
pub(super) struct Related(Mutex<Vec<(UserId, UserId, Relation)>>);

impl Related {
    /// Both see each other so from now on.
    pub(super) fn set(&self, one: UserId, other: UserId, relation: Relation) {
        let mut known = self.0.lock();
        known.retain(|(a, b, _)| ![(*a, *b), (*b, *a)].contains(&(one, other)));
        known.push((one, other, relation));
    }

    pub(super) fn between(&self, one: UserId, other: UserId) -> Relation {
        let known = self.0.lock();
        let found = known
            .iter()
            .find(|(a, b, _)| [(*a, *b), (*b, *a)].contains(&(one, other)));
        found.map_or(Relation::None, |(.., relation)| *relation)
    }
}

impl Relations for Related {
    fn of(
        &self,
        _tx: &mut dyn Reads,
        viewer: UserId,
        others: &[UserId],
    ) -> Result<Vec<Relation>, StoreError> {
        Ok(others
            .iter()
            .map(|other| self.between(viewer, *other))
            .collect())
    }

    fn count_connections(&self, _tx: &mut dyn Reads, user: UserId) -> Result<u64, StoreError> {
        let known = self.0.lock();
        let connected = known.iter().filter(|(a, b, relation)| {
            (*a == user || *b == user) && *relation == Relation::Connected
        });
        Ok(connected.count() as u64)
    }
}

/// A patch that says where the member lives.
pub(super) fn lives_in(country: &str, state: Option<&str>) -> ProfilePatch {
    ProfilePatch {
        country: Some(Some(country.to_owned())),
        state: Some(state.map(str::to_owned)),
        ..ProfilePatch::default()
    }
}
