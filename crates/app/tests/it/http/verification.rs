//! Verification over HTTP: one way for each method, and answers that tell nothing.

use std::time::{Duration, Instant};

use abu_domain::{access::Permission, identity::user::User};
use abu_test_support::{SmtpServer, TestServer};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig};

/// What does not happen within this time does not happen.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);

impl Rig {
    /// A graduate in the register, in a department that the reference data has.
    fn graduate(&self, surname: &str, given_names: &str, email: &str) -> Uuid {
        let id = Uuid::new_v4();
        let mut tokens: Vec<String> = format!("{surname} {given_names}")
            .to_lowercase()
            .split(' ')
            .map(str::to_owned)
            .collect();
        tokens.sort_unstable();
        let tokens = tokens.join(",");
        self.database().execute(&format!(
            "INSERT INTO alumni_records
                 (id, surname, given_names, name_tokens, email, created_at, last_modified)
             VALUES ('{id}', '{surname}', '{given_names}', '{{{tokens}}}', '{email}', now(), now());
             INSERT INTO awards
                 (id, record_id, department_id, degree_id, year, matric_raw, matric_norm,
                  created_at, last_modified)
             SELECT gen_random_uuid(), '{id}', d.id, g.id, 2019, 'U15CS1070', 'U15CS1070', now(), now()
             FROM (SELECT id FROM departments ORDER BY code LIMIT 1) d,
                  (SELECT id FROM degrees WHERE code = 'bsc') g"
        ));
        id
    }

    fn department(&self) -> String {
        self.database()
            .texts("SELECT code FROM departments ORDER BY code LIMIT 1")
            .remove(0)
    }

    pub(super) fn applicant(&self, firstname: &str, lastname: &str) -> User {
        let user = self.database().user().name(firstname, lastname);
        user.in_group("applicant_group").create()
    }

    async fn claim(&self, user: &User) -> Value {
        let body = json!({
            "awards": [{
                "matric": "u15/cs/1070",
                "surname_at_graduation": "Bello",
                "department": self.department(),
                "degree": "bsc",
                "year": 2019,
            }],
            "list_me": true,
        });
        let made = self.post("/api/v1/me/claims").by(user).json(&body);
        let made = made.send().await;
        let claim = made.expect(201);
        let uuid = claim["uuid"].as_str().unwrap();
        assert_eq!(made.header("location"), format!("/api/v1/me/claims/{uuid}"));
        claim
    }

    async fn submitted(&self, user: &User) -> String {
        let claim = self.claim(user).await;
        let uuid = claim["uuid"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/me/claims/{uuid}/submit");
        let claim = self.post(&path).by(user).send().await.expect(202);
        assert_eq!(claim["state"], "submitted");
        uuid
    }

    async fn accept(&self, user: &User, code: &str) -> Answer {
        let call = self.post(&format!("/api/v1/invitations/{code}/accept"));
        call.by(user).json(&json!({"list_me": false})).send().await
    }

    async fn me(&self, user: &User) -> Value {
        self.get("/api/v1/me").by(user).send().await.expect(200)
    }

    /// The codes of a new printed batch of the whole register, as the office downloads them.
    pub(super) async fn printed_codes(&self, inviter: &User) -> (String, Vec<String>) {
        let body = json!({"channel": "printed"});
        let made = self.post("/api/v1/admin/invitations").by(inviter);
        let made = made.json(&body).send().await;
        let batch = made.expect(202)["uuid"].as_str().unwrap().to_owned();
        let task = made.header("location").to_owned();
        let began = Instant::now();
        loop {
            let task = self.get(&task).by(inviter).send().await.expect(200);
            if task["state"] == "done" {
                break;
            }
            assert!(began.elapsed() < EVENT_TIMEOUT, "{task}");
        }
        let path = format!("/api/v1/admin/invitations/{batch}/codes.csv");
        let file = self.get(&path).by(inviter).send().await;
        assert_eq!(file.status.as_u16(), 200, "{}", file.text());
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(file.header("cache-control"), "no-store");
        let lines = file.text().lines().skip(1);
        let codes = lines.map(|line| {
            let cells: Vec<&str> = line.trim_matches('"').split("\",\"").collect();
            assert_eq!(cells.len(), 5, "{line}");
            cells[3].to_owned()
        });
        (batch, codes.collect())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printed_code_verifies_and_is_used_up() {
    let rig = Rig::without_limits().await;
    rig.graduate("Bello", "Fatima Musa", "fatima@example.com");
    let inviter = rig.holder_of(&[Permission::CreateInvitation]);
    let (batch, codes) = rig.printed_codes(&inviter).await;
    assert_eq!(codes.len(), 1);
    let preview = rig.get(&format!("/api/v1/invitations/{}", codes[0]));
    let preview = preview.send().await.expect(200);
    assert_eq!(preview["initials"], "F. M. B.");
    assert_eq!(preview["year"], 2019);
    let fatima = rig.applicant("Fatima", "Bello");
    let claim = rig.accept(&fatima, &codes[0].to_lowercase()).await;
    let claim = claim.expect(200);
    assert_eq!(
        (&claim["state"], &claim["method"]),
        (&json!("verified"), &json!("code"))
    );
    let me = rig.me(&fatima).await;
    assert_eq!(me["verification"], "verified");
    assert_eq!(me["groups"], json!(["verified_alumni_group"]));
    rig.accept(&rig.user(), &codes[0]).await.problem("gone");
    let path = format!("/api/v1/admin/invitations/{batch}");
    let batch = rig.get(&path).by(&inviter).send().await.expect(200);
    assert_eq!(
        (&batch["opened"], &batch["accepted"]),
        (&json!(1), &json!(1))
    );
    let again = rig
        .get(&format!("{path}/codes.csv"))
        .by(&inviter)
        .send()
        .await;
    assert_eq!(again.problem("conflict")["code"], "reason-required");
    let again = format!("{path}/codes.csv?reason=The%20printer%20lost%20the%20file.");
    let again = rig.get(&again).by(&inviter).send().await;
    assert_eq!(again.status.as_u16(), 200);
    rig.delete(&path).by(&inviter).send().await.expect_nothing();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_mailed_to_the_address_on_record_verifies() {
    let smtp = SmtpServer::start();
    let server = TestServer::start_with(|settings| smtp.receive_from(settings)).await;
    let rig = Rig::on(server);
    rig.graduate("Bello", "Fatima Musa", "fatima.1990@example.com");
    let fatima = rig.applicant("Fatima", "Bello");
    let claim = rig.submitted(&fatima).await;
    let path = format!("/api/v1/me/claims/{claim}");
    let asked = rig
        .post(&format!("{path}/mailbox"))
        .by(&fatima)
        .send()
        .await;
    asked.expect(202);
    let mails = smtp.wait_for(2);
    let mail = mails
        .iter()
        .find(|mail| mail.to == "fatima.1990@example.com");
    let text = &mail.unwrap().message;
    let code = text
        .split_whitespace()
        .find(|word| word.starts_with("ABU-"));
    let given = rig.post(&format!("{path}/code")).by(&fatima);
    let given = given.json(&json!({"code": code.unwrap()})).send().await;
    let claim = given.expect(200);
    assert_eq!(
        (&claim["state"], &claim["method"]),
        (&json!("verified"), &json!("mailbox"))
    );
    let kinds = claim["events"].as_array().unwrap().iter();
    let kinds: Vec<&Value> = kinds.map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["submitted", "verified"]);
}

#[tokio::test]
async fn a_reviewer_decides_by_explained_scores() {
    let rig = Rig::start().await;
    let record = rig.graduate("Bello", "Fatima Musa", "fatima@example.com");
    let fatima = rig.applicant("Fatima", "Bello");
    let claim = rig.submitted(&fatima).await;
    let reviewer = rig.holder_of(&[Permission::VerifyAlumni]);
    let queue = rig
        .get("/api/v1/admin/claims?status=submitted")
        .by(&reviewer);
    let queue = queue.send().await.expect(200);
    assert_eq!(queue["items"][0]["uuid"], claim.as_str());
    let path = format!("/api/v1/admin/claims/{claim}");
    let seen = rig.get(&path).by(&reviewer).send().await;
    let tag = seen.header("etag").to_owned();
    let candidate = &seen.expect(200)["candidates"][0];
    assert_eq!(candidate["record"]["uuid"], record.to_string());
    assert_eq!(
        (&candidate["score"], &candidate["band"]),
        (&json!(1.0), &json!("strong"))
    );
    assert_eq!(candidate["parts"][1]["note"], "equal");

    let question = json!({"reason_code": "more-details", "message": "Which department?"});
    let asked = rig.post(&format!("{path}/request-info")).by(&reviewer);
    let asked = asked.header("if-match", &tag).json(&question).send().await;
    assert_eq!(asked.expect(200)["state"], "needs_info");
    let own = format!("/api/v1/me/claims/{claim}");
    let shown = rig.get(&own).by(&fatima).send().await.expect(200);
    assert_eq!(shown["events"][1]["message"], "Which department?");
    let answer = rig.post(&format!("{own}/messages")).by(&fatima);
    let answer = answer.json(&json!({"message": "The first one."})).send();
    assert_eq!(answer.await.expect(200)["state"], "in_review");

    let approval = json!({"record_uuid": record});
    let approve = || {
        rig.post(&format!("{path}/approve"))
            .by(&reviewer)
            .json(&approval)
    };
    let stale = approve().header("if-match", &tag).send().await;
    stale.problem("precondition-failed");
    let approved = approve().send().await.expect(200);
    assert_eq!(
        (&approved["state"], &approved["method"]),
        (&json!("verified"), &json!("review"))
    );
    assert_eq!(rig.me(&fatima).await["verification"], "verified");
}

#[tokio::test]
async fn fields_of_awards_are_refused_by_their_place() {
    let rig = Rig::start().await;
    let body = json!({
        "awards": [
            {"surname_at_graduation": "Bello", "degree": "bsc", "year": 2019},
            {"surname_at_graduation": "", "degree": "BSc!", "year": 1900, "matric": "//"},
        ],
        "list_me": true,
    });
    let user = rig.user();
    let refused = rig.post("/api/v1/me/claims").by(&user).json(&body);
    let problem = refused.send().await.problem("validation-failed");
    let errors = problem["errors"].as_array().unwrap().iter();
    let pointers: Vec<&str> = errors
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/awards/1/matric",
            "/awards/1/degree",
            "/awards/1/surname_at_graduation",
            "/awards/1/year",
        ]
    );
    let body = json!({
        "awards": [{"surname_at_graduation": "Bello", "degree": "alchemy", "year": 2019}],
        "list_me": true,
    });
    let refused = rig.post("/api/v1/me/claims").by(&user).json(&body);
    let problem = refused.send().await.problem("validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/awards/0/degree");
}

#[tokio::test]
async fn a_misread_code_costs_no_attempt() {
    let rig = Rig::start().await;
    let user = rig.user();
    let claim = rig.claim(&user).await;
    let path = format!("/api/v1/me/claims/{}/code", claim["uuid"].as_str().unwrap());
    for _ in 0..20 {
        let given = rig
            .post(&path)
            .by(&user)
            .json(&json!({"code": "ABU-0000-0000-0001"}));
        let problem = given.send().await.problem("validation-failed");
        assert_eq!(problem["errors"][0]["code"], "claim_code.misread");
    }
    let given = rig
        .post(&path)
        .by(&user)
        .json(&json!({"code": "ABU-0000-0000-0000"}));
    given.send().await.problem("gone");
}

/// What a client can tell two answers apart by, besides the id of the request.
fn told(answer: &Answer) -> (u16, String) {
    let mut body = answer.json();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("instance");
    }
    (answer.status.as_u16(), body.to_string())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_codes_are_answered_alike_by_bytes_and_time() {
    let rig = Rig::without_limits().await;
    for number in 0..3 {
        rig.graduate(
            "Bello",
            "Fatima Musa",
            &format!("fatima{number}@example.com"),
        );
    }
    let inviter = rig.holder_of(&[Permission::CreateInvitation]);
    let (_, codes) = rig.printed_codes(&inviter).await;
    let [used, expired, revoked] = codes.as_slice() else {
        panic!("{codes:?}");
    };
    rig.accept(&rig.applicant("Fatima", "Bello"), used)
        .await
        .expect(200);
    let (_, foreign) = rig.printed_codes(&inviter).await;
    rig.database().execute(
        "UPDATE invitations SET expires_at = created_at WHERE batch_id IN
             (SELECT id FROM invitation_batches ORDER BY created_at LIMIT 1)",
    );
    rig.database()
        .execute("UPDATE invitation_batches SET revoked_at = now()");
    let asker = rig.applicant("Ada", "Obi");
    let claim = rig.submitted(&asker).await;
    let path = format!("/api/v1/me/claims/{claim}/code");
    let bad = ["ABU-0000-0000-0000", used, expired, revoked, &foreign[0]];
    let mut times = vec![Vec::new(); bad.len()];
    let mut answers = std::collections::BTreeSet::new();
    for _ in 0..200 {
        for (code, times) in bad.iter().zip(&mut times) {
            let body = json!({"code": code});
            let began = Instant::now();
            let answer = rig.post(&path).by(&asker).json(&body).send().await;
            times.push(began.elapsed());
            answers.insert(told(&answer));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    let spread = *medians.iter().max().unwrap() - *medians.iter().min().unwrap();
    assert!(spread < Duration::from_millis(5), "{medians:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_by_mail_is_answered_alike_with_or_without_a_record() {
    let rig = Rig::without_limits().await;
    rig.graduate("Bello", "Fatima Musa", "fatima@example.com");
    let known = rig.applicant("Fatima", "Bello");
    let unknown = rig.applicant("Ada", "Obi");
    let claims = [rig.submitted(&known).await, rig.submitted(&unknown).await];
    let mut times = [Vec::new(), Vec::new()];
    let mut answers = std::collections::BTreeSet::new();
    for _ in 0..200 {
        for ((claim, user), times) in claims.iter().zip([&known, &unknown]).zip(&mut times) {
            let path = format!("/api/v1/me/claims/{claim}/mailbox");
            let began = Instant::now();
            let answer = rig.post(&path).by(user).send().await;
            times.push(began.elapsed());
            answers.insert(told(&answer));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let [with, without] = times.map(median);
    assert!(
        with.abs_diff(without) < Duration::from_millis(5),
        "{with:?} {without:?}"
    );
}

const SCAN: &[u8] = b"%PDF-1.7\nthe scan of a certificate";

impl Rig {
    async fn send_file(&self, user: &User, claim: &str, kind: &str, file: Vec<u8>) -> Answer {
        let call = self.call("PUT", &format!("/api/v1/me/claims/{claim}/evidence"));
        let call = call.by(user).header("content-type", kind).body(file);
        call.send().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_downloads_a_file_that_no_browser_shows() {
    let rig = Rig::without_limits().await;
    let (user, reviewer) = (
        rig.applicant("Fatima", "Bello"),
        rig.holder_of(&[Permission::VerifyAlumni]),
    );
    let claim = rig.submitted(&user).await;
    // What it is declared as decides nothing.
    let sent = rig
        .send_file(&user, &claim, "image/png", SCAN.to_vec())
        .await;
    let own = sent.expect(200);
    let file = &own["evidence"][0];
    let keys: Vec<&String> = file.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["bytes", "kind", "uploaded_at", "uuid"]);
    assert_eq!((&file["kind"], &file["bytes"]), (&json!("pdf"), &json!(34)));
    let again = rig.get(&format!("/api/v1/me/claims/{claim}")).by(&user);
    let again = again.send().await;
    assert_eq!(again.header("etag"), sent.header("etag"));
    assert_eq!(again.expect(200), own);

    let path = format!("/api/v1/admin/claims/{claim}");
    let seen = rig.get(&path).by(&reviewer).send().await.expect(200);
    assert_eq!(seen["evidence"], own["evidence"]);
    let uuid = file["uuid"].as_str().unwrap();
    let call = rig.get(&format!("{path}/evidence/{uuid}")).by(&reviewer);
    let answer = call.send().await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, SCAN));
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(
        answer.header("content-disposition"),
        format!("attachment; filename=\"evidence-{uuid}.pdf\"")
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    rig.assert_stored("(SELECT count(*) FROM audit_log WHERE action = 'claim.view-evidence') = 1");
    let call = rig.call("PUT", &format!("/api/v1/me/claims/{claim}/evidence"));
    let call = call.by(&user).header("if-match", "\"stale\"");
    let stale = call.header("content-type", "application/pdf").body(SCAN);
    stale.send().await.problem("precondition-failed");
}

#[tokio::test]
async fn files_that_are_no_evidence_are_refused_by_name_and_rule() {
    let rig = Rig::without_limits().await;
    let user = rig.applicant("Fatima", "Bello");
    let claim = rig.submitted(&user).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    for (kind, file, status) in [
        ("application/pdf", svg.clone(), 422),
        ("application/pdf", Vec::new(), 422),
        ("image/svg+xml", svg.clone(), 415),
        ("text/html", SCAN.to_vec(), 415),
        ("application/pdf", vec![b' '; 8 * 1024 * 1024 + 1], 413),
    ] {
        let refused = rig.send_file(&user, &claim, kind, file).await;
        assert_eq!(
            refused.status.as_u16(),
            status,
            "{kind}: {}",
            refused.text()
        );
        if status == 422 {
            let mistakes = refused.mistakes();
            assert_eq!(mistakes, [("/file".to_owned(), "file.kind".to_owned())]);
        }
    }
    let stranger = rig.applicant("Musa", "Sani");
    let refused = rig
        .send_file(&stranger, &claim, "application/pdf", SCAN.to_vec())
        .await;
    refused.problem("not-found");
    rig.assert_stored("(SELECT count(*) FROM claim_evidence WHERE uploaded_at IS NOT NULL) = 0");
}

#[tokio::test]
async fn a_draft_is_changed_under_its_version() {
    let rig = Rig::without_limits().await;
    let user = rig.applicant("Fatima", "Bello");
    let claim = rig.claim(&user).await;
    let path = format!("/api/v1/me/claims/{}", claim["uuid"].as_str().unwrap());
    let award = json!({"surname_at_graduation": "Sani", "degree": "bsc", "year": 2018});
    let body = json!({"awards": [award], "list_me": false});
    let change = async |tag: &str| {
        let call = rig.call("PATCH", &path).by(&user).json(&body);
        call.header("if-match", tag).send().await
    };
    let seen = rig.get(&path).by(&user).send().await;
    let changed = change(seen.header("etag")).await.expect(200);
    assert_eq!(changed["awards"][0]["surname_at_graduation"], "Sani");
    assert_eq!(changed["list_me"], false);
    change(seen.header("etag"))
        .await
        .problem("precondition-failed");
    let call = rig
        .call("PATCH", &path)
        .by(&user)
        .json(&json!({"awards": []}));
    let mistakes = call.send().await.mistakes();
    assert_eq!(
        mistakes,
        [("/awards".to_owned(), "awards.count".to_owned())]
    );
    let path_of_submit = format!("{path}/submit");
    let submitted = rig.post(&path_of_submit).by(&user).send().await;
    submitted.expect(202);
    change("*").await.problem("conflict");
}
