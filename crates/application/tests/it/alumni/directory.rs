//! The directory: who is found, in which order, and who is not.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use abu_application::{
    BlockingPool, Database,
    access::Server,
    alumni::{
        directory::{
            Card, DirectoryError, DirectorySearch, Maintenance, Results, refresh_entries, rounded,
        },
        ports::{DirectoryPosition, Filling, SyntheticShares},
        synthetic::SyntheticMembers,
    },
    platform::{
        lists::{ListRequest, Seek, Total},
        system::{SystemClock, SystemIds},
    },
    store::Store,
};
use abu_domain::{
    UserId,
    alumni::{
        directory::{Facet, Order},
        names::Query,
    },
};
use abu_repository::{PgStore, PoolSettings};
use abu_test_support::caller;
use chrono::Utc;

use super::imports::Register;
use crate::support::TestApp;

const PLACES: &str = "
    INSERT INTO states (id, code, name, zone, iso_code, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'kaduna', 'Kaduna', 'north_west', 'NG-KD', now(), now()),
               (2, 'kano', 'Kano', 'north_west', 'NG-KN', now(), now());
    INSERT INTO countries (id, code, name, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'NG', 'Nigeria', now(), now());
    INSERT INTO industries (id, code, name, section, created_at, last_modified) OVERRIDING SYSTEM VALUE
        VALUES (1, 'education', 'Education', 'P', now(), now());
    UPDATE reference_lists SET version = version + 1;";

/// Members of a register, all listed, and a verified searcher who is not.
struct Town {
    register: Register,
    searcher: UserId,
}

/// A line of the register.
fn line(surname: &str, given: &str, department: &str, year: i16) -> String {
    format!("{surname},{given},,,{department},BSc,{year},,")
}

impl Town {
    fn of(lines: &[String]) -> Self {
        let register = Register::new();
        register.app.database.execute(PLACES);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let import = register.imported(&lines);
        let members = SyntheticMembers {
            store: register.app.database.store(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        };
        let all = SyntheticShares {
            verified: 100,
            listed: 100,
        };
        members
            .make(&Server, import.id, all, Filling::BesideOthers)
            .unwrap();
        let searcher = register.app.database.user().create().id;
        register.app.database.execute(&format!(
            "UPDATE users SET verification = 'verified' WHERE id = '{searcher}'"
        ));
        let town = Self { register, searcher };
        town.maintenance()
            .make_synthetic_profiles(import.id)
            .unwrap();
        town.database().execute(
            "UPDATE profiles SET state_id = NULL, country_id = NULL, city = NULL, industry_id = NULL, headline = NULL;
             DELETE FROM experiences; DELETE FROM profile_skills;",
        );
        town.maintenance().rebuild().unwrap();
        town
    }

    fn app(&self) -> &TestApp {
        &self.register.app
    }

    fn database(&self) -> &abu_test_support::TestDatabase {
        &self.app().database
    }

    fn maintenance(&self) -> Maintenance {
        Maintenance {
            store: self.database().store(),
            clock: Arc::new(SystemClock),
        }
    }

    /// The account of the member with this name.
    fn member(&self, name: &str) -> UserId {
        let ids = self.database().texts(&format!(
            "SELECT user_id::text FROM directory_entries WHERE display_name = '{name}'"
        ));
        let id: uuid::Uuid = ids[0].parse().unwrap();
        id.into()
    }

    fn change(&self, name: &str, profile: &str) -> UserId {
        let user = self.member(name);
        self.database().execute(&format!(
            "UPDATE profiles SET {profile} WHERE user_id = '{user}'"
        ));
        self.refresh(user);
        user
    }

    fn refresh(&self, user: UserId) {
        let refreshed = self
            .database()
            .transaction(|tx| refresh_entries(tx, user, Utc::now()));
        refreshed.unwrap();
    }

    async fn search(&self, search: DirectorySearch) -> Results {
        self.try_search(search, page(Seek::START, 20))
            .await
            .unwrap()
    }

    async fn try_search(
        &self,
        search: DirectorySearch,
        page: ListRequest<DirectoryPosition>,
    ) -> Result<Results, DirectoryError> {
        let directory = &self.app().use_cases.alumni.directory;
        directory.search(caller(self.searcher), search, page).await
    }

    async fn names(&self, search: DirectorySearch) -> Vec<String> {
        names(self.search(search).await.page.items)
    }

    async fn named(&self, q: &str) -> Vec<String> {
        self.names(asking(q)).await
    }

    /// All pages forward, or all pages backward from the end, in the order of the list.
    async fn all(&self, search: &DirectorySearch, limit: u32, backward: bool) -> Vec<Card> {
        let (mut cards, mut at) = (Vec::new(), None);
        loop {
            let seek = if backward {
                Seek::Before(at)
            } else {
                Seek::After(at)
            };
            let results = self.try_search(search.clone(), page(seek, limit)).await;
            let listed = results.unwrap().page;
            let goes_on = if backward {
                listed.before
            } else {
                listed.after
            };
            if backward {
                cards.splice(0..0, listed.items);
                at = cards.first().map(|card: &Card| card.position.clone());
            } else {
                cards.extend(listed.items);
                at = cards.last().map(|card: &Card| card.position.clone());
            }
            if !goes_on {
                return cards;
            }
        }
    }
}

fn page(seek: Seek<DirectoryPosition>, limit: u32) -> ListRequest<DirectoryPosition> {
    ListRequest {
        seek,
        limit,
        count: false,
    }
}

fn names(cards: Vec<Card>) -> Vec<String> {
    cards.into_iter().map(|card| card.name).collect()
}

fn asking(q: &str) -> DirectorySearch {
    DirectorySearch {
        name: Some(Query::parse(q).unwrap()),
        ..DirectorySearch::default()
    }
}

fn coded(filters: &[(Facet, &str)]) -> DirectorySearch {
    let mut search = DirectorySearch::default();
    for (facet, code) in filters {
        let codes = search.filter.codes.entry(*facet).or_default();
        codes.push((*code).to_owned());
    }
    search
}

fn faces() -> Vec<String> {
    vec![
        line("Abubakar", "Muhammad", "CS", 2015),
        line("Bello", "Sa'adatu", "CS", 2015),
        line("Adewale", "Ṣọlá", "Law", 2010),
        line("Abdul-Rahman", "Bilkisu", "Law", 2010),
        line("Okafor", "Chukwuemeka", "CS", 2001),
        line("Dantata", "Fatima Zahra", "CS", 2001),
    ]
}

#[tokio::test]
async fn a_name_is_found_in_any_order_spelling_and_with_an_error() {
    let town = Town::of(&faces());
    for (q, found) in [
        ("Muhammad Abubakar", "Muhammad Abubakar"),
        ("abubakar MUHAMMAD", "Muhammad Abubakar"),
        ("Mohamed Abubaker", "Muhammad Abubakar"),
        ("Alhaji Mohammed Abubakr", "Muhammad Abubakar"),
        ("sola adewale", "Ṣọlá Adewale"),
        ("SOLÁ", "Ṣọlá Adewale"),
        ("saadatu", "Sa'adatu Bello"),
        ("sa’adatu belo", "Sa'adatu Bello"),
        ("abdul rahman", "Bilkisu Abdul-Rahman"),
        ("abdulrahman bilkisu", "Bilkisu Abdul-Rahman"),
        ("okafro", "Chukwuemeka Okafor"),
        ("fatima dantata", "Fatima Zahra Dantata"),
        ("dantata fatima zahra musa", "Fatima Zahra Dantata"),
    ] {
        let names = town.named(q).await;
        assert_eq!(
            names.first().map(String::as_str),
            Some(found),
            "{q}: {names:?}"
        );
    }
    assert_eq!(town.named("xylophon quartz").await, [""; 0]);
}

#[tokio::test]
async fn a_name_as_written_comes_before_its_variants_and_errors() {
    let town = Town::of(&[
        line("Zubairu", "Mohamad", "CS", 2015),
        line("Zubairu", "Muhammad", "CS", 2016),
        line("Zubairu", "Muhammadi", "CS", 2017),
    ]);
    let names = town.named("mohamad zubairu").await;
    assert_eq!(names[..2], ["Mohamad Zubairu", "Muhammad Zubairu"]);
}

#[tokio::test]
async fn facets_narrow_together_and_values_of_one_widen() {
    let town = Town::of(&faces());
    let law = town.names(coded(&[(Facet::Department, "law")])).await;
    assert_eq!(law, ["Bilkisu Abdul-Rahman", "Ṣọlá Adewale"]);
    let both = coded(&[
        (Facet::Department, "law"),
        (Facet::Department, "computer-science"),
    ]);
    assert_eq!(town.names(both).await.len(), 6);
    town.change(
        "Sa''adatu Bello",
        "state_id = 1, city = 'Zaria', country_id = 1, industry_id = 1",
    );
    let mut search = coded(&[
        (Facet::State, "kaduna"),
        (Facet::Country, "NG"),
        (Facet::Industry, "education"),
        (Facet::Faculty, "science"),
    ]);
    search.filter.years = vec![2015, 2001];
    search.filter.cities = vec!["zaria".to_owned()];
    assert_eq!(town.names(search.clone()).await, ["Sa'adatu Bello"]);
    search.filter.year_to = Some(2014);
    assert_eq!(town.names(search).await, [""; 0]);
    let unknown = coded(&[(Facet::State, "atlantis")]);
    let refused = town.try_search(unknown, page(Seek::START, 20)).await;
    assert!(
        matches!(refused, Err(DirectoryError::Unknown("state", _))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_department_and_a_year_mean_one_award() {
    let town = Town::of(&faces());
    let database = town.database();
    database.execute(
        "INSERT INTO awards (id, record_id, department_id, degree_id, year, created_at, last_modified)
         SELECT gen_random_uuid(), r.id, 2, 2, 2020, now(), now() FROM alumni_records r WHERE surname = 'Okafor'",
    );
    town.refresh(town.member("Chukwuemeka Okafor"));
    let mut search = coded(&[(Facet::Department, "law")]);
    search.filter.years = vec![2020];
    assert_eq!(town.names(search.clone()).await, ["Chukwuemeka Okafor"]);
    search.filter.years = vec![2001];
    assert_eq!(town.names(search).await, [""; 0]);
}

/// Makes plans believe that the directory is large.
fn pretend_a_million(town: &Town) {
    town.database().execute(
        "UPDATE name_tokens SET df = 400000;
         INSERT INTO facet_counts VALUES ('#', 1000000) ON CONFLICT (term) DO UPDATE SET members = 1000000;
         UPDATE facet_counts SET members = 500000 WHERE term <> '#'",
    );
}

/// Sixty members of few names, in several classes.
fn crowd() -> Vec<String> {
    let surnames = ["Bello", "Musa", "Sani", "Yusuf"];
    let given = ["Musa", "Sani", "Amina", "Musa Sani", "Bello"];
    let mut lines = Vec::new();
    for (number, surname) in surnames.iter().cycle().take(60).enumerate() {
        let department = if number % 3 == 0 { "Law" } else { "CS" };
        let year = 2000 + (number % 7) as i16;
        lines.push(line(surname, given[number % 5], department, year));
    }
    lines
}

#[tokio::test]
async fn every_order_and_plan_lists_each_member_once_in_both_directions() {
    let town = Town::of(&crowd());
    let mut searches = vec![
        DirectorySearch::default(),
        asking("musa"),
        asking("sani musa"),
        coded(&[(Facet::Department, "law")]),
    ];
    for index in 0..searches.len() {
        let mut by_year = searches[index].clone();
        by_year.order = Some(Order::Year);
        let mut by_name = searches[index].clone();
        by_name.order = Some(Order::Name);
        searches.extend([by_year, by_name]);
    }
    for is_large in [false, true] {
        if is_large {
            pretend_a_million(&town);
        }
        for search in &searches {
            let whole: Vec<UserId> = town
                .all(search, 100, false)
                .await
                .iter()
                .map(Card::user)
                .collect();
            assert!(!whole.is_empty(), "{search:?}");
            let mut once = whole.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), whole.len(), "{search:?} {is_large}");
            for backward in [false, true] {
                let pages = town.all(search, 7, backward).await;
                let pages: Vec<UserId> = pages.iter().map(Card::user).collect();
                assert_eq!(pages, whole, "{search:?} {is_large} {backward}");
            }
        }
    }
}

#[tokio::test]
async fn equal_names_are_each_listed_once_while_others_join() {
    let town = Town::of(&faces());
    town.database().execute(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, is_active, is_superuser, verification, created_at, last_modified)
         SELECT gen_random_uuid(), 'twin' || n || '@example.com', '!', 'Musa', 'Musa', true, false, 'verified', now(), now()
         FROM generate_series(1, 300) n;
         INSERT INTO directory_entries (user_id, display_name, name_key, name_set, name_count, terms)
         SELECT id, 'Musa Musa', 'musa musa', 'musa', 2, '{musa}' FROM users WHERE firstname = 'Musa';
         INSERT INTO name_tokens VALUES ('musa', 300, 'ms', '{musa,mus,msa,mua,usa}')",
    );
    for search in [asking("musa"), DirectorySearch::default()] {
        let (mut seen, mut at) = (Vec::new(), None);
        loop {
            let results = town
                .try_search(search.clone(), page(Seek::After(at), 7))
                .await;
            let listed = results.unwrap().page;
            seen.extend(
                listed
                    .items
                    .iter()
                    .filter(|card| card.name == "Musa Musa")
                    .map(Card::user),
            );
            at = listed.items.last().map(|card| card.position.clone());
            if !listed.after {
                break;
            }
            town.database().execute(
                "UPDATE directory_entries SET headline = 'changed' WHERE name_key = 'musa musa'",
            );
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((count, seen.len()), (300, 300));
    }
}

#[tokio::test]
async fn a_search_with_too_many_matches_lists_whole_names_and_how_to_narrow() {
    let town = Town::of(&crowd());
    pretend_a_million(&town);
    let mut request = page(Seek::START, 20);
    request.count = true;
    let results = town.try_search(asking("musa sani"), request).await.unwrap();
    assert_eq!(results.narrow, [Facet::Year, Facet::Department]);
    let first: BTreeSet<&str> = results.page.items[0].name.split(' ').collect();
    assert_eq!(first, BTreeSet::from(["Musa", "Sani"]));
    assert!(matches!(results.page.total, Some(Total::Exactly(_))));
    let mut narrowed = asking("musa sani");
    narrowed.filter.years = vec![2003];
    let narrow = town.search(narrowed).await.narrow;
    assert!(!narrow.contains(&Facet::Year));
}

#[tokio::test]
async fn facets_count_what_the_filter_lists() {
    let town = Town::of(&crowd());
    let mut search = coded(&[(Facet::Department, "law")]);
    search.facets = [Facet::Year, Facet::Faculty].into();
    for is_large in [false, true] {
        let results = town.search(search.clone()).await;
        let years = &results.facets[&Facet::Year];
        let sum: u32 = years.iter().map(|year| year.count).sum();
        if is_large {
            assert!(results.facets_omitted);
            assert!(!results.facets.contains_key(&Facet::Faculty));
            assert_eq!(years.len(), 7);
        } else {
            assert_eq!(sum, 20);
            assert_eq!(results.facets[&Facet::Faculty][0].value, "science");
            pretend_a_million(&town);
        }
    }
}

#[tokio::test]
async fn a_row_follows_its_profile_and_leaves_no_name_behind() {
    let town = Town::of(&faces());
    let tokens = || {
        town.database()
            .texts("SELECT token FROM name_tokens WHERE token = 'chukwuemeka'")
    };
    assert_eq!(tokens().len(), 1);
    let user = town.change("Chukwuemeka Okafor", "is_listed = false");
    assert_eq!(town.named("okafor").await, [""; 0]);
    assert_eq!(tokens(), [""; 0]);
    town.database().execute(&format!(
        "UPDATE profiles SET is_listed = true WHERE user_id = '{user}'"
    ));
    town.refresh(user);
    assert_eq!(town.named("okafor").await, ["Chukwuemeka Okafor"]);
    for (change, back) in [
        ("is_active = false", "is_active = true"),
        ("deactivated_at = now()", "deactivated_at = NULL"),
        ("verification = 'revoked'", "verification = 'verified'"),
    ] {
        town.database()
            .execute(&format!("UPDATE users SET {change} WHERE id = '{user}'"));
        town.refresh(user);
        assert_eq!(town.named("okafor").await, [""; 0], "{change}");
        town.database()
            .execute(&format!("UPDATE users SET {back} WHERE id = '{user}'"));
        town.refresh(user);
        assert_eq!(town.named("okafor").await.len(), 1, "{back}");
    }
}

#[tokio::test]
async fn a_hidden_field_neither_matches_nor_counts() {
    let town = Town::of(&faces());
    let user = town.change("Muhammad Abubakar", "city = 'Zaria', state_id = 1");
    let mut in_zaria = DirectorySearch::default();
    in_zaria.filter.cities = vec!["zaria".to_owned()];
    assert_eq!(town.names(in_zaria.clone()).await.len(), 1);
    town.database().execute(&format!(
        "INSERT INTO field_visibility VALUES ('{user}', 'city', 'only_me'), ('{user}', 'state', 'connections')"
    ));
    town.refresh(user);
    assert_eq!(town.names(in_zaria).await, [""; 0]);
    assert_eq!(
        town.names(coded(&[(Facet::State, "kaduna")])).await,
        [""; 0]
    );
    let mut asked = asking("abubakar");
    asked.facets = [Facet::City, Facet::State].into();
    let results = town.search(asked).await;
    assert_eq!(results.page.items[0].city, None);
    assert!(
        results.facets.values().all(Vec::is_empty),
        "{:?}",
        results.facets
    );
}

#[tokio::test]
async fn a_check_finds_rows_that_differ_and_repairs_them() {
    let town = Town::of(&faces());
    assert!(town.maintenance().check(false).unwrap().is_clean());
    town.database().execute(
        "UPDATE directory_entries SET headline = 'forged' WHERE display_name = 'Sa''adatu Bello';
         DELETE FROM directory_entries WHERE display_name = 'Chukwuemeka Okafor';
         UPDATE profiles SET is_listed = false WHERE user_id =
             (SELECT user_id FROM directory_entries WHERE display_name = 'Ṣọlá Adewale');
         DELETE FROM name_tokens WHERE token = 'bilkisu'",
    );
    let found = town.maintenance().check(true).unwrap();
    assert_eq!(
        (found.differing.len(), found.missing_tokens),
        (3, 1),
        "{found:?}"
    );
    assert!(town.maintenance().check(false).unwrap().is_clean());
    assert_eq!(town.named("okafor").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_differ_are_made_anew_by_night() {
    let town = Town::of(&faces());
    town.database().execute(
        "UPDATE directory_entries SET headline = 'forged' WHERE display_name = 'Sa''adatu Bello';
         DELETE FROM directory_entries WHERE display_name = 'Chukwuemeka Okafor'",
    );
    town.app().run_schedule("check_directory");
    assert!(town.maintenance().check(false).unwrap().is_clean());
}

#[tokio::test]
async fn only_verified_graduates_search_and_others_see_counts() {
    let town = Town::of(&crowd());
    let directory = &town.app().use_cases.alumni.directory;
    let stranger = town.database().user().create().id;
    let refused = directory
        .search(
            caller(stranger),
            DirectorySearch::default(),
            page(Seek::START, 20),
        )
        .await;
    assert!(
        matches!(refused, Err(DirectoryError::NotVerified)),
        "{refused:?}"
    );
    let refused = directory.suggest(caller(stranger), "mu".to_owned()).await;
    assert!(
        matches!(refused, Err(DirectoryError::NotVerified)),
        "{refused:?}"
    );
    let counts = directory.counts(caller(stranger)).await.unwrap();
    let law = counts
        .sets
        .iter()
        .find(|set| set.department.as_deref() == Some("law"));
    let law = law.map(|set| (set.count.graduates, set.count.members));
    assert_eq!(law, Some((20, 20)));
    assert_eq!(rounded(3), "<10");
}

#[tokio::test]
async fn suggestions_hold_people_and_names_that_several_members_have() {
    let town = Town::of(&crowd());
    let directory = &town.app().use_cases.alumni.directory;
    town.database().execute(
        "INSERT INTO employers (uuid, name, name_key, state, created_at, last_modified)
         VALUES (gen_random_uuid(), 'Muson Centre', 'muson centre', 'confirmed', now(), now()),
                (gen_random_uuid(), 'Musa and Sons', 'musa and sons', 'proposed', now(), now())",
    );
    let few = directory
        .suggest(caller(town.searcher), "mu".to_owned())
        .await
        .unwrap();
    assert_eq!((few.people.len(), few.names.len()), (8, 0));
    let more = directory
        .suggest(caller(town.searcher), "Mus".to_owned())
        .await
        .unwrap();
    assert_eq!(
        (more.people.len(), &more.names[..]),
        (5, &["musa".to_owned()][..])
    );
    let employers: Vec<&str> = more
        .employers
        .iter()
        .map(|employer| employer.name.as_str())
        .collect();
    assert_eq!(employers, ["Muson Centre"]);
    let none = directory
        .suggest(caller(town.searcher), "…".to_owned())
        .await
        .unwrap();
    assert!(none.people.is_empty());
}

#[tokio::test]
async fn a_search_that_takes_too_long_is_too_broad() {
    let town = Town::of(&faces());
    let impatient = PgStore::connect_for_searches(
        PoolSettings {
            statement_timeout: Duration::from_millis(300),
            ..town.database().settings()
        },
        || (),
    );
    let searches: Arc<dyn Store> = Arc::new(impatient);
    let directory = town
        .app()
        .use_cases
        .alumni
        .directory
        .with_searches(Database::new(
            searches,
            BlockingPool::new(1, Duration::from_secs(60)),
        ));
    let held = town.database().lock("directory_entries");
    let late = directory
        .search(
            caller(town.searcher),
            DirectorySearch::default(),
            page(Seek::START, 20),
        )
        .await;
    assert!(matches!(late, Err(DirectoryError::TooBroad)), "{late:?}");
    drop(held);
}
