//! Lists, their filters and their cursors.

use std::collections::BTreeSet;

use abu_domain::{access::Permission, user::User};
use serde_json::Value;

use super::support::Rig;

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

#[tokio::test]
async fn following_the_links_shows_everybody_once_the_newest_first() {
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
        let link = answer.headers.get("link");
        assert_eq!(link.is_some(), !page["next_cursor"].is_null());
        let Some(link) = link else { break };
        let link = link.to_str().unwrap();
        let next = link.strip_prefix('<').unwrap();
        address = next.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
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
    let nobody = page(&rig, &viewer, "/api/v1/users?q=nobody").await;
    assert_eq!(
        nobody,
        serde_json::json!({"items": [], "next_cursor": null})
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

    // The same filters in another order, and another limit, are the same list.
    let same = format!("/api/v1/users?q=amina&cursor={cursor}&is_active=true&limit=2");
    assert_eq!(uuids(&page(&rig, &viewer, &same).await).len(), 2);

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
