//! The page "People" of members in a browser: the directory, the own profile, privacy.

use abu_domain::identity::user::User;
use serde_json::json;

use super::support::{PASSWORD, Rig, password_hash};
use crate::browser::Browser;

/// The page with this user logged in.
async fn open_people(rig: &Rig, user: &User) -> Browser {
    let browser = Browser::start().await;
    browser.open(&rig.server.url("/console/people")).await;
    browser.until("document.querySelector('.log-in')").await;
    browser.fill("[name=email]", user.email.as_str()).await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.click(".log-in .primary").await;
    browser
        .until("document.querySelector('.finder [name=q]')?.offsetParent")
        .await;
    browser
}

/// A listed graduate who can log in, and whom the directory has.
async fn listed(rig: &Rig, firstname: &str, headline: &str) -> User {
    let user = rig.verified(firstname);
    rig.database().execute(&format!(
        "UPDATE users SET password_hash = '{}' WHERE id = '{}'",
        password_hash(),
        user.id
    ));
    rig.patch_profile(&user, json!({"headline": headline}))
        .await;
    user
}

/// Waits until what the selector finds has this text.
async fn reads(browser: &Browser, selector: &str, text: &str) {
    let condition = format!("document.querySelector('{selector}')?.textContent === '{text}'");
    browser.until(&condition).await;
}

/// Waits until the text of what the selector finds contains this.
async fn says(browser: &Browser, selector: &str, text: &str) {
    let condition = format!("document.querySelector('{selector}')?.textContent.includes('{text}')");
    browser.until(&condition).await;
}

/// Goes to an area of the page, and waits for something in it.
async fn go(browser: &Browser, area: &str, awaited: &str) {
    browser.click(&format!("[data-area={area}]")).await;
    browser
        .until(&format!("document.querySelector('{awaited}')"))
        .await;
}

#[tokio::test]
async fn a_member_finds_another_and_decides_what_others_see() {
    let rig = Rig::without_limits().await;
    let fatima = listed(&rig, "Fatima", "<b>Surgeon</b>").await;
    let musa = listed(&rig, "Musa", "Clerk").await;
    let browser = open_people(&rig, &musa).await;

    browser.fill("[name=department]", "computer  SCIENCE").await;
    browser.fill("[name=year]", "2010 - 2019").await;
    browser.fill("[name=q]", "Fatmia Belo").await;
    browser.click(".finder .primary").await;
    reads(&browser, ".entries li:only-child strong", "Fatima Bello").await;
    browser.click(".entries a").await;
    reads(&browser, ".detail h2", "Fatima Bello").await;
    // What looks like markup is text.
    reads(&browser, ".detail .headline", "<b>Surgeon</b>").await;
    says(&browser, ".detail .lines", "Computer Science, 2015").await;

    go(&browser, "profile", ".seen .headline").await;
    browser.fill("[name=headline]", "Data engineer").await;
    browser
        .click("[aria-label=\"About me\"] [type=submit]")
        .await;
    reads(&browser, ".seen .headline", "Data engineer").await;
    browser.click("[data-add=experiences]").await;
    browser.fill("[name=title]", "Data engineer").await;
    browser.fill("[name=employer]", "Kaduna Refinery").await;
    browser.click("[name=is_current]").await;
    browser
        .click("[data-entries=experiences] [type=submit]")
        .await;
    says(&browser, ".seen", "Data engineer at Kaduna Refinery").await;

    go(&browser, "privacy", "[data-field=employer] select").await;
    browser
        .choose("[data-field=employer] select", "connections")
        .await;
    browser.click("[aria-label=Levels] [type=submit]").await;
    let effect = "Not searchable, shown to 0 connections.";
    says(&browser, "[data-changed=employer]", effect).await;
    says(&browser, "[data-field=employer]", effect).await;
    let seen = rig
        .get(&format!("/api/v1/profiles/{}", musa.id))
        .by(&fatima);
    let seen = seen.send().await.expect(200);
    assert_eq!(seen["headline"], "Data engineer");
    assert!(seen.get("employer").is_none(), "{seen}");

    browser.click("[name=listed]").await;
    says(&browser, "#listed-means", "No search finds you").await;
    let found = rig.get("/api/v1/alumni?q=musa").by(&fatima);
    assert_eq!(found.send().await.expect(200)["items"], json!([]));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_change_made_elsewhere_is_shown_and_not_overwritten() {
    let rig = Rig::without_limits().await;
    let musa = listed(&rig, "Musa", "Clerk").await;
    let browser = open_people(&rig, &musa).await;
    go(&browser, "profile", ".seen .headline").await;

    // The problem stands beside its field.
    let save = "[aria-label=\"About me\"] [type=submit]";
    browser.fill("[name=slug]", "a--b").await;
    browser.click(save).await;
    browser
        .until("document.activeElement.matches('[name=slug][aria-invalid=true]')")
        .await;
    let wrong = "document.getElementById(document.activeElement.id + '-wrong').textContent";
    let wrong = browser.value(wrong).await;
    let begin = "Address of your public page must";
    assert!(wrong.as_str().unwrap().starts_with(begin), "{wrong}");

    rig.patch_profile(&musa, json!({"headline": "Theirs", "city": "Zaria"}))
        .await;
    browser.fill("[name=slug]", "").await;
    browser.fill("[name=headline]", "Mine").await;
    browser.click(save).await;
    says(&browser, ".failure:not([hidden])", "changed elsewhere").await;
    says(&browser, ".wrong:not([hidden])", "meanwhile: Theirs").await;
    let city = "document.querySelector('[name=city]').value";
    assert_eq!(browser.value(city).await, "Zaria");
    rig.assert_stored("(SELECT headline FROM profiles) = 'Theirs'");
    browser.click(save).await;
    reads(&browser, ".seen .headline", "Mine").await;
    rig.assert_stored("(SELECT headline FROM profiles) = 'Mine'");
}

#[tokio::test]
async fn suggestions_and_what_narrows_a_search_take_one_key_or_click() {
    let rig = Rig::without_limits().await;
    listed(&rig, "Fatima", "Surgeon").await;
    let musa = listed(&rig, "Musa", "Clerk").await;
    let browser = open_people(&rig, &musa).await;

    let name = ".finder [name=q]";
    browser.type_into(name, "be").await;
    browser
        .until("document.querySelectorAll('[role=option]').length === 2")
        .await;
    let is_expanded = "document.querySelector('[role=combobox]').getAttribute('aria-expanded')";
    assert_eq!(browser.value(is_expanded).await, "true");
    // Escape closes the list, and an arrow asks for it again.
    browser.type_into(name, "\u{e00c}").await;
    assert_eq!(browser.value(is_expanded).await, "false");
    browser.type_into(name, "\u{e015}").await;
    browser
        .until("document.querySelectorAll('[role=option]').length === 2")
        .await;
    browser.type_into(name, "\u{e013}").await;
    let active = "document.getElementById(
        document.querySelector('[role=combobox]').getAttribute('aria-activedescendant')
    ).firstChild.textContent";
    assert_eq!(browser.value(active).await, "Musa Bello");
    browser.type_into(name, "\u{e007}").await;
    reads(&browser, ".detail h2", "Musa Bello").await;

    // As many members have the name as no search ranks.
    super::directory::list(&rig, 30);
    rig.database().execute(
        "UPDATE name_tokens SET df = 10000 WHERE token = 'bello';
         UPDATE facet_counts SET members = 10000 WHERE term = '#';
         INSERT INTO facet_counts SELECT '#y' || year, 1 FROM generate_series(1990, 2019) year
         ON CONFLICT DO NOTHING",
    );
    browser.fill(name, "bello").await;
    browser.click(".finder .primary").await;
    says(&browser, ".narrow", "Too many members match").await;
    let year = "[data-facet=year][data-value=\"1999\"]";
    browser
        .until(&format!(
            "document.querySelector('details[open] {year}')?.offsetParent"
        ))
        .await;
    browser.click(year).await;
    reads(&browser, ".entries li:only-child .badge", "Set of 1999").await;
    let asked = "document.querySelector('[name=year]').value";
    assert_eq!(browser.value(asked).await, "1999");

    // Without the name there are pages in the order of names.
    browser.click(".finder [type=reset]").await;
    browser.fill("[name=year]", "1990-2019").await;
    browser.click(".finder .primary").await;
    browser
        .until("document.querySelectorAll('.entries li').length === 20")
        .await;
    browser.click(".more button").await;
    browser
        .until("document.querySelectorAll('.entries li').length > 20")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn on_a_phone_an_account_without_verification_learns_what_it_lacks() {
    let rig = Rig::without_limits().await;
    let browser = open_people(&rig, &rig.member()).await;
    browser.resize(500, 800).await;
    browser.fill("[name=q]", "bello").await;
    browser.click(".finder .primary").await;
    says(&browser, ".finder .failure", "Only verified graduates").await;
    let is_within = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.value(is_within).await, true);
    go(&browser, "privacy", "[data-field=employer] select").await;
    assert_eq!(browser.value(is_within).await, true);
    go(&browser, "profile", "[name=headline]").await;
    assert_eq!(browser.value(is_within).await, true);
    browser.click("[data-part=logOut]").await;
    browser
        .until("document.querySelector('.log-in').hidden === false")
        .await;
    let left = "document.querySelector('main').textContent.includes('Only verified')";
    assert_eq!(browser.value(left).await, false);
}
