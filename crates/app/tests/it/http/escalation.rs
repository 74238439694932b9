//! Privilege escalation: the problem document, and fields that no request sets.

use abu_domain::access::Permission;
use serde_json::json;

use super::support::Rig;

#[tokio::test]
async fn a_refused_escalation_names_all_missing_permissions() {
    let rig = Rig::start().await;
    let attacker = rig.holder_of(&[Permission::ModifyUser]);
    let path = format!("/api/v1/users/{}/groups", attacker.id);
    let joining = rig.post(&path).by(&attacker);
    let answer = joining.json(&json!({"groups": ["dpo_group"]})).send().await;
    assert_eq!(answer.status.as_u16(), 403);
    let expected = [
        "can_approve_export",
        "can_manage_data_request",
        "can_view_audit_log",
    ];
    assert_eq!(
        answer.problem("permission-denied")["required"],
        json!(expected)
    );
}

#[tokio::test]
async fn an_update_of_an_account_sets_no_field_about_rights() {
    let rig = Rig::start().await;
    let (superuser, user) = (rig.superuser(), rig.user());
    for unknown in ["is_superuser", "is_active", "groups", "verification"] {
        let body = json!({
            "email": "eve@example.com", "firstname": "Eve", "lastname": "Bello", unknown: true,
        });
        let call = rig.put(&format!("/api/v1/users/{}", user.id));
        let call = call.by(&superuser).header("if-match", "*");
        let answer = call.json(&body).send().await;
        assert_eq!(
            answer.mistakes(),
            [(format!("/{unknown}"), "unknown".to_owned())]
        );
    }
}
