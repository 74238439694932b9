use abu_application::identity::ports::ExportSource;
use serde_json::{Value, json};

use super::{FATIMA, app};
use crate::support::{Member, TestApp};

impl TestApp {
    /// The parts of the area in a copy of the member's data.
    fn exported(&self, member: &Member) -> Value {
        let source = abu_application::alumni::exports::OwnAlumniData;
        let parts = source.parts().into_iter().map(|part| {
            let page = self
                .database
                .read(|tx| source.page(tx, member.id(), part, None))
                .unwrap();
            assert!(page.next.is_none());
            (part.to_owned(), Value::from(page.rows))
        });
        Value::Object(parts.collect())
    }
}

#[tokio::test]
async fn a_copy_of_the_data_has_claims_their_history_and_the_record() {
    let app = app();
    let record = FATIMA.register(&app);
    let (fatima, reviewer) = (app.fatima(), app.reviewer());
    let id = app.submitted(&fatima).await;
    app.sent(&fatima, id).await;
    assert_eq!(app.exported(&fatima)["alumni_record"], json!([]));
    app.approve(&reviewer, id, record).await.unwrap();
    let copy = app.exported(&fatima);
    assert_eq!(copy["claims"][0]["state"], "verified");
    assert_eq!(copy["claims"][0]["awards"][0]["degree"], "bsc");
    let kinds: Vec<&str> = copy["claim_events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["submitted", "evidence_added", "verified"]);
    assert_eq!(copy["claim_evidence"][0]["kind"], "pdf");
    let award = &copy["alumni_record"][0]["awards"][0];
    assert_eq!(
        (&award["matric"], &award["department"], &award["year"]),
        (
            &json!("U15CS1070"),
            &json!("Computer Science"),
            &json!(2019)
        )
    );
    let text = copy.to_string();
    assert!(!text.contains(&reviewer.id().to_string()), "{text}");
}

#[tokio::test]
async fn a_copy_has_nothing_of_others() {
    let app = app();
    let (fatima, musa) = (app.fatima(), app.applicant("Musa", "Sani"));
    let id = app.submitted(&fatima).await;
    app.sent(&fatima, id).await;
    let copy = app.exported(&musa);
    for of_claims in ["claims", "claim_events", "claim_evidence", "alumni_record"] {
        assert_eq!(copy[of_claims], json!([]), "{of_claims}");
    }
}
