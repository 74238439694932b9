//! The console: its files, and the page in a browser.

use abu_chat_protocol::{Direction, PACKETS, Profile, server::ErrorCode};
use abu_domain::identity::user::User;
use serde_json::Value;

use super::{
    support::{PASSWORD, Rig, password_hash},
    totp::enrolled,
};
use crate::browser::Browser;

/// Every address that a page or a script of the console names.
fn addresses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (before, after) in [("src=\"", '"'), ("href=\"", '"'), ("from \"", '"')] {
        for rest in text.split(before).skip(1) {
            let address = rest.split(after).next().unwrap();
            let address = address.split('#').next().unwrap();
            if !address.is_empty() {
                found.push(address.replace("./", "/console/"));
            }
        }
    }
    found
}

#[tokio::test]
async fn the_console_loads_from_this_server_alone_under_a_strict_policy() {
    let rig = Rig::start().await;
    let mut to_see = vec!["/console".to_owned()];
    let mut seen = Vec::new();
    while let Some(address) = to_see.pop() {
        let answer = rig.get(&address).send().await;
        if address.starts_with("/docs") {
            continue;
        }
        assert_eq!(answer.status.as_u16(), 200, "{address}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "public, no-cache");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        for rule in [
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|own| own == rule), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"));

        let again = rig
            .get(&address)
            .header("if-none-match", answer.header("etag"));
        assert_eq!(again.send().await.status.as_u16(), 304, "{address}");

        let new = addresses(answer.text())
            .into_iter()
            .filter(|it| !seen.contains(it));
        to_see.extend(new);
        seen.push(address);
    }
    for needed in [
        "/console/console.js",
        "/console/dom.js",
        "/console/office-upload.js",
        "/console/people-combobox.js",
        "/console/theme.css",
        "/console/packets",
        "/console/guide",
    ] {
        assert!(seen.iter().any(|it| it == needed), "{needed}: {seen:?}");
    }
    let folder = rig.get("/console/").send().await;
    assert_eq!(folder.status.as_u16(), 303);
    assert_eq!(folder.header("location"), "/console");
}

#[tokio::test]
async fn the_examples_are_those_of_the_protocol() {
    let rig = Rig::start().await;
    let table = rig.get("/console/packets.json").send().await.expect(200);
    let packets = table["packets"].as_array().unwrap();
    assert_eq!(packets.len(), PACKETS.len());
    for (packet, info) in packets.iter().zip(PACKETS) {
        assert_eq!(packet["type"], info.name);
        assert_eq!(
            packet["direction"] == "to-server",
            info.direction == Direction::ToServer
        );
        for &profile in Profile::ALL {
            let example = packet["examples"][profile.subprotocol()].as_str();
            let expected = (info.since <= profile).then(|| info.example_in(profile).trim_end());
            assert_eq!(example, expected, "{} in {profile:?}", info.name);
        }
    }
}

#[tokio::test]
async fn every_packet_and_every_close_code_has_its_place_in_the_documentation() {
    let rig = Rig::start().await;
    let page = rig.get("/console/packets").send().await;
    for info in PACKETS {
        let heading = format!("<h3 id=\"{}\">", info.name);
        assert!(page.text().contains(&heading), "{heading}");
    }
    assert!(page.text().contains("<h2 id=\"close-codes\">"));
    for address in ["/console/packets", "/console/guide"] {
        let page = rig.get(address).send().await;
        for link in page.text().split("href=\"#").skip(1) {
            let anchor = link.split('"').next().unwrap();
            let place = format!(" id=\"{anchor}\"");
            assert!(page.text().contains(&place), "{address}: #{anchor}");
        }
    }
}

#[tokio::test]
async fn where_the_console_is_off_there_is_nothing() {
    let rig = Rig::start_with(|settings| settings.console.enabled = false).await;
    for path in [
        "/console",
        "/console/",
        "/console/packets",
        "/console/dom.js",
        "/console/office",
        "/console/people",
    ] {
        rig.get(path).send().await.problem("not-found");
    }
}

const BOTH_CONNECTED: &str = "['left', 'right'].every((side) =>
    document.querySelector(`#${side} .state`).textContent.startsWith('Connected'))";

/// A person who can log in.
fn person(rig: &Rig, firstname: &str, lastname: &str) -> User {
    let user = rig.database().user().name(firstname, lastname);
    user.password_hash(password_hash()).create()
}

async fn log_in(browser: &Browser, side: &str, user: &User) {
    let email = format!("#{side} [name=email]");
    let password = format!("#{side} [name=password]");
    browser.fill(&email, user.email.as_str()).await;
    browser.fill(&password, PASSWORD).await;
    browser.click(&format!("#{side} .log-in .primary")).await;
}

/// Waits until the last message of a side is this one.
async fn shows(browser: &Browser, side: &str, sender: &str, text: &str) {
    let last = format!("document.querySelector('#{side} .messages li:last-child')");
    let condition = format!(
        "{last}?.querySelector('.text').textContent === '{text}'
            && {last}.querySelector('.author').textContent === '{sender}'"
    );
    browser.until(&condition).await;
}

/// Waits until the log shows a packet of this type, pane and direction that holds this text.
async fn logged(browser: &Browser, classes: &str, kind: &str, text: &str) {
    let condition = format!(
        "[...document.querySelectorAll('.log li.{classes}[data-type=\"{kind}\"]')]
            .some((line) => line.querySelector('pre').textContent.includes('{text}'))"
    );
    browser.until(&condition).await;
}

/// The types that the log shows, each once.
async fn types_shown(browser: &Browser) -> Value {
    browser
        .value(
            "[...new Set([...document.querySelectorAll('.log li:not([hidden])')]
                .map((line) => line.dataset.type))]",
        )
        .await
}

/// Two people of one room, side by side.
async fn two_sides(rig: &Rig) -> Browser {
    let (amina, musa) = (
        person(rig, "Amina", "Bello"),
        person(rig, "Musa", "Danladi"),
    );
    rig.database().group(amina.id).member(musa.id).create();
    let browser = Browser::start().await;
    browser.open(&rig.server.url("/console")).await;
    browser
        .until("document.querySelector('#right .log-in') !== null")
        .await;
    log_in(&browser, "left", &amina).await;
    log_in(&browser, "right", &musa).await;
    browser.until(BOTH_CONNECTED).await;
    for side in ["left", "right"] {
        browser.click(&format!("#{side} .rooms li button")).await;
        logged(
            &browser,
            &format!("{side}.received"),
            "list-message-response",
            "messages",
        )
        .await;
    }
    browser
}

#[tokio::test]
async fn two_people_chat_side_by_side_and_every_packet_is_seen() {
    let rig = Rig::start().await;
    let browser = two_sides(&rig).await;
    browser
        .until(
            "document.querySelector('#left [data-part=presence]').textContent
            === 'Musa Danladi online'",
        )
        .await;

    browser
        .type_into("#left .composer textarea", "Salaam")
        .await;
    browser
        .until("document.querySelector('#right .typing').textContent === 'Amina Bello is typing …'")
        .await;
    browser
        .type_into("#left .composer textarea", ", Musa\u{e007}")
        .await;
    shows(&browser, "left", "You", "Salaam, Musa").await;
    shows(&browser, "right", "Amina Bello", "Salaam, Musa").await;
    browser
        .until("document.querySelector('#right .typing').textContent === ''")
        .await;

    // What looks like markup is text.
    let markup = "<img src=x onerror=alert(1)>";
    browser.type_into("#right .composer textarea", markup).await;
    browser.click("#right .composer .primary").await;
    shows(&browser, "left", "Musa Danladi", markup).await;
    shows(&browser, "right", "You", markup).await;

    logged(&browser, "left.sent", "message-send", "Salaam, Musa").await;
    for side in ["left", "right"] {
        logged(
            &browser,
            &format!("{side}.received"),
            "message-receive",
            "Salaam, Musa",
        )
        .await;
        logged(
            &browser,
            &format!("{side}.connection"),
            "opened",
            "abu.chat.",
        )
        .await;
    }
    let about = "document.querySelector('.log li[data-type=\"message-send\"] a').href";
    let about = browser.value(about).await;
    assert_eq!(about, rig.server.url("/console/packets#message-send"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_console_log_filters_and_pauses() {
    let rig = Rig::start().await;
    let browser = two_sides(&rig).await;

    browser
        .choose("#packets [data-part=type]", "chat-join")
        .await;
    assert_eq!(
        types_shown(&browser).await,
        serde_json::json!(["chat-join"])
    );
    browser.choose("#packets [data-part=type]", "").await;
    browser.choose("#packets [data-part=pane]", "right").await;
    browser
        .choose("#packets [data-part=direction]", "connection")
        .await;
    assert_eq!(types_shown(&browser).await, serde_json::json!(["opened"]));
    let shown = "document.querySelectorAll('.log li:not([hidden])').length";
    assert_eq!(browser.value(shown).await, 1);
    browser.choose("#packets [data-part=pane]", "").await;
    browser.choose("#packets [data-part=direction]", "").await;

    browser.click("#packets [data-part=pause]").await;
    let before = browser.value(shown).await;
    browser
        .type_into("#left .composer textarea", "unseen\u{e007}")
        .await;
    shows(&browser, "right", "Amina Bello", "unseen").await;
    assert_eq!(browser.value(shown).await, before);
    browser.click("#packets [data-part=pause]").await;
    logged(&browser, "right.received", "message-receive", "unseen").await;

    // Paused, so that what still comes (that the message was read) does not show.
    browser.click("#packets [data-part=pause]").await;
    assert_ne!(browser.value(shown).await, 0);
    browser.click("#packets [data-part=clear]").await;
    assert_eq!(browser.value(shown).await, 0);
}

#[tokio::test]
async fn a_handwritten_packet_is_validated_as_json_and_sent_unchanged() {
    let rig = Rig::start().await;
    let browser = two_sides(&rig).await;

    browser.choose("#packets [data-part=as]", "right").await;
    browser
        .choose("#packets [data-part=example]", "message-send")
        .await;
    let packet = "JSON.parse(document.querySelector('#packets [data-part=packet]').value)";
    let filled = browser.value(packet).await;
    let room = rig.database().texts("SELECT id::text FROM rooms");
    assert_eq!(filled["payload"]["room_id"], room[0].as_str());
    browser.click("#packets [data-part=send]").await;
    let said = filled["payload"]["message"]
        .as_str()
        .unwrap()
        .replace('\'', "\\'");
    shows(&browser, "left", "Musa Danladi", &said).await;

    browser
        .fill("#packets [data-part=packet]", "{\"type\": ")
        .await;
    let send = "document.querySelector('#packets [data-part=send]').disabled";
    assert_eq!(browser.value(send).await, true);
    let verdict = "document.querySelector('#packets [data-part=verdict]').textContent";
    let verdict = browser.value(verdict).await;
    assert!(
        verdict.as_str().unwrap().starts_with("Not JSON"),
        "{verdict}"
    );

    let wrong = r#"{"type": "message-send", "payload": {"message": "to whom?"}}"#;
    browser.fill("#packets [data-part=packet]", wrong).await;
    browser.click("#packets [data-part=send]").await;
    logged(&browser, "right.sent", "message-send", "to whom?").await;
    let code = ErrorCode::InvalidPayload;
    logged(&browser, "right.received", "error", code.as_str()).await;
    browser
        .until("document.querySelector('#right .notice').textContent.startsWith('invalid-payload')")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn each_side_speaks_the_profile_that_it_is_set_to() {
    let rig = Rig::start().await;
    let browser = Browser::start().await;
    browser.open(&rig.server.url("/console")).await;
    browser
        .until("document.querySelector('#right .log-in') !== null")
        .await;
    browser
        .choose("#left [data-part=profile]", "abu.chat.v1")
        .await;
    log_in(&browser, "left", &person(&rig, "Amina", "Bello")).await;
    browser
        .until("document.querySelector('#left .state').textContent === 'Connected, abu.chat.v1'")
        .await;
    let offered = "[...document.querySelector('#packets [data-part=example]').options]
        .map((option) => option.value)";
    let offered = browser.value(offered).await;
    let offered: Vec<_> = offered.as_array().unwrap().iter().collect();
    assert!(offered.iter().any(|name| *name == "typing"), "{offered:?}");
    assert!(
        !offered.iter().any(|name| *name == "sync-request"),
        "{offered:?}"
    );
}

#[tokio::test]
async fn an_account_with_one_time_passwords_is_asked_for_one() {
    let rig = Rig::start().await;
    let enrolled = enrolled(&rig).await;
    let browser = Browser::start().await;
    browser.open(&rig.server.url("/console")).await;
    browser
        .until("document.querySelector('#left .log-in') !== null")
        .await;
    log_in(&browser, "left", &enrolled.user).await;
    browser
        .until("document.activeElement === document.querySelector('#left [name=otp]')")
        .await;
    browser
        .fill("#left [name=otp]", &enrolled.recovery_codes[0])
        .await;
    browser.click("#left .log-in .primary").await;
    browser
        .until("document.querySelector('#left .state').textContent.startsWith('Connected')")
        .await;

    // A reload of the page ends the log-in.
    let kept = "localStorage.length + sessionStorage.length + document.cookie.length";
    assert_eq!(browser.value(kept).await, 0);
    browser.click("#left [data-part=logOut]").await;
    browser
        .until("document.querySelector('#left .log-in').hidden === false")
        .await;
}
