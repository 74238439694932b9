//! The whole OpenAPI document.

use super::{super::support::Rig, json_text::indented};
use crate::fixtures::assert_recorded;

#[tokio::test]
async fn the_description_is_as_recorded() {
    let rig = Rig::start().await;
    let answer = rig.get("/openapi.json").send().await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_recorded("openapi.json", &indented(answer.text()));
}
