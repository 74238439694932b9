//! The way of one graduate through HTTP: a printed code, verified, listed, found.

use abu_domain::{access::Permission, identity::user::User};
use serde_json::{Value, json};

use super::support::Rig;

/// Ways to type the name of Muhammad Abubakar.
const SPELLINGS: [&str; 6] = [
    "Muhammad Abubakar",
    "Mohamed Abubaker",
    "abubakar muhammad",
    "Muhamad Abubkaar",
    "Mohammad Abubaka",
    "Alhaji Mohd. Aboubakar",
];

impl Rig {
    /// Those whom a search finds, with their cards.
    async fn found(&self, viewer: &User, q: &str) -> Vec<Value> {
        let path = format!("/api/v1/alumni?q={}", q.replace(' ', "+"));
        let page = self.get(&path).by(viewer).send().await.expect(200);
        page["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graduate_with_a_printed_code_is_found_in_any_spelling() {
    let rig = Rig::without_limits().await;
    let office = rig.holder_of(&[Permission::CreateAlumniRecord, Permission::CreateInvitation]);
    let record = json!({
        "surname": "Abubakar",
        "given_names": "Muhammad",
        "awards": [{"degree": "bsc", "department": "computer-science", "year": 2015}],
    });
    let record = rig.post("/api/v1/admin/alumni-records").json(&record);
    record.by(&office).send().await.expect(201);
    let (_, codes) = rig.printed_codes(&office).await;

    let viewer = rig.verified_user();
    let graduate = rig.applicant("Muhammad", "Abubakar");
    assert_eq!(rig.found(&viewer, SPELLINGS[0]).await, [] as [Value; 0]);
    let accepted = rig.post(&format!("/api/v1/invitations/{}/accept", codes[0]));
    let accepted = accepted.by(&graduate).json(&json!({"list_me": true}));
    assert_eq!(accepted.send().await.expect(200)["state"], "verified");

    for spelling in SPELLINGS {
        let found = rig.found(&viewer, spelling).await;
        assert_eq!(found.len(), 1, "{spelling}");
        let card = &found[0];
        assert_eq!(card["uuid"], graduate.id.to_string(), "{spelling}");
        assert_eq!(card["name"], "Muhammad Abubakar");
        assert_eq!(
            (&card["set"], &card["department"]),
            (&json!(2015), &json!("computer-science"))
        );
    }
    let profile = rig.get(&format!("/api/v1/profiles/{}", graduate.id));
    let profile = profile.by(&viewer).send().await.expect(200);
    assert_eq!(profile["awards"][0]["year"], 2015);
    // A graduate searches as well.
    assert_eq!(rig.found(&graduate, SPELLINGS[1]).await.len(), 1);

    let unlisted = rig.put("/api/v1/me/privacy").by(&graduate);
    let unlisted = unlisted
        .header("if-match", "*")
        .json(&json!({"listed": false}));
    unlisted.send().await.expect(200);
    for spelling in SPELLINGS {
        assert_eq!(rig.found(&viewer, spelling).await, [] as [Value; 0]);
    }
    let profile = rig.get(&format!("/api/v1/profiles/{}", graduate.id));
    profile.by(&viewer).send().await.problem("not-found");
}
