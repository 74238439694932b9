//! Privacy as a property: after any commands, what a viewer is shown of a member is what the rules say.
//!
//! The model below knows the rules as a table of its own. Each case runs random commands on six members and then
//! compares, for every pair, the page with the model; and for a graduate, what the directory finds, filters, counts,
//! suggests and shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use abu_application::{
    alumni::{
        directory::{DirectorySearch, Maintenance, Results, refresh_entries},
        profiles::{
            ExperienceDraft, LinkDraft, PrivacyChange, ProfileError, ProfilePatch, Profiles,
        },
        relations::Relation,
        visibility::{Viewer, may_see},
    },
    platform::{
        lists::{ListRequest, Seek},
        system::SystemClock,
        versions::Expected,
    },
};
use abu_domain::{
    UserId,
    alumni::{
        directory::{Facet, city_value},
        names::Query,
        profiles::{
            Bio, City, EducationDetails, Headline, Institution, JobTitle, LinkKind, LinkUrl,
            Period, Slug, TermName, Vocabulary,
        },
        visibility::{Audience, Field, Level, VisibleProfile},
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tokio::runtime::Builder;
use uuid::Uuid;

use super::graduates::{Related, app};
use crate::support::{Member, TestApp, new_id};

const MEMBERS: usize = 6;
/// Names that are filters, as the office confirmed them.
const EMPLOYER: Uuid = Uuid::from_u128(11);
const SKILLS: [Uuid; 2] = [Uuid::from_u128(21), Uuid::from_u128(22)];

/// What a test does to a member.
#[derive(Clone, Debug)]
enum Command {
    /// Writes the field, with one of a few values.
    Write(usize, Field, u8),
    Choose(usize, Field, Level),
    List(usize, bool),
    Suspend(usize),
    Activate(usize),
    Deactivate(usize),
    Reactivate(usize),
    Revoke(usize),
    Restrict(usize, bool),
    Relate(usize, usize, Relation),
}

/// The fields that a member writes in the profile.
const WRITTEN: [Field; 12] = [
    Field::Headline,
    Field::Bio,
    Field::Employer,
    Field::Title,
    Field::Industry,
    Field::Skills,
    Field::Education,
    Field::Links,
    Field::Country,
    Field::State,
    Field::City,
    Field::WorkHistory,
];

fn command() -> impl Strategy<Value = Command> {
    let member = || 0..MEMBERS;
    let field = prop::sample::select(Field::ALL);
    let relation = prop::sample::select(
        &[
            Relation::None,
            Relation::Connected,
            Relation::Connected,
            Relation::Hidden,
        ][..],
    );
    prop_oneof![
        6 => (member(), prop::sample::select(&WRITTEN[..]), 0..3u8)
            .prop_map(|(at, field, value)| Command::Write(at, field, value)),
        8 => (member(), field, prop::sample::select(&Level::ALL[..]))
            .prop_map(|(at, field, level)| Command::Choose(at, field, level)),
        2 => (member(), any::<bool>()).prop_map(|(at, listed)| Command::List(at, listed)),
        1 => member().prop_map(Command::Suspend),
        1 => member().prop_map(Command::Activate),
        1 => member().prop_map(Command::Deactivate),
        1 => member().prop_map(Command::Reactivate),
        1 => member().prop_map(Command::Revoke),
        1 => (member(), any::<bool>()).prop_map(|(at, is)| Command::Restrict(at, is)),
        3 => (member(), member(), relation)
            .prop_map(|(one, other, relation)| Command::Relate(one, other, relation)),
    ]
}

/// What the rules know of a member.
#[derive(Clone, Debug)]
struct Model {
    levels: BTreeMap<Field, Level>,
    /// The fields that have a value.
    written: BTreeSet<Field>,
    is_listed: bool,
    is_suspended: bool,
    is_deactivated: bool,
    is_verified: bool,
    is_restricted: bool,
}

impl Model {
    fn new() -> Self {
        let of_register = [
            Field::Name,
            Field::Awards,
            Field::RegistryName,
            Field::PreviousNames,
            Field::MatricNumber,
            Field::ClassOfDegree,
            Field::Email,
        ];
        Self {
            levels: BTreeMap::new(),
            written: of_register.into(),
            is_listed: true,
            is_suspended: false,
            is_deactivated: false,
            is_verified: true,
            is_restricted: false,
        }
    }

    fn is_visible(&self) -> bool {
        self.is_verified && !self.is_suspended && !self.is_deactivated && !self.is_restricted
    }

    fn can_act(&self) -> bool {
        !self.is_suspended
    }

    fn level(&self, field: Field) -> Level {
        self.levels.get(&field).copied().unwrap_or(match field {
            Field::RegistryName
            | Field::PreviousNames
            | Field::Email
            | Field::Phone
            | Field::MatricNumber
            | Field::ClassOfDegree => Level::OnlyMe,
            _ => Level::Alumni,
        })
    }

    /// The fields that the audience sees; `None` if it may not know of the member.
    fn seen_by(&self, audience: Option<Audience>) -> Option<BTreeSet<Field>> {
        let audience = audience?;
        let narrowest = |level| match level {
            Level::OnlyMe => 3,
            Level::Connections => 2,
            Level::Alumni => 1,
            Level::Public => 0,
        };
        let rank = match audience {
            Audience::Public => 0,
            Audience::Alumni => 1,
            Audience::Connection => 2,
            Audience::Owner => 3,
        };
        let seen = |field: &Field| rank >= narrowest(self.level(*field));
        seen(&Field::Name).then(|| self.written.iter().copied().filter(seen).collect())
    }
}

/// The fields that a profile shows.
fn shown(profile: &VisibleProfile) -> BTreeSet<Field> {
    let awards = profile.awards();
    [
        (Field::Name, true),
        (Field::Awards, !awards.is_empty()),
        (Field::RegistryName, profile.registry_name().is_some()),
        (Field::PreviousNames, !profile.previous_names().is_empty()),
        (Field::Headline, profile.headline().is_some()),
        (Field::Bio, profile.bio().is_some()),
        (Field::Employer, profile.employer().is_some()),
        (Field::Title, profile.title().is_some()),
        (Field::Industry, profile.industry().is_some()),
        (Field::Skills, !profile.skills().is_empty()),
        (
            Field::WorkHistory,
            profile.experiences().iter().any(|it| !it.is_current),
        ),
        (Field::Education, !profile.educations().is_empty()),
        (Field::Links, !profile.links().is_empty()),
        (Field::Country, profile.country().is_some()),
        (Field::State, profile.state().is_some()),
        (Field::City, profile.city().is_some()),
        (Field::Email, profile.email().is_some()),
        (Field::Phone, profile.phone().is_some()),
        (
            Field::MatricNumber,
            awards.iter().any(|it| it.matric_number.is_some()),
        ),
        (
            Field::ClassOfDegree,
            awards.iter().any(|it| it.class_of_degree.is_some()),
        ),
    ]
    .into_iter()
    .filter_map(|(field, is_shown)| is_shown.then_some(field))
    .collect()
}

struct Scene {
    app: TestApp,
    related: Arc<Related>,
    profiles: Profiles,
    staff: Member,
    /// A graduate without relations, who searches.
    searcher: Member,
}

/// Members and what the rules know of them.
struct Cast {
    /// Of all of them, and of no one else.
    surname: String,
    members: Vec<Member>,
    models: Vec<Model>,
}

impl Scene {
    fn new() -> Self {
        let app = app();
        app.database.execute(&format!(
            "INSERT INTO employers (uuid, name, name_key, state, created_at, last_modified)
             VALUES ('{EMPLOYER}', 'An employer', 'an employer', 'confirmed', now(), now());
             INSERT INTO skills (uuid, name, name_key, state, created_at, last_modified)
             VALUES ('{0}', 'skills 1', 'skills 1', 'confirmed', now(), now()),
                    ('{1}', 'skills 2', 'skills 2', 'confirmed', now(), now())",
            SKILLS[0], SKILLS[1]
        ));
        let related = Arc::new(Related::default());
        let scene = Self {
            profiles: app.profiles_with(&related),
            staff: app.member().superuser().create(),
            searcher: app.graduate("Danladi", "Searcher"),
            related,
            app,
        };
        scene.renew(&scene.searcher);
        scene
    }

    fn cast(&self) -> Cast {
        let surname = surname();
        let member = |number| {
            let given = format!("Musa{}", char::from(b'a' + number));
            self.app.graduate(&surname, &given)
        };
        let members: Vec<Member> = (0..MEMBERS as u8).map(member).collect();
        for member in &members {
            self.renew(member);
        }
        Cast {
            members,
            models: vec![Model::new(); MEMBERS],
            surname,
        }
    }

    /// The search row, after changes that no use case made.
    fn renew(&self, member: &Member) {
        let now = self.app.now();
        self.app
            .store(|tx| refresh_entries(tx, member.id(), now).map(drop));
    }

    async fn run(&self, cast: &mut Cast, command: &Command) {
        match command {
            Command::Write(at, field, value) => self.write(cast, *at, *field, *value).await,
            Command::Choose(at, field, level) => {
                let change = PrivacyChange {
                    levels: [(*field, *level)].into(),
                    is_listed: None,
                };
                if self.change(cast, *at, change).await {
                    cast.models[*at].levels.insert(*field, *level);
                }
            }
            Command::List(at, is_listed) => {
                let change = PrivacyChange {
                    levels: BTreeMap::new(),
                    is_listed: Some(*is_listed),
                };
                if self.change(cast, *at, change).await {
                    cast.models[*at].is_listed = *is_listed;
                }
            }
            Command::Suspend(at) => {
                let accounts = &self.app.use_cases.identity.accounts;
                let suspended = accounts.suspend(self.staff.caller(), cast.members[*at].id());
                suspended.await.unwrap();
                cast.models[*at].is_suspended = true;
            }
            Command::Activate(at) => {
                let accounts = &self.app.use_cases.identity.accounts;
                let activated = accounts.activate(self.staff.caller(), cast.members[*at].id());
                activated.await.unwrap();
                // In place of another log-in.
                self.app.database.execute(&format!(
                    "UPDATE sessions SET revoked_at = NULL, revoked_because = NULL WHERE user_id = '{}'",
                    cast.members[*at].id()
                ));
                cast.models[*at].is_suspended = false;
            }
            Command::Deactivate(at) => {
                let accounts = &self.app.use_cases.identity.own_accounts;
                let hidden = accounts.deactivate(cast.members[*at].caller()).await;
                cast.models[*at].is_deactivated |= hidden.is_ok();
            }
            Command::Reactivate(at) => {
                let accounts = &self.app.use_cases.identity.own_accounts;
                let shown = accounts.reactivate(cast.members[*at].caller()).await;
                cast.models[*at].is_deactivated &= shown.is_err();
            }
            // Two reviewers do it in the tests of claims; here its effect is enough.
            Command::Revoke(at) => {
                self.app.database.execute(&format!(
                    "UPDATE claims SET state = 'revoked' WHERE user_id = '{0}';
                     UPDATE users SET verification = 'revoked' WHERE id = '{0}'",
                    cast.members[*at].id()
                ));
                self.renew(&cast.members[*at]);
                let model = &mut cast.models[*at];
                model.is_verified = false;
                for field in [
                    Field::Awards,
                    Field::RegistryName,
                    Field::PreviousNames,
                    Field::MatricNumber,
                    Field::ClassOfDegree,
                ] {
                    model.written.remove(&field);
                }
            }
            Command::Restrict(at, is_restricted) => {
                let state = if *is_restricted {
                    "restricted"
                } else {
                    "active"
                };
                self.app.database.execute(&format!(
                    "UPDATE alumni_records SET state = '{state}' WHERE id IN
                         (SELECT record_id FROM claims WHERE user_id = '{}')",
                    cast.members[*at].id()
                ));
                self.renew(&cast.members[*at]);
                cast.models[*at].is_restricted = *is_restricted;
            }
            Command::Relate(one, other, relation) => {
                if one != other {
                    let [one, other] = [*one, *other].map(|at| cast.members[at].id());
                    self.related.set(one, other, *relation);
                }
            }
        }
    }

    /// Whether the change was made: a level may not be allowed, and a suspended member changes nothing.
    async fn change(&self, cast: &Cast, at: usize, change: PrivacyChange) -> bool {
        let caller = cast.members[at].caller();
        let changed = self
            .profiles
            .set_privacy(caller, change, Expected::Anything)
            .await;
        match changed {
            Ok(_) => true,
            Err(ProfileError::Level { .. } | ProfileError::Access(_)) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Writes a value, or none for 0. A suspended member writes nothing.
    async fn write(&self, cast: &mut Cast, at: usize, field: Field, value: u8) {
        let member = &cast.members[at];
        if !cast.models[at].can_act() {
            return;
        }
        let text = (value > 0).then(|| format!("{} {value}", field.name()));
        let is_written = text.is_some();
        let written = &mut cast.models[at].written;
        let mut note = |field, is_written| match is_written {
            true => written.insert(field),
            false => written.remove(&field),
        };
        let code = |codes: [&str; 2]| match value {
            0 => None,
            value => Some(codes[usize::from(value) - 1].to_owned()),
        };
        let mut patch = ProfilePatch::default();
        match field {
            Field::Headline => patch.headline = Some(text.map(|it| Headline::parse(&it).unwrap())),
            Field::Bio => patch.bio = Some(text.map(|it| Bio::parse(&it).unwrap())),
            Field::City => patch.city = Some(text.map(|it| City::parse(&it).unwrap())),
            Field::Industry => patch.industry = Some(code(["health", "mining"])),
            Field::Country | Field::State => {
                // A state has its country.
                patch.country = Some(is_written.then(|| "NG".to_owned()));
                patch.state = Some(code(["kaduna", "kano"]));
                note(Field::Country, is_written);
                note(Field::State, is_written);
            }
            Field::Skills => {
                let names = text
                    .iter()
                    .map(|it| TermName::parse(Vocabulary::Skills, it).unwrap());
                let names = names.collect();
                let set = self
                    .profiles
                    .set_skills(member.caller(), names, Expected::Anything);
                set.await.unwrap();
            }
            Field::Employer | Field::Title | Field::WorkHistory => {
                self.write_work(member, field, is_written).await;
                let is_past = field == Field::WorkHistory;
                match is_past {
                    true => drop(note(Field::WorkHistory, is_written)),
                    false => {
                        note(Field::Employer, is_written);
                        note(Field::Title, is_written);
                    }
                }
                return;
            }
            Field::Education => self.write_education(member, text).await,
            Field::Links => self.write_link(member, is_written).await,
            _ => return,
        }
        note(field, is_written);
        let modified = self
            .profiles
            .modify(member.caller(), patch, Expected::Anything);
        modified.await.unwrap();
    }

    /// Makes one entry of present work, or of past work, or removes all of it.
    async fn write_work(&self, member: &Member, field: Field, is_written: bool) {
        let is_current = field != Field::WorkHistory;
        let own = self.app.own(member).await;
        for entry in own
            .experiences()
            .iter()
            .filter(|it| it.is_current == is_current)
        {
            let removed = self.profiles.remove_experience(member.caller(), entry.id);
            removed.await.unwrap();
        }
        if is_written {
            let draft = ExperienceDraft {
                employer: Some(TermName::parse(Vocabulary::Employers, "An employer").unwrap()),
                title: JobTitle::parse("A title").unwrap(),
                period: Period::new(None, None, is_current).unwrap(),
            };
            let added = self.profiles.add_experience(member.caller(), draft);
            added.await.unwrap();
        }
    }

    async fn write_education(&self, member: &Member, text: Option<String>) {
        for entry in self.app.own(member).await.educations() {
            let removed = self.profiles.remove_education(member.caller(), entry.id);
            removed.await.unwrap();
        }
        if let Some(text) = text {
            let details = EducationDetails {
                institution: Institution::parse(&text).unwrap(),
                degree: None,
                field: None,
                from_year: None,
                to_year: None,
            };
            let added = self.profiles.add_education(member.caller(), details);
            added.await.unwrap();
        }
    }

    async fn write_link(&self, member: &Member, is_written: bool) {
        for entry in self.app.own(member).await.links() {
            let removed = self.profiles.remove_link(member.caller(), entry.id);
            removed.await.unwrap();
        }
        if is_written {
            let draft = LinkDraft {
                kind: LinkKind::Website,
                url: LinkUrl::parse("https://example.com/").unwrap(),
            };
            let added = self.profiles.add_link(member.caller(), draft);
            added.await.unwrap();
        }
    }

    /// Compares what every viewer is shown of every member with the model.
    async fn compare(&self, cast: &Cast) -> Result<(), TestCaseError> {
        for (viewer_at, viewer) in cast.members.iter().enumerate() {
            for (at, member) in cast.members.iter().enumerate() {
                let relation = self.related.between(viewer.id(), member.id());
                let (seeing, seen) = (&cast.models[viewer_at], &cast.models[at]);
                let audience = match relation {
                    _ if viewer_at == at => Some(Audience::Owner),
                    _ if !seen.is_visible() => None,
                    Relation::Hidden => None,
                    Relation::Connected => Some(Audience::Connection),
                    Relation::None => seen.is_listed.then_some(Audience::Alumni),
                };
                let expected = match seeing.is_verified {
                    true => seen.seen_by(audience),
                    false => None,
                };
                let page = self.profiles.get(viewer.caller(), member.id()).await;
                let found = match page {
                    Ok(page) => Some(shown(&page.0)),
                    Err(ProfileError::NotFound | ProfileError::NotVerified) => None,
                    Err(ProfileError::Access(_))
                        if seeing.is_suspended || seeing.is_deactivated =>
                    {
                        continue;
                    }
                    Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                prop_assert_eq!(found, expected, "{} as seen by {}", at, viewer_at);
            }
        }
        Ok(())
    }
}

/// A surname that no search takes for another one.
fn surname() -> String {
    let letters = new_id().simple().to_string();
    let letters = letters.bytes().map(|byte| match byte {
        b'0'..=b'9' => char::from(byte - b'0' + b'a'),
        byte => char::from(byte - b'a' + b'k'),
    });
    letters.take(14).collect()
}

impl Scene {
    async fn search(&self, search: DirectorySearch) -> Results {
        let directory = &self.app.use_cases.alumni.directory;
        let page = ListRequest {
            seek: Seek::After(None),
            limit: 50,
            count: false,
        };
        let found = directory.search(self.searcher.caller(), search, page);
        found.await.unwrap()
    }

    /// The directory finds, filters, counts, suggests and shows what graduates may see, and nothing else.
    async fn compare_search(&self, cast: &Cast) -> Result<(), TestCaseError> {
        let by = |codes: &[(Facet, &[&str])]| {
            let mut search = cast.named(&cast.surname);
            for (facet, codes) in codes {
                let codes = codes.iter().map(|code| (*code).to_owned());
                search.filter.codes.insert(*facet, codes.collect());
            }
            search
        };
        let mut city = cast.named(&cast.surname);
        city.filter.cities = ["city 1", "city 2"]
            .map(|it| city_value(it).unwrap())
            .into();
        let mut year = cast.named(&cast.surname);
        year.filter.years = vec![2015];
        let mut employer = cast.named(&cast.surname);
        employer.filter.employers = vec![EMPLOYER];
        let mut skill = cast.named(&cast.surname);
        skill.filter.skills = SKILLS.to_vec();
        for (search, fields) in [
            (cast.named(&cast.surname), &[][..]),
            (
                cast.named(&format!("{} maidenname", cast.surname)),
                &[Field::PreviousNames],
            ),
            (by(&[(Facet::State, &["kaduna", "kano"])]), &[Field::State]),
            (by(&[(Facet::Country, &["NG"])]), &[Field::Country]),
            (
                by(&[(Facet::Industry, &["health", "mining"])]),
                &[Field::Industry],
            ),
            (by(&[(Facet::Department, &["cs"])]), &[Field::Awards]),
            (city, &[Field::City]),
            (year, &[Field::Awards]),
            (employer, &[Field::Employer]),
            (skill, &[Field::Skills]),
        ] {
            let results = self.search(search).await;
            let found: BTreeSet<UserId> =
                results.page.items.iter().map(|card| card.user()).collect();
            prop_assert_eq!(found, cast.showing_graduates(fields), "{:?}", fields);
        }

        let mut counted = cast.named(&cast.surname);
        let facets = [
            (Facet::State, Field::State),
            (Facet::Country, Field::Country),
            (Facet::Industry, Field::Industry),
            (Facet::Department, Field::Awards),
            (Facet::City, Field::City),
            (Facet::Employer, Field::Employer),
            (Facet::Skill, Field::Skills),
        ];
        counted.facets = facets.iter().map(|(facet, _)| *facet).collect();
        let results = self.search(counted).await;
        for (facet, field) in facets {
            let counts = results.facets.get(&facet).into_iter().flatten();
            let count: u32 = counts.map(|value| value.count).sum();
            let expected = cast.showing_graduates(&[field]).len();
            prop_assert_eq!(count as usize, expected, "{:?}", facet);
        }
        for card in &results.page.items {
            for (field, is_shown) in [
                (Field::Headline, card.headline.is_some()),
                (Field::City, card.city.is_some()),
                (Field::Country, card.country.is_some()),
                (Field::Awards, card.year.is_some()),
                (Field::Awards, card.department.is_some()),
            ] {
                let expected = cast.showing_graduates(&[field]).contains(&card.user());
                prop_assert_eq!(is_shown, expected, "{:?} on a card", field);
            }
        }
        let directory = &self.app.use_cases.alumni.directory;
        let suggested = directory.suggest(self.searcher.caller(), cast.surname.clone());
        let suggested = suggested.await.unwrap().people;
        let listed = cast.showing_graduates(&[]);
        prop_assert_eq!(suggested.len(), listed.len().min(5));
        prop_assert!(suggested.iter().all(|card| listed.contains(&card.user())));
        Ok(())
    }

    fn maintenance(&self) -> Maintenance {
        Maintenance {
            store: self.app.database.store(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Cast {
    fn named(&self, q: &str) -> DirectorySearch {
        DirectorySearch {
            name: Some(Query::parse(q).unwrap()),
            ..DirectorySearch::default()
        }
    }

    /// The listed members who have all these fields and show them to graduates.
    fn showing_graduates(&self, fields: &[Field]) -> BTreeSet<UserId> {
        let shows = |model: &Model| {
            let seen = model.seen_by(Some(Audience::Alumni)).unwrap_or_default();
            model.is_visible() && model.is_listed && fields.iter().all(|field| seen.contains(field))
        };
        let members = self.members.iter().zip(&self.models);
        members
            .filter_map(|(member, model)| shows(model).then_some(member.id()))
            .collect()
    }
}

impl TestApp {
    async fn own(&self, member: &Member) -> VisibleProfile {
        let profiles = &self.use_cases.alumni.profiles;
        let own = profiles.get_own(member.caller(), Audience::Owner);
        own.await.unwrap().visible
    }
}

/// `PROPTEST_CASES` makes it more: 24 take some seconds.
#[test]
fn after_any_commands_a_viewer_sees_what_the_levels_allow() {
    let mut config = Config::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    config.max_shrink_iters = 60;
    let scene = Scene::new();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(config);
    let commands = prop::collection::vec(command(), 30);
    let result = runner.run(&commands, |commands| {
        runtime.block_on(async {
            let mut cast = scene.cast();
            for command in &commands {
                scene.run(&mut cast, command).await;
            }
            scene.compare(&cast).await?;
            scene.compare_search(&cast).await
        })
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let checked = scene.maintenance().check(false).unwrap();
    assert!(checked.is_clean(), "{checked:?}");
}

/// A member with everything, and what each kind of viewer is shown of each field at each level.
#[tokio::test]
async fn each_kind_of_viewer_sees_each_field_at_the_levels_that_admit_it() {
    let scene = Scene::new();
    let mut cast = scene.cast();
    let [owner, alumnus, connection, blocked, ..] = [0, 1, 2, 3].map(|at| cast.members[at].clone());
    let applicant = scene.app.member().create();
    for field in WRITTEN {
        scene.write(&mut cast, 0, field, 1).await;
    }
    scene.app.database.execute(&format!(
        "UPDATE users SET phone = '+2348031234567' WHERE id = '{}'",
        owner.id()
    ));
    let patch = ProfilePatch {
        slug: Some(Some(Slug::parse("owner").unwrap())),
        ..ProfilePatch::default()
    };
    let modified = scene
        .profiles
        .modify(owner.caller(), patch, Expected::Anything);
    modified.await.unwrap();
    scene
        .related
        .set(owner.id(), connection.id(), Relation::Connected);
    scene
        .related
        .set(owner.id(), blocked.id(), Relation::Hidden);
    for field in Field::ALL {
        for level in field.allowed_levels() {
            let change = PrivacyChange {
                levels: [(*field, *level), (Field::Name, Level::Public)]
                    .into_iter()
                    .filter(|(named, at)| named != field || at == level)
                    .collect(),
                is_listed: None,
            };
            assert!(scene.change(&cast, 0, change).await);
            let viewers = [
                (Some(&owner), true),
                (Some(&connection), *level >= Level::Connections),
                (Some(&alumnus), *level >= Level::Alumni),
                (None, *level == Level::Public),
            ];
            for (viewer, expected) in viewers {
                let seen = match viewer {
                    Some(viewer) => {
                        let page = scene.profiles.get(viewer.caller(), owner.id()).await;
                        Some(page.unwrap().0)
                    }
                    None => {
                        let page = scene
                            .profiles
                            .get_public(Slug::parse("owner").unwrap())
                            .await;
                        page.ok().map(|page| page.visible)
                    }
                };
                let is_shown = seen.is_some_and(|seen| shown(&seen).contains(field));
                let who = viewer.map(|viewer| viewer.id());
                assert_eq!(is_shown, expected, "{field:?} at {level:?} for {who:?}");
            }
            for viewer in [&blocked, &applicant] {
                let page = scene.profiles.get(viewer.caller(), owner.id()).await;
                assert!(page.is_err(), "{field:?} at {level:?}");
            }
        }
    }
}

/// The batch and the single page take one path.
#[tokio::test]
async fn a_batch_shows_the_members_that_a_viewer_may_see_one_by_one() {
    let scene = Scene::new();
    let cast = scene.cast();
    let ids: Vec<_> = cast.members.iter().map(Member::id).collect();
    scene.related.set(ids[0], ids[1], Relation::Hidden);
    scene.app.database.execute(&format!(
        "UPDATE users SET is_active = false WHERE id = '{}'",
        ids[2]
    ));
    let seen = scene.app.store(|tx| {
        let viewer = Viewer::of(tx, ids[0])?;
        may_see(tx, &*scene.related, viewer, &ids)
    });
    let mut seen: Vec<_> = seen.iter().map(VisibleProfile::user).collect();
    seen.sort_unstable();
    let mut expected = vec![ids[0], ids[3], ids[4], ids[5]];
    expected.sort_unstable();
    assert_eq!(seen, expected);
}
