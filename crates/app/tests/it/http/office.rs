//! The alumni office's page: its files, and the office's work in a browser.

use std::{
    fs,
    path::{Path, PathBuf},
};

use abu_domain::{access::Permission, identity::user::User};
use serde_json::json;
use tempfile::TempDir;

use super::support::{PASSWORD, Rig, password_hash};
use crate::browser::Browser;

const FILE: &str = "\
Surname,First Name,Other Names,Matric No,Dept,Degree,Year
Bello,Amina,Sa'adatu,U15CS1070,Computer Science,B.Sc.,2019
Abubakar,Muhammad,,U11CS1070,Computer Science,B.Sc.,2015
Okafor,Ngozi,,U11CS1071,COMP SCI,B.Sc.,2015
\"=HYPERLINK(\"\"http://example.com\"\")\",Musa,,U11CS1072,Computer Science,B.Sc.,2015
";

const OFFICE: [Permission; 3] = [
    Permission::ImportAlumni,
    Permission::VerifyAlumni,
    Permission::CreateInvitation,
];

fn person(rig: &Rig, firstname: &str, lastname: &str) -> User {
    let user = rig.database().user().name(firstname, lastname);
    user.password_hash(password_hash()).create()
}

fn staff(rig: &Rig, firstname: &str, permissions: &[Permission]) -> User {
    let user = person(rig, firstname, "Danladi");
    rig.grant(user.id, permissions);
    user
}

async fn open_office(rig: &Rig, user: &User) -> Browser {
    let browser = Browser::start().await;
    browser.open(&rig.server.url("/console/office")).await;
    browser.until("document.querySelector('.log-in')").await;
    log_in(&browser, user).await;
    browser
}

async fn log_in(browser: &Browser, user: &User) {
    browser.fill("[name=email]", user.email.as_str()).await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.click(".log-in .primary").await;
}

/// Clicks the button of what is open that bears this text, once it can be clicked: in one step, since what is open may
/// be drawn anew.
async fn press(browser: &Browser, text: &str) {
    let button = format!(
        "[...document.querySelectorAll('.view button')]
            .find((one) => one.textContent.startsWith('{text}') && !one.disabled)"
    );
    browser
        .until(&format!("((one) => one && (one.click(), true))({button})"))
        .await;
}

async fn answer_yes(browser: &Browser) {
    browser.until("document.querySelector('dialog').open").await;
    browser.click("dialog [value=yes]").await;
}

/// Waits until what is open has this state.
async fn is(browser: &Browser, state: &str) {
    let badge = "document.querySelector('.view .badge')?.textContent";
    browser.until(&format!("{badge} === '{state}'")).await;
}

/// Waits until so many lines have the verdict.
async fn has_lines(browser: &Browser, verdict: &str, lines: usize) {
    let count = format!("document.querySelector('[data-verdict={verdict}] b')?.textContent");
    browser.until(&format!("{count} === '{lines}'")).await;
}

/// A file on disk, as the browser takes it.
fn written(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("graduates-2019.csv");
    fs::write(&path, FILE).unwrap();
    path
}

async fn upload(browser: &Browser, file: &Path) {
    browser.click(".list .primary").await;
    browser.until("document.querySelector('[name=file]')").await;
    browser
        .type_into("[name=file]", file.to_str().unwrap())
        .await;
    browser
        .until("document.querySelector('[name=surname]')?.value === 'Surname'")
        .await;
    browser
        .fill("[name=legal_basis]", "Public task of the university")
        .await;
    browser.click(".view form [type=submit]").await;
}

#[tokio::test]
async fn staff_import_a_file_mend_its_mapping_and_roll_it_back() {
    let rig = Rig::without_limits().await;
    let folder = TempDir::new().unwrap();
    let browser = open_office(&rig, &staff(&rig, "Hauwa", &OFFICE)).await;
    browser
        .until("document.querySelector('.list .primary')")
        .await;
    upload(&browser, &written(&folder)).await;

    is(&browser, "to be decided").await;
    has_lines(&browser, "ready", 2).await;
    has_lines(&browser, "unknown_value", 1).await;
    has_lines(&browser, "malformed", 1).await;
    browser.click("[data-verdict=malformed]").await;
    // What looks like a formula is text.
    browser
        .until("document.querySelector('tbody tr td[data-label=Line]')?.textContent === '5'")
        .await;
    rig.assert_stored("(SELECT count(*) FROM alumni_records) = 0");

    press(&browser, "Say what they mean").await;
    let meaning = "[aria-label='Meaning of COMP SCI']";
    browser
        .until(&format!("document.querySelector(\"{meaning}\")"))
        .await;
    browser.choose(meaning, "computer-science").await;
    browser.click(".view form [type=submit]").await;
    has_lines(&browser, "ready", 3).await;

    press(&browser, "Commit 3 lines").await;
    answer_yes(&browser).await;
    is(&browser, "committed").await;
    rig.assert_stored("(SELECT count(*) FROM alumni_records WHERE state = 'active') = 3");
    rig.assert_stored("(SELECT count(*) FROM awards WHERE matric_norm = 'U11CS1071') = 1");

    press(&browser, "Roll back").await;
    answer_yes(&browser).await;
    is(&browser, "rolled back").await;
    rig.assert_stored("(SELECT count(*) FROM alumni_records) = 0");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_account_sees_the_work_that_it_may_do() {
    let rig = Rig::without_limits().await;
    let browser = open_office(&rig, &person(&rig, "Amina", "Bello")).await;
    browser
        .until("document.querySelector('.notice').textContent.includes('none of the office')")
        .await;
    browser.click("[data-part=logOut]").await;
    browser
        .until("document.querySelector('.log-in').hidden === false")
        .await;

    log_in(&browser, &staff(&rig, "Musa", &[Permission::VerifyAlumni])).await;
    browser
        .until("document.querySelector('.list h2')?.textContent === 'Claims'")
        .await;
    let areas =
        "[...document.querySelectorAll('.areas a:not([hidden])')].map((one) => one.textContent)";
    assert_eq!(browser.value(areas).await, json!(["Claims"]));
}

#[tokio::test]
async fn on_a_phone_the_list_and_what_is_open_take_turns() {
    let rig = Rig::without_limits().await;
    let browser = open_office(&rig, &staff(&rig, "Hauwa", &OFFICE)).await;
    browser.resize(500, 800).await;
    browser
        .until("document.querySelector('.list .primary')")
        .await;
    let shown =
        "['.list', '.detail'].map((one) => document.querySelector(one).offsetParent !== null)";
    assert_eq!(browser.value(shown).await, json!([true, false]));
    browser.click(".list .primary").await;
    browser.until("document.querySelector('[name=file]')").await;
    assert_eq!(browser.value(shown).await, json!([false, true]));
    let is_within = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.value(is_within).await, true);
    browser.click(".view .back").await;
    browser
        .until("document.querySelector('.list').offsetParent !== null")
        .await;
}

/// A graduate in the register.
fn record(rig: &Rig, surname: &str, given_names: &str, tokens: &str, matric: &str) {
    rig.database().execute(&format!(
        "WITH r AS (
             INSERT INTO alumni_records (id, surname, given_names, name_tokens, created_at, last_modified)
             VALUES (gen_random_uuid(), '{surname}', '{given_names}', '{{{tokens}}}', now(), now()) RETURNING id)
         INSERT INTO awards (id, record_id, department_id, degree_id, year, matric_raw, matric_norm, created_at, last_modified)
         SELECT gen_random_uuid(), r.id, d.id, g.id, 2015, '{matric}', '{matric}', now(), now()
         FROM r, departments d, degrees g WHERE d.code = 'computer-science' AND g.code = 'bsc'"
    ));
}

/// A submitted claim of the applicant.
async fn claim(rig: &Rig, applicant: &User, surname: &str, matric: &str) {
    let body = json!({
        "awards": [{
            "matric": matric,
            "surname_at_graduation": surname,
            "department": "computer-science",
            "degree": "bsc",
            "year": 2015,
        }],
        "list_me": true,
    });
    let made = rig.post("/api/v1/me/claims").by(applicant).json(&body);
    let claim = made.send().await.expect(201);
    let address = format!(
        "/api/v1/me/claims/{}/submit",
        claim["uuid"].as_str().unwrap()
    );
    rig.post(&address).by(applicant).send().await.expect(202);
}

#[tokio::test]
async fn staff_decide_claims_beside_the_records_that_may_be_meant() {
    let rig = Rig::without_limits().await;
    record(
        &rig,
        "Abubakar",
        "Muhammad",
        "abubakar,muhammad",
        "U11CS1070",
    );
    let (amina, mohamed) = (
        person(&rig, "Amina", "Bello"),
        person(&rig, "Mohamed", "Abubaker"),
    );
    claim(&rig, &mohamed, "Abubaker", "U11CS1070").await;
    claim(&rig, &amina, "Bello", "U11CS9999").await;
    let browser = open_office(&rig, &staff(&rig, "Hauwa", &OFFICE[1..2])).await;

    browser
        .until("document.querySelectorAll('.entries li').length === 2")
        .await;
    browser.click(".entries li:first-child a").await;
    browser
        .until("document.querySelector('.candidate.chosen .badge')?.textContent === 'strong'")
        .await;
    let names = "document.querySelector('.candidate.chosen tbody tr').innerText";
    let names = browser.value(names).await;
    assert!(names.as_str().unwrap().contains("lexicon"), "{names}");
    press(&browser, "Approve").await;
    is(&browser, "verified").await;
    let verified = format!(
        "(SELECT verification FROM users WHERE id = '{}') = 'verified'",
        mohamed.id
    );
    rig.assert_stored(&verified);

    browser
        .until("document.querySelectorAll('.entries li').length === 1")
        .await;
    browser.click(".entries li:first-child a").await;
    browser
        .until("document.querySelector('.view h2')?.textContent === 'Amina Bello'")
        .await;
    // The applicant reads a reason, so there must be one.
    press(&browser, "Ask the applicant").await;
    browser
        .until("document.querySelector('.notice').textContent.includes('reason')")
        .await;
    browser.choose("[name=reason_code]", "more-details").await;
    browser
        .fill("[name=message]", "Which hall did you live in?")
        .await;
    press(&browser, "Ask the applicant").await;
    is(&browser, "asked the applicant").await;
    rig.assert_stored("(SELECT count(*) FROM claims WHERE state = 'needs_info') = 1");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn staff_print_codes_and_revoke_them() {
    let rig = Rig::without_limits().await;
    record(
        &rig,
        "Abubakar",
        "Muhammad",
        "abubakar,muhammad",
        "U11CS1070",
    );
    let browser = open_office(&rig, &staff(&rig, "Hauwa", &OFFICE[2..])).await;
    browser
        .until("document.querySelector('.list .primary')")
        .await;
    browser.click(".list .primary").await;
    browser
        .until("document.querySelector('[name=department]')")
        .await;
    browser
        .choose("[name=department]", "computer-science")
        .await;
    browser.fill("[name=year_from]", "2015").await;
    browser.click(".view form [type=submit]").await;
    is(&browser, "valid").await;
    rig.assert_stored("(SELECT made FROM invitation_batches) = 1");

    press(&browser, "Download the codes").await;
    press(&browser, "Download the codes again").await;
    browser.until("document.querySelector('dialog').open").await;
    browser
        .fill("dialog textarea", "The printer lost the file")
        .await;
    answer_yes(&browser).await;
    browser
        .until("!document.querySelector('dialog').open")
        .await;

    press(&browser, "Revoke").await;
    answer_yes(&browser).await;
    is(&browser, "revoked").await;
    rig.assert_stored("(SELECT revoked_at FROM invitation_batches) IS NOT NULL");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
