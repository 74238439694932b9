//! The directory over HTTP: cards, pages, limits, sizes.

use abu_domain::identity::user::User;
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig, pairs};

const ALUMNI: &str = "/api/v1/alumni";

/// Lists so many members with all that a card can show.
pub(super) fn list(rig: &Rig, count: u32) {
    rig.database().execute(&format!(
        "INSERT INTO users (id, email, password_hash, firstname, lastname, is_active, is_superuser, verification,
                            created_at, last_modified)
         SELECT md5('listed' || n)::uuid, 'listed' || n || '@example.com', '!', 'Fatima', 'Bello', true, false,
             'verified', now(), now()
         FROM generate_series(1, {count}) n;
         INSERT INTO directory_entries (user_id, display_name, name_key, name_set, name_count, terms, grad_year,
                                        department_id, country_id, city, headline)
         SELECT md5('listed' || n)::uuid, 'Fatima Zahra ' || initcap(left(md5(n::text), 6)) || ' Bello',
             'bello fatima zahra ' || n, 'bello fatima zahra', 3,
             ARRAY['bello', 'fatima', 'zahra', '#y' || (1990 + n % 30)], 1990 + n % 30,
             (SELECT min(id) + n % 20 FROM departments), (SELECT id FROM countries WHERE code = 'NG'), 'Port Harcourt',
             'Consultant paediatrician at ' || md5(n::text)
         FROM generate_series(1, {count}) n;
         INSERT INTO name_tokens VALUES ('bello', {count}, 'bl', '{{bello,bell,bllo,belo,ello,beo}}')
         ON CONFLICT DO NOTHING;
         INSERT INTO facet_counts VALUES ('#', {count}) ON CONFLICT DO NOTHING"
    ));
}

async fn ask(rig: &Rig, user: &User, query: &str) -> Answer {
    rig.get(&format!("{ALUMNI}{query}")).by(user).send().await
}

#[tokio::test]
async fn a_card_has_what_is_shown_and_nothing_else() {
    let rig = Rig::start().await;
    let me = rig.verified_user();
    list(&rig, 1);
    rig.database()
        .execute("UPDATE directory_entries SET city = NULL, headline = NULL");
    let page = ask(&rig, &me, "?q=belo").await.expect(200);
    let card = page["items"][0].as_object().unwrap();
    let names: Vec<&str> = card.keys().map(String::as_str).collect();
    assert_eq!(names, ["country", "department", "name", "set", "uuid"]);
    assert_eq!(card["set"], 1991);
    let sparse = ask(&rig, &me, "?fields=name").await.expect(200);
    assert_eq!(sparse["items"][0].as_object().unwrap().len(), 1);
    assert!(page.get("facets").is_none() && page.get("narrow").is_none());
}

#[tokio::test]
async fn twenty_cards_have_at_most_four_kilobytes_compressed() {
    let rig = Rig::start().await;
    let me = rig.verified_user();
    list(&rig, 30);
    let call = rig.get(ALUMNI).by(&me).header("accept-encoding", "gzip");
    let answer = call.send().await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.body.len() <= 4 * 1024, "{} bytes", answer.body.len());
    let whole = ask(&rig, &me, "").await.expect(200);
    assert_eq!(whole["items"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn pages_continue_each_order_to_its_end() {
    let rig = Rig::start().await;
    let me = rig.verified_user();
    list(&rig, 23);
    for sort in ["name", "-name", "year", "-year", "relevance"] {
        let mut query = format!("?q=bello&sort={sort}&limit=5&count=true");
        let (mut seen, mut years) = (Vec::new(), Vec::new());
        loop {
            let page = ask(&rig, &me, &query).await.expect(200);
            assert_eq!(page["total"], json!({"value": 23, "relation": "eq"}));
            for card in page["items"].as_array().unwrap() {
                seen.push(card["uuid"].clone());
                years.push(card["set"].as_i64().unwrap());
            }
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            query = format!("?q=bello&sort={sort}&limit=5&count=true&cursor={next}");
        }
        let count = seen.len();
        seen.sort_by_key(Value::to_string);
        seen.dedup();
        assert_eq!((count, seen.len()), (23, 23), "{sort}");
        match sort {
            "year" => assert!(years.is_sorted()),
            "-year" => assert!(years.is_sorted_by(|a, b| a >= b)),
            _ => {}
        }
    }
    let first = ask(&rig, &me, "?q=bello&limit=5").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let other = ask(&rig, &me, &format!("?q=fatima&limit=5&cursor={cursor}")).await;
    other.problem("cursor-mismatch");
}

#[tokio::test]
async fn every_wrong_parameter_is_named_with_its_rule() {
    let rig = Rig::start().await;
    let me = rig.verified_user();
    let id = Uuid::new_v4();
    for (query, name, code) in [
        ("q=b", "q", "name-query.too-short"),
        ("q=0803+123+4567", "q", "name.no-letter"),
        ("year=1900", "year", "year.range"),
        ("year_from=now", "year_from", "year.range"),
        ("department=atlantis", "department", "reference.unknown"),
        ("employer=7", "employer", "uuid.invalid"),
        ("city=%E2%80%A6", "city", "city.invalid"),
        ("facets=email", "facets", "facets.unknown"),
        ("sort=rank", "sort", "sort.unknown"),
        ("limit=51", "limit", "limit.range"),
        (&format!("skill={id}"), "skill", "reference.unknown"),
    ] {
        let answer = ask(&rig, &me, &format!("?{query}")).await;
        assert_eq!(answer.mistakes(), pairs(&[(name, code)]), "{query}");
    }
    for unknown in [
        "email=a@example.com",
        "phone=1",
        "matric=U15CS1070",
        "offset=20",
    ] {
        let answer = ask(&rig, &me, &format!("?{unknown}")).await;
        answer.problem("unknown-parameter");
    }
    let missing = ask(&rig, &me, "/suggest").await;
    assert_eq!(missing.mistakes(), pairs(&[("q", "required")]));
}

#[tokio::test]
async fn cards_are_counted_by_day_and_searches_by_minute() {
    let rig = Rig::start_with(|settings| {
        settings.rate_limits.enabled = true;
        settings.rate_limits.directory = "4/min".parse().unwrap();
        settings.rate_limits.directory_cards = "25/d".parse().unwrap();
    })
    .await;
    let (me, other) = (rig.verified_user(), rig.verified_user());
    list(&rig, 30);
    ask(&rig, &me, "").await.expect(200);
    let refused = ask(&rig, &me, "").await;
    assert!(
        refused
            .header("ratelimit-policy")
            .starts_with("\"directory-cards\";q=25")
    );
    refused.problem("rate-limited");
    // Nothing was taken: five cards are left.
    ask(&rig, &me, "?limit=5").await.expect(200);
    ask(&rig, &me, "?q=xylophon").await.expect(200);
    let refused = ask(&rig, &me, "?q=xylophon").await;
    assert!(
        refused
            .header("ratelimit-policy")
            .starts_with("\"directory\";q=4")
    );
    refused.problem("rate-limited");
    ask(&rig, &other, "").await.expect(200);
}

#[tokio::test]
async fn suggestions_have_a_limit_of_their_own() {
    let rig = Rig::start_with(|settings| {
        settings.rate_limits.enabled = true;
        settings.rate_limits.directory = "1/min".parse().unwrap();
        settings.rate_limits.suggestions = "2/min".parse().unwrap();
    })
    .await;
    let me = rig.verified_user();
    for _ in 0..2 {
        ask(&rig, &me, "/suggest?q=bel").await.expect(200);
    }
    let refused = ask(&rig, &me, "/suggest?q=bel").await;
    assert!(
        refused
            .header("ratelimit-policy")
            .starts_with("\"suggestions\";q=2")
    );
    refused.problem("rate-limited");
    ask(&rig, &me, "").await.expect(200);
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let rig = Rig::start().await;
    let me = rig.verified_user();
    list(&rig, 3);
    let whole = ask(&rig, &me, "?facets=year").await;
    let page = whole.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert!(page["facets"]["year"].is_array());
    let again = rig.get(&format!("{ALUMNI}?facets=year")).by(&me);
    let again = again
        .header("if-none-match", whole.header("etag"))
        .send()
        .await;
    assert_eq!(again.status.as_u16(), 304);
}

#[tokio::test]
async fn accounts_without_verification_see_rounded_sizes_alone() {
    let rig = Rig::start().await;
    let me = rig.user();
    rig.database().execute(
        "INSERT INTO set_counts VALUES ('year', 0, 0, 2015, 43, 7, '2026-01-05T03:45:00Z')",
    );
    let counts = ask(&rig, &me, "/counts").await.expect(200);
    assert_eq!(
        counts,
        json!({"as_of": "2026-01-05T03:45:00Z",
               "sets": [{"kind": "year", "year": 2015, "graduates": "40", "members": "<10"}]})
    );
    ask(&rig, &me, "").await.problem("not-verified-alumni");
    ask(&rig, &me, "?year=2015&count=true")
        .await
        .problem("not-verified-alumni");
}
