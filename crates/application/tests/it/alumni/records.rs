//! Records of the register: search, provenance, history, merges and duplicates.

use std::collections::BTreeSet;

use abu_application::{
    access::{AccessError, Server},
    alumni::records::{
        AwardDraft, MergeDraft, MergeField, RecordDraft, RecordError, RecordPatch, RecordView,
        Records, Search,
    },
    platform::{
        audit::Action,
        lists::{ListRequest, Seek},
        versions::{Expected, Version},
    },
};
use abu_domain::{
    RecordId,
    access::Permission,
    alumni::register::{MatricNumber, RecordDetails, RecordState, Source},
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};

use super::imports::Register;
use crate::support::assert_refused;

const AMINA: &str = "Bello,Amina,Sani,U15CS1070,CS,BSc,2015,amina@example.com,+2348031234567";

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn award(matric: Option<&str>, year: i16) -> AwardDraft {
    AwardDraft {
        id: None,
        degree: "bsc".to_owned(),
        department: Some("computer-science".to_owned()),
        programme: None,
        year,
        class_of_degree: None,
        matric: matric.map(|text| MatricNumber::parse(text).unwrap()),
    }
}

fn draft(surname: &str, given_names: &str, awards: Vec<AwardDraft>) -> RecordDraft {
    RecordDraft {
        details: RecordDetails {
            surname: name(surname),
            given_names: name(given_names),
            previous_names: vec![],
            email: None,
            phone: None,
            date_of_birth: None,
        },
        awards,
    }
}

impl Register {
    fn records(&self) -> &Records {
        &self.app.use_cases.alumni.records
    }

    async fn added(&self, surname: &str, given_names: &str, matric: Option<&str>) -> RecordView {
        let draft = draft(surname, given_names, vec![award(matric, 2015)]);
        self.records().create(Server, draft).await.unwrap()
    }

    async fn view(&self, id: RecordId) -> RecordView {
        self.records().get(Server, id).await.unwrap()
    }

    async fn patched(&self, id: RecordId, patch: RecordPatch) -> RecordView {
        let changed = self.records().modify(Server, id, patch, Expected::Anything);
        changed.await.unwrap()
    }

    async fn found(&self, search: Search) -> Vec<String> {
        let page = ListRequest {
            seek: Seek::START,
            limit: 50,
            count: true,
        };
        let found = self.records().list(Server, search, page).await.unwrap();
        let mut names: Vec<String> = found
            .items
            .iter()
            .map(|found| found.record.details.given_names.as_str().to_owned())
            .collect();
        names.sort();
        names
    }

    /// Links an account to the record, past the rules.
    fn claim(&self, record: RecordId) {
        let member = self.app.member().create();
        self.app.database.execute(&format!(
            "INSERT INTO claims (id, user_id, state, awards, names, list_me, record_id, method, created_at, last_modified)
             VALUES (gen_random_uuid(), '{}', 'verified', '[]', '{{}}', false, '{record}', 'review', now(), now())",
            member.id()
        ));
    }

    async fn merged(&self, keep: RecordId, drop: RecordId) -> RecordView {
        let merged = self.records().merge(Server, merge(keep, drop)).await;
        merged.unwrap().kept
    }

    async fn pairs(&self) -> Vec<(RecordId, RecordId, String)> {
        self.records().find_duplicates().unwrap();
        let page = ListRequest {
            seek: Seek::START,
            limit: 50,
            count: true,
        };
        let pairs = self.records().duplicates(Server, page).await.unwrap();
        pairs
            .items
            .into_iter()
            .map(|found| {
                assert_eq!(found.records.len(), 2);
                (found.pair.left, found.pair.right, found.pair.reason)
            })
            .collect()
    }
}

fn merge(keep: RecordId, drop: RecordId) -> MergeDraft {
    MergeDraft {
        keep,
        drop,
        from_drop: BTreeSet::new(),
    }
}

/// The source of a field of the record, or of its awards.
fn source(view: &RecordView, field: &str) -> Vec<Source> {
    let of_field = view.sources.iter().filter(|source| source.field == field);
    of_field.map(|source| source.source).collect()
}

#[tokio::test]
async fn records_are_found_by_names_numbers_years_and_departments() {
    let register = Register::new();
    register.imported(&[
        AMINA,
        "Musa,Muhammad,,0012/85,Law,BSc,1985,,",
        "Musa,Mohammed Sani,,,CS,MSc,2001,,",
    ]);
    let named = |text: &str| Search {
        name: Some(Search::name(text).unwrap()),
        ..Search::default()
    };
    for (search, expected) in [
        (
            Search::default(),
            &["Amina Sani", "Mohammed Sani", "Muhammad"][..],
        ),
        (named("Alhaji MOHAMED Musa"), &["Mohammed Sani", "Muhammad"]),
        (named("sani"), &["Amina Sani", "Mohammed Sani"]),
        (named("sani bello"), &["Amina Sani"]),
        (named("nobody"), &[]),
        (
            Search {
                matric: Some(MatricNumber::parse("001285").unwrap()),
                ..Search::default()
            },
            &["Muhammad"],
        ),
        (
            Search {
                email: Some(EmailAddress::parse("AMINA@example.com").unwrap()),
                ..Search::default()
            },
            &["Amina Sani"],
        ),
        (
            Search {
                year: Some(2001),
                ..Search::default()
            },
            &["Mohammed Sani"],
        ),
        (
            Search {
                departments: vec!["law".to_owned(), "computer-science".to_owned()],
                year: Some(1985),
                ..Search::default()
            },
            &["Muhammad"],
        ),
        (
            Search {
                states: vec![RecordState::Merged],
                ..Search::default()
            },
            &[],
        ),
    ] {
        assert_eq!(register.found(search.clone()).await, expected, "{search:?}");
    }
}

#[tokio::test]
async fn each_field_says_where_it_came_from() {
    let register = Register::new();
    let import = register.imported(&[AMINA]);
    let id = register.record("Bello");
    let view = register.view(id).await;
    assert!(
        view.sources
            .iter()
            .all(|source| source.import == Some(import.id))
    );
    let fields: BTreeSet<&str> = view.sources.iter().map(|source| &*source.field).collect();
    let expected = [
        "degree",
        "department",
        "email",
        "given_names",
        "matric",
        "phone",
        "surname",
        "year",
    ];
    assert_eq!(fields, BTreeSet::from(expected));

    let phone = PhoneNumber::parse("08031234568").unwrap();
    let patch = RecordPatch {
        phone: Some(Some(phone)),
        ..RecordPatch::default()
    };
    let view = register.patched(id, patch).await;
    assert_eq!(source(&view, "phone"), [Source::Office]);
    assert_eq!(source(&view, "email"), [Source::Import]);
}

#[tokio::test]
async fn an_import_keeps_what_the_office_wrote() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let id = register.record("Bello");
    let patch = RecordPatch {
        email: Some(Some(EmailAddress::parse("office@example.com").unwrap())),
        ..RecordPatch::default()
    };
    register.patched(id, patch).await;
    register.imported(&["Bello,Aminatu,Sani,U15CS1070,CS,BSc,2015,other@example.com,"]);
    let view = register.view(id).await;
    let details = &view.record.details;
    assert_eq!(
        details.email.as_ref().unwrap().as_str(),
        "office@example.com"
    );
    assert_eq!(details.given_names.as_str(), "Aminatu Sani");
}

#[tokio::test]
async fn history_shows_imports_and_changes_with_what_was_before() {
    let register = Register::new();
    let import = register.imported(&[AMINA]);
    let id = register.record("Bello");
    let patch = RecordPatch {
        surname: Some(name("Yusuf")),
        ..RecordPatch::default()
    };
    register.patched(id, patch.clone()).await;
    register.patched(id, patch).await;
    let events = register.records().history(Server, id).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| &*event.kind).collect();
    assert_eq!(
        kinds,
        ["changed", "created"],
        "what changes nothing leaves no trace"
    );
    assert_eq!(events[0].before, serde_json::json!({"surname": "Bello"}));
    assert_eq!(events[1].import, Some(import.id));
}

#[tokio::test]
async fn awards_are_replaced_as_a_whole() {
    let register = Register::new();
    let view = register.added("Bello", "Amina", Some("U15CS1070")).await;
    let id = view.record.id;
    let first = AwardDraft {
        id: Some(view.awards[0].0.id),
        ..award(Some("U15CS1071"), 2015)
    };
    let second = AwardDraft {
        degree: "msc".to_owned(),
        ..award(None, 2019)
    };
    let patch = |awards| RecordPatch {
        awards: Some(awards),
        ..RecordPatch::default()
    };
    let view = register.patched(id, patch(vec![first, second])).await;
    let awards: Vec<(&str, i16)> = view
        .awards
        .iter()
        .map(|(award, codes)| (&*codes.degree, award.details.year))
        .collect();
    assert_eq!(awards, [("bsc", 2015), ("msc", 2019)]);
    assert_eq!(source(&view, "matric"), [Source::Office]);
    let foreign = AwardDraft {
        id: Some(uuid::Uuid::new_v4().into()),
        ..award(None, 2000)
    };
    let unknown = AwardDraft {
        degree: "dsc".to_owned(),
        ..award(None, 2000)
    };
    let modify = |awards| {
        register
            .records()
            .modify(Server, id, patch(awards), Expected::Anything)
    };
    assert_refused!(modify(vec![foreign]).await, RecordError::UnknownAward);
    assert_refused!(
        modify(vec![unknown]).await,
        RecordError::UnknownReference("degree")
    );
    let view = register.patched(id, patch(vec![])).await;
    assert!(view.awards.is_empty());
}

#[tokio::test]
async fn a_record_changes_only_from_the_version_that_was_seen() {
    let register = Register::new();
    let view = register.added("Bello", "Amina", None).await;
    let seen = Expected::OneOf(vec![Version::of(view.record.last_modified)]);
    let patch = RecordPatch {
        is_restricted: Some(true),
        ..RecordPatch::default()
    };
    register.app.clock.advance(chrono::TimeDelta::seconds(1));
    let changed = register
        .records()
        .modify(Server, view.record.id, patch.clone(), seen.clone());
    assert_eq!(changed.await.unwrap().record.state, RecordState::Restricted);
    let again = register
        .records()
        .modify(Server, view.record.id, patch, seen);
    assert_refused!(again.await, RecordError::Changed(_));
}

#[tokio::test]
async fn a_merge_moves_awards_and_takes_what_only_the_dropped_record_says() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let drop = register.record("Bello");
    let keep = register.added("Yusuf", "Amina", None).await.record.id;
    let second = AwardDraft {
        degree: "msc".to_owned(),
        ..award(None, 2019)
    };
    let awards = register.view(drop).await.awards;
    let first = AwardDraft {
        id: Some(awards[0].0.id),
        ..award(Some("U15CS1070"), 2015)
    };
    let patch = RecordPatch {
        awards: Some(vec![first, second]),
        ..RecordPatch::default()
    };
    register.patched(drop, patch).await;

    let kept = register.merged(keep, drop).await;
    let details = &kept.record.details;
    assert_eq!(
        (details.surname.as_str(), details.given_names.as_str()),
        ("Yusuf", "Amina")
    );
    assert_eq!(
        details.email.as_ref().unwrap().as_str(),
        "amina@example.com"
    );
    assert_eq!(details.previous_names, [name("Bello Amina Sani")]);
    assert_eq!(source(&kept, "email"), [Source::Merge]);
    let awards: Vec<(i16, Option<&str>)> = kept
        .awards
        .iter()
        .map(|(award, _)| {
            (
                award.details.year,
                award.details.matric.as_ref().map(|m| m.norm()),
            )
        })
        .collect();
    assert_eq!(
        awards,
        [(2015, Some("U15CS1070")), (2019, None)],
        "one award is not there twice"
    );

    let dropped = register.view(drop).await;
    assert_eq!(dropped.record.state, RecordState::Merged);
    assert_eq!(dropped.record.merged_into, Some(keep));
    let kinds = |events: Vec<abu_application::alumni::ports::RecordEvent>| -> Vec<String> {
        events.into_iter().map(|event| event.kind).collect()
    };
    let history = register.records().history(Server, keep).await.unwrap();
    assert_eq!(kinds(history), ["absorbed", "created"]);
    let history = register.records().history(Server, drop).await.unwrap();
    assert_eq!(kinds(history)[0], "merged");
}

#[tokio::test]
async fn a_merge_takes_the_fields_that_the_office_chooses() {
    let register = Register::new();
    let keep = register.added("Belo", "Amina", None).await.record.id;
    let drop = register.added("Bello", "Amina Sani", None).await.record.id;
    let draft = MergeDraft {
        from_drop: BTreeSet::from([MergeField::Names]),
        ..merge(keep, drop)
    };
    let kept = register.records().merge(Server, draft).await.unwrap().kept;
    assert_eq!(kept.record.details.surname.as_str(), "Bello");
    assert_eq!(kept.record.details.previous_names, [name("Belo Amina")]);
    let tokens = register.app.database.texts(&format!(
        "SELECT name_tokens::text FROM alumni_records WHERE id = '{keep}'"
    ));
    assert_eq!(tokens, ["{amina,bello,sani}"]);
}

#[tokio::test]
async fn a_roll_back_leaves_awards_that_a_merge_moved() {
    let register = Register::new();
    let keep = register.added("Belo", "Amina", Some("U14CS1001"));
    let keep = keep.await.record.id;
    let import = register.imported(&[AMINA]);
    let dropped = register
        .app
        .database
        .texts("SELECT id::text FROM alumni_records WHERE created_by_import IS NOT NULL");
    let drop = RecordId::new(dropped[0].parse().unwrap());
    register.merged(keep, drop).await;
    let undone = register.roll_back(import.id, true).unwrap();
    assert_eq!((undone.records, undone.skipped), (0, 1));
    assert_eq!(
        register.awards(),
        ["Belo|Amina|U14CS1001|2015", "Belo|Amina|U15CS1070|2015"]
    );
}

#[tokio::test]
async fn a_merge_stores_everything_that_undoing_it_needs() {
    let register = Register::new();
    register.imported(&[AMINA]);
    let drop = register.record("Bello");
    let keep = register.added("Bello", "Amina", None).await.record.id;
    let both = || {
        register.app.database.texts(&format!(
            "SELECT jsonb_build_object('record', to_jsonb(p),
                 'awards', (SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') FROM awards a WHERE a.record_id = p.id),
                 'sources', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM record_field_sources s WHERE s.record_id = p.id)
             )::text FROM alumni_records p WHERE id IN ('{keep}', '{drop}') ORDER BY id"
        ))
    };
    let before = both();
    register.merged(keep, drop).await;
    let stored = register
        .app
        .database
        .texts("SELECT value::text FROM record_merges, jsonb_each(before) ORDER BY key::uuid");
    assert_eq!(stored, before);
}

#[tokio::test]
async fn only_two_active_records_are_merged() {
    let register = Register::new();
    let one = register.added("Bello", "Amina", None).await.record.id;
    let two = register.added("Bello", "Amina", None).await.record.id;
    let three = register.added("Bello", "Amina", None).await.record.id;
    let merging = |keep, drop| register.records().merge(Server, merge(keep, drop));
    assert_refused!(merging(one, one).await, RecordError::SameRecord);
    let nothing = uuid::Uuid::new_v4().into();
    assert_refused!(merging(one, nothing).await, RecordError::NotFound);
    register.merged(one, two).await;
    assert_refused!(
        merging(one, two).await,
        RecordError::WrongState(RecordState::Merged)
    );
    let patch = RecordPatch {
        surname: Some(name("Sani")),
        ..RecordPatch::default()
    };
    let change = register
        .records()
        .modify(Server, two, patch, Expected::Anything);
    assert_refused!(change.await, RecordError::WrongState(RecordState::Merged));
    register.merged(three, one).await;
    assert_eq!(register.view(two).await.record.merged_into, Some(three));
}

#[tokio::test]
async fn a_claim_moves_with_a_merge_and_two_claims_refuse_it() {
    let register = Register::new();
    let one = register.added("Bello", "Amina", None).await.record.id;
    let two = register.added("Bello", "Amina", None).await.record.id;
    let three = register.added("Bello", "Amina", None).await.record.id;
    register.claim(two);
    let kept = register.merged(one, two).await;
    assert!(kept.is_claimed && !register.view(two).await.is_claimed);
    register.claim(three);
    let refused = register.records().merge(Server, merge(one, three)).await;
    assert_refused!(refused, RecordError::BothClaimed);
}

#[tokio::test]
async fn merges_in_opposite_directions_make_one() {
    let register = Register::new();
    let one = register.added("Bello", "Amina", None).await.record.id;
    let two = register.added("Bello", "Amina", None).await.record.id;
    let records = register.records();
    let (first, second) = tokio::join!(
        records.merge(Server, merge(one, two)),
        records.merge(Server, merge(two, one)),
    );
    assert!(first.is_ok() != second.is_ok());
    assert_eq!(register.count("record_merges"), 1);
}

#[tokio::test]
async fn duplicates_share_a_number_or_a_name_up_to_spelling() {
    let register = Register::new();
    let added = async |surname: &str, given: &str, matric| {
        register.added(surname, given, matric).await.record.id
    };
    let pair = |one: RecordId, two: RecordId, reason: &str| {
        (one.min(two), one.max(two), reason.to_owned())
    };
    let amina = added("Bello", "Amina", Some("U15CS1070")).await;
    let married = added("Yusuf", "Amina", Some("U15/CS/1070")).await;
    let muhammad = added("Musa", "Muhammad", None).await;
    let mohamed = added("Mohamed", "Musa", Some("U15CS1")).await;
    let namesake = added("Ladan", "Sule", Some("U15CS2")).await;
    added("Ladan", "Sule", Some("U15CS3")).await;
    let mut expected = vec![
        pair(amina, married, "matric"),
        pair(muhammad, mohamed, "names"),
    ];
    expected.sort();
    assert_eq!(register.pairs().await, expected);
    assert_eq!(
        register.pairs().await,
        expected,
        "a second night finds the same"
    );

    register
        .records()
        .dismiss_duplicate(Server, mohamed, muhammad)
        .await
        .unwrap();
    assert_eq!(register.pairs().await, [pair(amina, married, "matric")]);
    register.merged(amina, married).await;
    assert_eq!(register.pairs().await, []);
    let same = register
        .records()
        .dismiss_duplicate(Server, namesake, namesake);
    assert_refused!(same.await, RecordError::SameRecord);
}

#[tokio::test]
async fn pairs_that_are_none_any_more_are_forgotten() {
    let register = Register::new();
    let one = register.added("Bello", "Amina", None).await.record.id;
    register.added("Bello", "Amina", None).await;
    assert_eq!(register.pairs().await.len(), 1);
    let patch = RecordPatch {
        given_names: Some(name("Sani")),
        ..RecordPatch::default()
    };
    register.patched(one, patch).await;
    register.app.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(register.pairs().await, []);
    assert_eq!(register.count("record_duplicates"), 0);
}

#[tokio::test]
async fn views_and_changes_are_audited_without_names() {
    let register = Register::new();
    let view = register.added("Bello", "Amina", None).await;
    let id = view.record.id;
    register.view(id).await;
    register.records().history(Server, id).await.unwrap();
    let search = Search {
        name: Some(Search::name("bello").unwrap()),
        ..Search::default()
    };
    register.found(search).await;
    let patch = RecordPatch {
        surname: Some(name("Yusuf")),
        ..RecordPatch::default()
    };
    register.patched(id, patch).await;
    assert_eq!(
        register.app.actions(),
        [
            Action::RecordCreate,
            Action::RecordView,
            Action::RecordView,
            Action::RecordSearch,
            Action::RecordUpdate,
        ]
    );
    let details = register.app.audit();
    let told = |part: &str| {
        details
            .iter()
            .any(|entry| entry.row.details.to_lowercase().contains(part))
    };
    assert!(told("conditions") && told("surname"));
    assert!(!told("bello") && !told("yusuf"));
}

#[tokio::test]
async fn each_use_of_records_takes_its_permission() {
    let register = Register::new();
    let id = register.added("Bello", "Amina", None).await.record.id;
    let member = register.app.member().create();
    let caller = || member.caller();
    let page = ListRequest {
        seek: Seek::START,
        limit: 1,
        count: false,
    };
    let pairs = ListRequest {
        seek: Seek::START,
        limit: 1,
        count: false,
    };
    let records = register.records();
    let denied = |error: RecordError, permission| match error {
        RecordError::Access(AccessError::Denied(missing)) => assert_eq!(missing, permission),
        other => panic!("{other:?}"),
    };
    let view = Permission::ViewAlumniRecord;
    denied(
        records
            .list(caller(), Search::default(), page)
            .await
            .unwrap_err(),
        view,
    );
    denied(records.get(caller(), id).await.unwrap_err(), view);
    denied(records.history(caller(), id).await.unwrap_err(), view);
    let new = draft("Bello", "Amina", vec![]);
    denied(
        records.create(caller(), new).await.unwrap_err(),
        Permission::CreateAlumniRecord,
    );
    let modify = Permission::ModifyAlumniRecord;
    let patch = records.modify(caller(), id, RecordPatch::default(), Expected::Anything);
    denied(patch.await.unwrap_err(), modify);
    denied(
        records.merge(caller(), merge(id, id)).await.unwrap_err(),
        modify,
    );
    denied(
        records.duplicates(caller(), pairs).await.unwrap_err(),
        modify,
    );
    denied(
        records
            .dismiss_duplicate(caller(), id, id)
            .await
            .unwrap_err(),
        modify,
    );
}
