//! Pagination: cursors, filters, counts, sparse entries.

use std::collections::BTreeSet;

use abu_domain::{access::Permission, identity::user::User};
use serde_json::{Value, json};

use super::{
    documentation::operations,
    support::{Answer, Rig, Subjects, pairs},
};

async fn page(rig: &Rig, viewer: &User, path: &str) -> Value {
    rig.get(path).by(viewer).send().await.expect(200)
}

fn uuids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["uuid"].as_str().unwrap().to_owned())
        .collect()
}

/// The address that the header `Link` gives for this relation.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let links = answer.headers.get("link")?.to_str().unwrap();
    links.split(", ").find_map(|link| {
        let (address, found) = link.strip_prefix('<').unwrap().split_once(">; ").unwrap();
        (found == format!("rel=\"{relation}\"")).then(|| address.to_owned())
    })
}

#[tokio::test]
async fn following_the_links_lists_every_entry_once_newest_first() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let mut expected: Vec<String> = (0..7).map(|_| rig.user().id.to_string()).collect();
    expected.reverse();

    let mut address = "/api/v1/users?limit=3&created_after=2020-01-01T00:00:00%2B01:00".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = rig.get(&address).by(&viewer).send().await;
        let page = answer.expect(200);
        assert!(uuids(&page).len() <= 3);
        seen.extend(uuids(&page));
        let next = link(&answer, "next");
        assert_eq!(next.is_some(), !page["next_cursor"].is_null());
        let Some(next) = next else { break };
        address = next;
        assert!(address.contains(page["next_cursor"].as_str().unwrap()));
    }
    assert_eq!(seen[..7], expected);
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len());
    // Those seven, the viewer, and the first superuser.
    assert_eq!(seen.len(), 9);
}

#[tokio::test]
async fn a_page_that_ends_with_the_list_has_no_next_one() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let everybody = page(&rig, &viewer, "/api/v1/users?limit=2").await;
    assert_eq!(uuids(&everybody).len(), 2);
    assert!(everybody["next_cursor"].is_null());
    let unknown = page(&rig, &viewer, "/api/v1/users?q=unknown").await;
    assert_eq!(
        unknown,
        json!({"items": [], "next_cursor": null, "prev_cursor": null, "total": null})
    );
}

#[tokio::test]
async fn people_come_at_most_fifty_at_a_time() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    page(&rig, &viewer, "/api/v1/users?limit=50").await;
    for limit in ["51", "0", "-1", "ten", "", "99999999999999999999"] {
        let call = rig.get(&format!("/api/v1/users?limit={limit}")).by(&viewer);
        let mistakes = call.send().await.mistakes();
        assert_eq!(mistakes, [("limit".to_owned(), "limit.range".to_owned())]);
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_and_filters_alone() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    for _ in 0..3 {
        rig.user();
    }
    let first = page(
        &rig,
        &viewer,
        "/api/v1/users?limit=1&is_active=true&q=amina",
    )
    .await;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();

    // The same filters in another order, and another manner of showing them, are the same list.
    for manner in ["limit=2", "limit=2&count=true", "limit=2&fields=uuid"] {
        let same = format!("/api/v1/users?q=amina&cursor={cursor}&is_active=true&{manner}");
        assert_eq!(uuids(&page(&rig, &viewer, &same).await).len(), 2);
    }

    let mut tampered = cursor.clone().into_bytes();
    let last = tampered.len() - 3;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    for path in [
        format!("/api/v1/users?cursor={cursor}"),
        format!("/api/v1/users?cursor={cursor}&is_active=true&q=fatima"),
        format!("/api/v1/users?cursor={cursor}&is_active=false&q=amina"),
        format!("/api/v1/rooms?cursor={cursor}"),
        format!("/api/v1/users?cursor={tampered}&is_active=true&q=amina"),
        "/api/v1/users?cursor=".to_owned(),
        "/api/v1/users?cursor=%00".to_owned(),
        "/api/v1/users?cursor=e30".to_owned(),
    ] {
        let answer = rig.get(&path).by(&viewer).send().await;
        assert_eq!(answer.status.as_u16(), 400, "{path}");
        answer.problem("cursor-mismatch");
    }
}

#[tokio::test]
async fn each_filter_shows_those_it_names() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let database = rig.database();
    let ngozi = database.user().name("Ngozi", "Okafor").create();
    let editor = database.user().in_group("editor_group").create();
    let suspended = database.user().suspended().create();
    let only = |user: &User| vec![user.id.to_string()];
    for (query, expected) in [
        ("q=ngo".to_owned(), only(&ngozi)),
        ("q=OKAF".to_owned(), only(&ngozi)),
        (format!("q={}", ngozi.email.as_str()), only(&ngozi)),
        ("q=%25".to_owned(), vec![]),
        ("group=editor_group".to_owned(), only(&editor)),
        (
            "group=no_group&group=editor_group".to_owned(),
            only(&editor),
        ),
        (
            "verification=verified&verification=unverified&q=ngo".to_owned(),
            only(&ngozi),
        ),
        ("group=no_group".to_owned(), vec![]),
        ("is_active=false".to_owned(), only(&suspended)),
        ("verification=verified".to_owned(), vec![]),
        ("created_after=2999-01-01T00:00:00Z".to_owned(), vec![]),
        ("group=editor_group&is_active=false".to_owned(), vec![]),
    ] {
        let shown = page(&rig, &viewer, &format!("/api/v1/users?{query}")).await;
        assert_eq!(uuids(&shown), expected, "{query}");
    }
}

/// The entries of a list, one page after the other.
async fn walk(rig: &Rig, viewer: &User, address: String) -> Vec<Value> {
    let (mut address, mut entries) = (Some(address), Vec::new());
    while let Some(page) = address {
        let answer = rig.get(&page).by(viewer).send().await;
        let page = answer.expect(200);
        entries.extend(page["items"].as_array().unwrap().clone());
        address = link(&answer, "next");
    }
    entries
}

fn verified_superuser(rig: &Rig) -> User {
    let user = rig.superuser();
    rig.verify(&user);
    user
}

/// The addresses of all lists that stay as they are, each with the parameters of its operation.
async fn lists(rig: &Rig, viewer: &User) -> Vec<(String, Vec<Value>)> {
    let subjects = Subjects::of(rig, viewer, Permission::ModifyRole);
    let description = rig.description().await;
    let lists = operations(&description).into_iter().filter_map(|one| {
        let parameters = one.value["parameters"].as_array()?.clone();
        let is_list = parameters.iter().any(|one| one["name"] == "cursor");
        // A view of the audit log adds to it.
        (is_list && one.path != "/api/v1/admin/audit-log")
            .then(|| (subjects.fill(&one.path, ""), parameters))
    });
    lists.collect()
}

#[tokio::test]
async fn every_list_is_read_in_the_orders_that_its_description_names() {
    let rig = Rig::without_limits().await;
    let viewer = verified_superuser(&rig);
    let mut turned = 0;
    for (path, parameters) in lists(&rig, &viewer).await {
        let sort = parameters.iter().find(|one| one["name"] == "sort").unwrap();
        let orders = sort["schema"]["enum"].as_array().unwrap();
        assert_eq!(sort["schema"]["default"], orders[0], "{path}");
        let usual = walk(&rig, &viewer, format!("{path}?limit=2")).await;
        for (order, reversed) in orders.iter().zip([false, true]) {
            let order = order.as_str().unwrap();
            let mut sorted = walk(&rig, &viewer, format!("{path}?limit=2&sort={order}")).await;
            if reversed {
                sorted.reverse();
            }
            assert_eq!(sorted, usual, "{path} {order}");
        }
        turned += usize::from(usual.len() > 2);
        let wrong = rig.get(&format!("{path}?sort=x")).by(&viewer).send().await;
        assert_eq!(
            wrong.mistakes(),
            pairs(&[("sort", "sort.unknown")]),
            "{path}"
        );
    }
    assert!(turned >= 3);
}

#[tokio::test]
async fn a_cursor_belongs_to_the_order_it_came_from() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let first = page(&rig, &viewer, "/api/v1/users?limit=1&sort=created_at").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    for sort in ["", "&sort=-created_at"] {
        let other = rig.get(&format!("/api/v1/users?cursor={cursor}{sort}"));
        other.by(&viewer).send().await.problem("cursor-mismatch");
    }
}

#[tokio::test]
async fn every_parameter_that_may_repeat_takes_several_values() {
    let rig = Rig::without_limits().await;
    let viewer = verified_superuser(&rig);
    // Names of the examples.
    rig.database().execute(
        "INSERT INTO employers (uuid, name, name_key, state, created_at, last_modified)
         VALUES ('5b0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b42', 'A mill', 'a mill', 'confirmed', now(), now());
         INSERT INTO skills (uuid, name, name_key, state, created_at, last_modified)
         VALUES ('7c0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b44', 'Milling', 'milling', 'confirmed', now(), now())",
    );
    let mut repeated = BTreeSet::new();
    let mut all = lists(&rig, &viewer).await;
    let description = rig.description().await;
    let log = &description["paths"]["/api/v1/admin/audit-log"]["get"]["parameters"];
    let log = log.as_array().unwrap().clone();
    all.push(("/api/v1/admin/audit-log".to_owned(), log));
    for (path, parameters) in all {
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            let values = match &parameter["schema"]["items"]["enum"] {
                Value::Null => &parameter["example"],
                values => values,
            };
            let Some(value) = values[0].as_str() else {
                continue;
            };
            let twice = rig.get(&format!("{path}?{name}={value}&{name}={value}"));
            twice.by(&viewer).send().await.expect(200);
            let many = format!("{name}={value}&").repeat(21);
            let many = rig.get(&format!("{path}?{many}")).by(&viewer).send().await;
            assert_eq!(many.mistakes(), pairs(&[(name, "repeated")]), "{path}");
            repeated.insert(name.to_owned());
        }
    }
    assert!(repeated.len() >= 6, "{repeated:?}");
}

#[tokio::test]
async fn a_list_that_grows_between_two_pages_neither_repeats_nor_skips() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let older: Vec<_> = (0..4).map(|_| rig.user().id.to_string()).collect();
    let first = page(&rig, &viewer, "/api/v1/users?limit=2").await;
    rig.user();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = page(
        &rig,
        &viewer,
        &format!("/api/v1/users?limit=2&cursor={cursor}"),
    )
    .await;
    let mut seen = uuids(&first);
    seen.extend(uuids(&second));
    seen.reverse();
    assert_eq!(seen, older);
}

#[tokio::test]
async fn links_walk_a_filtered_list_to_its_end_and_back() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let mut expected = Vec::new();
    for number in 0..45 {
        let member = rig.database().user().name("Ngozi", "Okafor").create();
        expected.push(member.id.to_string());
        // An excluded user sorts between them.
        match number % 3 {
            0 => drop(
                rig.database()
                    .user()
                    .name("Ngozi", "Eze")
                    .suspended()
                    .create(),
            ),
            1 => drop(rig.user()),
            _ => {}
        }
    }
    expected.reverse();

    let mut address = "/api/v1/users?q=ngozi&is_active=true&limit=10".to_owned();
    let mut forward = Vec::new();
    let last = loop {
        let answer = rig.get(&address).by(&viewer).send().await;
        let page = answer.expect(200);
        assert_eq!(page["prev_cursor"].is_null(), forward.is_empty());
        assert_eq!(link(&answer, "prev").is_some(), !forward.is_empty());
        forward.push(uuids(&page));
        match link(&answer, "next") {
            Some(next) => address = next,
            None => break answer,
        }
    };
    let sizes: Vec<usize> = forward.iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 10, 10, 5]);
    assert_eq!(forward.concat(), expected);

    let mut answer = last;
    let mut backward = vec![uuids(&answer.json())];
    while let Some(prev) = link(&answer, "prev") {
        assert!(prev.contains(answer.json()["prev_cursor"].as_str().unwrap()));
        answer = rig.get(&prev).by(&viewer).send().await;
        let page = answer.expect(200);
        assert!(!page["next_cursor"].is_null());
        backward.push(uuids(&page));
    }
    backward.reverse();
    assert_eq!(backward, forward);
    assert!(answer.json()["prev_cursor"].is_null());
}

#[tokio::test]
async fn walking_back_shows_new_entries_and_an_empty_page_links_back() {
    let rig = Rig::start().await;
    let me = rig.user();
    let rooms: Vec<String> = (0..4)
        .map(|_| rig.database().group(me.id).create().id.to_string())
        .collect();
    let first = page(&rig, &me, "/api/v1/rooms?limit=2").await;
    let cursor = |page: &Value, which: &str| {
        let cursor = page[which].as_str().unwrap();
        format!("/api/v1/rooms?limit=2&cursor={cursor}")
    };
    let second = page(&rig, &me, &cursor(&first, "next_cursor")).await;
    assert_eq!(uuids(&second), [rooms[1].as_str(), &rooms[0]]);
    let newest = rig.database().group(me.id).create().id.to_string();
    let back = page(&rig, &me, &cursor(&second, "prev_cursor")).await;
    assert_eq!(uuids(&back), [rooms[3].as_str(), &rooms[2]]);
    let start = page(&rig, &me, &cursor(&back, "prev_cursor")).await;
    assert_eq!(uuids(&start), [newest]);
    assert!(start["prev_cursor"].is_null());

    for room in &rooms[..2] {
        let archived = rig.delete(&format!("/api/v1/rooms/{room}")).by(&me);
        archived.send().await.expect_nothing();
    }
    let gone = page(&rig, &me, &cursor(&first, "next_cursor")).await;
    assert!(uuids(&gone).is_empty());
    assert!(gone["next_cursor"].is_null());
    let end = page(&rig, &me, &cursor(&gone, "prev_cursor")).await;
    assert_eq!(uuids(&end), [rooms[3].as_str(), &rooms[2]]);
}

#[tokio::test]
async fn sparse_entries_keep_their_fields_on_the_next_page() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    rig.user();
    let address = "/api/v1/users?limit=1&fields=email,uuid";
    let answer = rig.get(address).by(&viewer).send().await;
    let first = answer.expect(200);
    let next = rig.get(&link(&answer, "next").unwrap()).by(&viewer);
    for page in [first, next.send().await.expect(200)] {
        let entry = page["items"][0].as_object().unwrap();
        let names: Vec<&str> = entry.keys().map(String::as_str).collect();
        assert_eq!(names, ["email", "uuid"]);
        assert!(entry["email"].as_str().unwrap().contains('@'));
    }
}

#[tokio::test]
async fn every_list_accepts_its_entries_fields_and_flattened_ones() {
    let rig = Rig::start().await;
    let me = rig.holder_of(&[Permission::ViewUser]);
    let room = rig.database().group(me.id).create().id;
    rig.database().message(room, me.id, "sannu");
    for (path, field) in [
        ("/api/v1/users".to_owned(), "groups"),
        ("/api/v1/rooms".to_owned(), "member_count"),
        ("/api/v1/rooms".to_owned(), "last_message"),
        (format!("/api/v1/rooms/{room}/members"), "role"),
        (format!("/api/v1/rooms/{room}/messages"), "seq"),
    ] {
        let page = page(&rig, &me, &format!("{path}?fields={field}")).await;
        let entry = page["items"][0].as_object().unwrap();
        assert_eq!(entry.len(), 1, "{path}");
        assert!(!entry[field].is_null(), "{path}");
    }
    // What an entry leaves out is not made up.
    let messages = format!("/api/v1/rooms/{room}/messages?fields=reply_to");
    assert_eq!(page(&rig, &me, &messages).await["items"], json!([{}]));
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_the_list_of_known_ones() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    for (fields, code) in [
        ("password", "fields.unknown"),
        ("uuid,role", "fields.unknown"),
        ("", "fields.empty"),
        ("uuid,,email", "fields.empty"),
        ("uuid,uuid", "fields.repeated"),
        ("uuid&fields=email", "repeated"),
    ] {
        let call = rig
            .get(&format!("/api/v1/users?fields={fields}"))
            .by(&viewer);
        let answer = call.send().await;
        assert_eq!(answer.mistakes(), pairs(&[("fields", code)]), "{fields}");
        assert!(!answer.text().contains("password"));
        let told = answer.text().contains("verification");
        assert_eq!(told, code == "fields.unknown");
    }
}

#[tokio::test]
async fn a_list_is_counted_whole_where_that_is_asked_for() {
    let rig = Rig::start().await;
    let me = rig.holder_of(&[Permission::ViewUser]);
    let room = rig
        .database()
        .group(me.id)
        .member(rig.user().id)
        .create()
        .id;
    for i in 1..=7 {
        rig.database().message(room, me.id, &format!("message {i}"));
    }
    for (path, value) in [
        // Those two, and the first superuser.
        ("/api/v1/users?limit=1".to_owned(), 3),
        ("/api/v1/users?q=unknown".to_owned(), 0),
        ("/api/v1/users?q=amina&limit=1".to_owned(), 2),
        ("/api/v1/rooms?limit=1".to_owned(), 1),
        (format!("/api/v1/rooms/{room}/members?limit=1"), 2),
        (format!("/api/v1/rooms/{room}/messages?limit=2"), 7),
        (
            format!("/api/v1/rooms/{room}/messages?limit=2&after_seq=2&before_seq=6"),
            3,
        ),
    ] {
        let and = if path.contains('?') { '&' } else { '?' };
        let counted = page(&rig, &me, &format!("{path}{and}count=true")).await;
        let expected = json!({"value": value, "relation": "eq"});
        assert_eq!(counted["total"], expected, "{path}");
        for path in [path.clone(), format!("{path}{and}count=false")] {
            assert!(page(&rig, &me, &path).await["total"].is_null(), "{path}");
        }
    }
    let wrong = rig.get("/api/v1/rooms?count=yes").by(&me).send().await;
    assert_eq!(wrong.mistakes(), pairs(&[("count", "flag.invalid")]));
}

#[tokio::test]
async fn a_count_stops_at_ten_thousand() {
    let rig = Rig::start().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    rig.database().execute(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, created_at, last_modified)
         SELECT id, id || '@example.com', '-', 'Many', 'People', now(), now()
         FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 10001)) AS many",
    );
    let many = page(&rig, &viewer, "/api/v1/users?limit=1&count=true&q=many").await;
    assert_eq!(many["total"], json!({"value": 10_000, "relation": "gte"}));
}

#[tokio::test]
async fn a_refused_list_does_not_reveal_its_length() {
    let rig = Rig::start().await;
    let (stranger, owner) = (rig.user(), rig.user());
    let room = rig.database().group(owner.id).create().id;
    let users = rig.get("/api/v1/users?count=true").by(&stranger);
    users.send().await.problem("permission-denied");
    for list in ["members", "messages"] {
        let path = format!("/api/v1/rooms/{room}/{list}?count=true");
        rig.get(&path)
            .by(&stranger)
            .send()
            .await
            .problem("not-found");
    }
}
