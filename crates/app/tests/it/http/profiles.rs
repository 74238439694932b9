//! Profiles over HTTP: what a client of its owner, of other graduates and of the public sees.

use abu_domain::{access::Permission, identity::user::User};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig};

impl Rig {
    /// A verified graduate who agreed to be listed.
    pub(super) fn verified(&self, firstname: &str) -> User {
        let user = self.database().user().name(firstname, "Bello");
        let user = user.in_group("verified_alumni_group").create();
        let (id, record) = (user.id, Uuid::new_v4());
        self.database().execute(&format!(
            "INSERT INTO alumni_records (id, surname, given_names, name_tokens, created_at, last_modified)
                 VALUES ('{record}', 'Bello', '{firstname}', '{{bello}}', now(), now());
             INSERT INTO awards (id, record_id, department_id, degree_id, year, matric_raw, created_at, last_modified)
                 SELECT gen_random_uuid(), '{record}', d.id, g.id, 2015, 'U15CS1070', now(), now()
                 FROM (SELECT id FROM departments WHERE code = 'computer-science') d,
                      (SELECT id FROM degrees WHERE code = 'bsc') g;
             UPDATE users SET verification = 'verified' WHERE id = '{id}';
             INSERT INTO claims (id, user_id, state, awards, names, list_me, record_id, method, created_at,
                                 last_modified)
                 VALUES (gen_random_uuid(), '{id}', 'verified', '[]', '{{}}', true, '{record}', 'review', now(),
                         now());
             INSERT INTO consents (id, user_id, purpose, version, granted, source, created_at)
                 VALUES (gen_random_uuid(), '{id}', 'directory', 'listing-1', true, 'claim', now())"
        ));
        user
    }

    pub(super) async fn patch_profile(&self, user: &User, patch: Value) -> Value {
        let call = self.patch("/api/v1/me/profile").by(user);
        let call = call.header("if-match", "*").json(&patch);
        call.send().await.expect(200)
    }

    async fn profile(&self, viewer: &User, user: &User) -> Answer {
        let call = self.get(&format!("/api/v1/profiles/{}", user.id));
        call.by(viewer).send().await
    }
}

fn without_instance(answer: &Answer) -> Value {
    let mut problem = answer.problem("not-found");
    problem.as_object_mut().unwrap().remove("instance");
    problem
}

#[tokio::test]
async fn a_profile_is_changed_in_the_version_that_was_read() {
    let rig = Rig::start().await;
    let fatima = rig.verified("Fatima");
    let read = rig.get("/api/v1/me/profile").by(&fatima).send().await;
    let profile = read.expect(200);
    assert_eq!(profile["name"], "Fatima Bello");
    assert_eq!(profile["awards"][0]["department"], "computer-science");
    assert_eq!(profile["awards"][0]["matric_number"], "U15CS1070");
    assert_eq!(
        (&profile["listed"], &profile["shown"]),
        (&json!(true), &json!(true))
    );
    assert!(profile.get("headline").is_none(), "absent, not null");

    let patch = |tag: Option<&str>, body: Value| {
        let call = rig.patch("/api/v1/me/profile").by(&fatima).json(&body);
        match tag {
            Some(tag) => call.header("if-match", tag).send(),
            None => call.header("accept", "*/*").send(),
        }
    };
    let body = json!({"headline": "Surgeon", "country": "NG", "state": "kaduna", "city": "Zaria"});
    patch(None, body.clone())
        .await
        .problem("precondition-required");
    let changed = patch(Some("*"), body).await;
    let profile = changed.expect(200);
    assert_eq!(profile["headline"], "Surgeon");
    assert_eq!(
        (&profile["country"], &profile["state"]),
        (&json!("NG"), &json!("kaduna"))
    );
    let tag = changed.header("etag").to_owned();
    let entry = rig.post("/api/v1/me/profile/links").by(&fatima);
    let entry = entry.json(&json!({"kind": "website", "url": "https://example.com/me"}));
    let entry = entry.send().await;
    let link = entry.expect(201);
    assert_eq!(link["url"], "https://example.com/me");
    let path = entry.header("location").to_owned();
    assert_eq!(
        path,
        format!(
            "/api/v1/me/profile/links/{}",
            link["uuid"].as_str().unwrap()
        )
    );
    patch(Some(&tag), json!({"headline": null}))
        .await
        .problem("precondition-failed");
    rig.delete(&path).by(&fatima).send().await.expect_nothing();
    rig.delete(&path)
        .by(&fatima)
        .send()
        .await
        .problem("not-found");
}

#[tokio::test]
async fn hostile_fields_are_refused_by_pointer_and_rule() {
    let rig = Rig::start().await;
    let fatima = rig.verified("Fatima");
    let call = |method, path: &str, body: Value| {
        let call = rig.call(method, path).by(&fatima).header("if-match", "*");
        call.json(&body).send()
    };
    let profile = "/api/v1/me/profile";
    for (method, path, body, pointer, code) in [
        (
            "PATCH",
            "",
            json!({"headline": "x".repeat(121)}),
            "/headline",
            "headline.length",
        ),
        (
            "PATCH",
            "",
            json!({"headline": "a\u{202e}b"}),
            "/headline",
            "name.invisible-character",
        ),
        (
            "PATCH",
            "",
            json!({"bio": "a\u{0}b"}),
            "/bio",
            "bio.control-character",
        ),
        (
            "PATCH",
            "",
            json!({"country": "XX"}),
            "/country",
            "reference.unknown",
        ),
        (
            "PATCH",
            "",
            json!({"state": "kano"}),
            "/state",
            "state.not-in-country",
        ),
        (
            "PATCH",
            "",
            json!({"slug": "../admin"}),
            "/slug",
            "slug.invalid",
        ),
        (
            "PATCH",
            "",
            json!({"slug": "admin"}),
            "/slug",
            "slug.reserved",
        ),
        (
            "PATCH",
            "",
            json!({"preferred_name": "Aliko"}),
            "/preferred_name",
            "preferred_name.unrelated",
        ),
        (
            "POST",
            "/links",
            json!({"kind": "website", "url": "javascript:alert(1)"}),
            "/url",
            "url.not-https",
        ),
        (
            "POST",
            "/links",
            json!({"kind": "blog", "url": "https://example.com"}),
            "/kind",
            "kind.unknown",
        ),
        (
            "POST",
            "/skills",
            json!({"name": "—"}),
            "/name",
            "skill.no-letter",
        ),
        (
            "POST",
            "/experiences",
            json!({"title": "Clerk", "started": "2020-02", "ended": "2020-01", "is_current": false}),
            "/ended",
            "period.order",
        ),
        (
            "POST",
            "/educations",
            json!({"institution": "A school", "from_year": 1800}),
            "/from_year",
            "year.range",
        ),
    ] {
        let answer = call(method, &format!("{profile}{path}"), body.clone()).await;
        let problem = answer.problem("validation-failed");
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{body}"
        );
    }
    for (body, pointer, code) in [
        (
            json!({"levels": {"email": "public"}}),
            "/levels/email",
            "level.not-allowed",
        ),
        (
            json!({"levels": {"headline": "friends"}}),
            "/levels/headline",
            "level.unknown",
        ),
        (
            json!({"levels": {"religion": "public"}}),
            "/levels/religion",
            "unknown",
        ),
    ] {
        let answer = call("PUT", "/api/v1/me/privacy", body).await;
        let error = &answer.problem("validation-failed")["errors"][0];
        assert_eq!(error["pointer"], pointer);
        assert!(error["code"].as_str().unwrap().contains(code), "{error}");
    }
}

#[tokio::test]
async fn graduates_see_what_levels_allow_and_hidden_fields_are_absent() {
    let rig = Rig::start().await;
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| rig.verified(name));
    rig.patch_profile(&fatima, json!({"headline": "Surgeon", "bio": "About me."}))
        .await;
    let seen = rig.profile(&musa, &fatima).await;
    let profile = seen.expect(200);
    let keys: Vec<&String> = profile.as_object().unwrap().keys().collect();
    let expected = [
        "awards",
        "bio",
        "given_names",
        "headline",
        "name",
        "surname",
        "uuid",
    ];
    assert_eq!(keys, expected);
    assert!(profile["awards"][0].get("matric_number").is_none());
    let tag = seen.header("etag").to_owned();
    let again = rig
        .get(&format!("/api/v1/profiles/{}", fatima.id))
        .by(&musa);
    let again = again.header("if-none-match", &tag).send().await;
    assert_eq!(again.status.as_u16(), 304);

    let hidden = json!({"levels": {"headline": "connections", "bio": "only_me"}});
    let call = rig.put("/api/v1/me/privacy").by(&fatima).json(&hidden);
    let changed = call.send().await.expect(200);
    let effects: Vec<&str> = changed["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["effect"].as_str().unwrap())
        .collect();
    assert_eq!(
        effects,
        [
            "Not searchable, shown to 0 connections.",
            "Not searchable, shown to you alone.",
        ]
    );
    let profile = rig.profile(&musa, &fatima).await.expect(200);
    assert!(profile.get("headline").is_none() && profile.get("bio").is_none());
    let preview = rig.get("/api/v1/me/profile?as=connection").by(&fatima);
    let preview = preview.send().await.expect(200);
    assert_eq!(
        (&preview["headline"], &preview["viewed_as"]),
        (&json!("Surgeon"), &json!("connection"))
    );
    assert!(preview.get("bio").is_none() && preview.get("listed").is_none());
    rig.profile(&rig.user(), &fatima)
        .await
        .problem("not-verified-alumni");
}

#[tokio::test]
async fn unlisted_suspended_and_unknown_members_look_alike() {
    let rig = Rig::start().await;
    let [musa, unlisted, suspended] = ["Musa", "Fatima", "Amina"].map(|name| rig.verified(name));
    let body = json!({"listed": false});
    let call = rig.put("/api/v1/me/privacy").by(&unlisted).json(&body);
    assert_eq!(call.send().await.expect(200)["listed"], false);
    rig.database().execute(&format!(
        "UPDATE users SET is_active = false WHERE id = '{}'",
        suspended.id
    ));
    let unknown = rig
        .get(&format!("/api/v1/profiles/{}", Uuid::new_v4()))
        .by(&musa);
    let expected = without_instance(&unknown.send().await);
    for user in [&unlisted, &suspended, &rig.user()] {
        assert_eq!(without_instance(&rig.profile(&musa, user).await), expected);
    }
}

#[tokio::test]
async fn a_public_page_is_not_indexed_unless_its_member_allows_it() {
    let rig = Rig::start().await;
    let fatima = rig.verified("Fatima");
    let page = || rig.get("/api/v1/p/fatima-bello").send();
    let absent = rig.get("/api/v1/p/no-such-page").send().await;
    let expected = without_instance(&absent);
    assert_eq!(
        without_instance(&rig.get("/api/v1/p/A--B").send().await),
        expected
    );
    rig.patch_profile(
        &fatima,
        json!({"slug": "fatima-bello", "headline": "Surgeon"}),
    )
    .await;
    assert_eq!(
        without_instance(&page().await),
        expected,
        "the name is not public"
    );
    let preview = rig.get("/api/v1/me/profile?as=public").by(&fatima);
    preview.send().await.problem("not-found");
    let body = json!({"levels": {"name": "public"}});
    let call = rig.put("/api/v1/me/privacy").by(&fatima).json(&body);
    call.send().await.expect(200);
    let answer = page().await;
    let shown = answer.expect(200);
    assert_eq!(shown["name"], "Fatima Bello");
    assert!(shown.get("headline").is_none() && shown.get("awards").is_none());
    assert_eq!(answer.header("x-robots-tag"), "noindex");
    rig.patch_profile(&fatima, json!({"allow_indexing": true}))
        .await;
    assert!(!page().await.headers.contains_key("x-robots-tag"));
}

#[tokio::test]
async fn a_whole_profile_is_at_most_4_kb() {
    let rig = Rig::start().await;
    let [fatima, musa] = ["Fatima", "Musa"].map(|name| rig.verified(name));
    let patch = json!({
        "headline": "Data engineer at the National Hospital, Abuja",
        "bio": "I build data platforms for hospitals in the north. ".repeat(10),
        "country": "NG", "state": "kaduna", "city": "Zaria", "industry": "health",
    });
    rig.patch_profile(&fatima, patch).await;
    let post = |path: &str, body: Value| {
        rig.post(&format!("/api/v1/me/profile/{path}"))
            .by(&fatima)
            .json(&body)
            .send()
    };
    for number in 0..5 {
        let work = json!({
            "employer": format!("National Hospital Abuja {number}"),
            "title": "Senior data engineer",
            "started": "2015-01", "ended": "2018-12", "is_current": false,
        });
        post("experiences", work).await.expect(201);
    }
    for number in 0..3 {
        let school = json!({
            "institution": format!("University of Lagos {number}"),
            "degree": "M.Sc.", "field": "Statistics", "from_year": 2016, "to_year": 2018,
        });
        post("educations", school).await.expect(201);
    }
    for number in 0..3 {
        let link =
            json!({"kind": "website", "url": format!("https://example.com/fatima/{number}")});
        post("links", link).await.expect(201);
    }
    let skills: Vec<String> = (0..15)
        .map(|number| format!("Data engineering {number}"))
        .collect();
    let call = rig.put("/api/v1/me/profile/skills").by(&fatima);
    call.json(&json!({"skills": skills}))
        .send()
        .await
        .expect(200);
    let seen = rig.profile(&musa, &fatima).await;
    assert_eq!(seen.expect(200)["experiences"].as_array().unwrap().len(), 5);
    assert!(seen.body.len() <= 4_096, "{} bytes", seen.body.len());
}

#[tokio::test]
async fn the_office_confirms_and_merges_names() {
    let rig = Rig::start().await;
    let fatima = rig.verified("Fatima");
    let office = rig.holder_of(&[Permission::ManageSettings]);
    let call = rig.put("/api/v1/me/profile/skills").by(&fatima);
    let skills = call
        .json(&json!({"skills": ["statistic", "Stats"]}))
        .send()
        .await;
    let skills = skills.expect(200);
    let uuid = |at: usize| skills["items"][at]["uuid"].as_str().unwrap();
    let terms = "/api/v1/admin/vocabularies/skills/terms";
    let list = rig
        .get(&format!("{terms}?state=proposed&q=sta"))
        .by(&office);
    let listed = list.send().await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let confirm = rig
        .post(&format!("{terms}/{}/confirm", uuid(0)))
        .by(&office);
    let term = confirm
        .json(&json!({"name": "Statistics"}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        (&term["name"], &term["state"]),
        (&json!("Statistics"), &json!("confirmed"))
    );
    let merge = rig.post(&format!("{terms}/{}/merge", uuid(1))).by(&office);
    merge
        .json(&json!({"into_uuid": uuid(0)}))
        .send()
        .await
        .expect(200);
    let own = rig
        .get("/api/v1/me/profile")
        .by(&fatima)
        .send()
        .await
        .expect(200);
    assert_eq!(
        own["skills"],
        json!([{"uuid": uuid(0), "name": "Statistics"}])
    );
    let none = rig
        .get("/api/v1/admin/vocabularies/towns/terms")
        .by(&office);
    none.send().await.problem("not-found");
}
