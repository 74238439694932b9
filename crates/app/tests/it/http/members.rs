//! Room memberships and roles.

use abu_domain::{
    identity::user::User,
    messaging::room::{Room, RoomRole},
};
use serde_json::{Value, json};

use super::support::{Answer, Rig};

/// A group with one of each role.
struct Group {
    room: Room,
    owner: User,
    moderator: User,
    member: User,
}

impl Group {
    fn in_rig(rig: &Rig) -> Self {
        let (owner, moderator, member) = (rig.user(), rig.user(), rig.user());
        let room = rig.database().group(owner.id).member(member.id);
        let room = room.with_role(moderator.id, RoomRole::Moderator).create();
        Self {
            room,
            owner,
            moderator,
            member,
        }
    }

    fn members(&self) -> String {
        format!("/api/v1/rooms/{}/members", self.room.id)
    }

    fn member(&self, user: &User) -> String {
        format!("{}/{}", self.members(), user.id)
    }
}

async fn roles(rig: &Rig, group: &Group, by: &User) -> Vec<(String, String)> {
    let page = rig.get(&group.members()).by(by).send().await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut roles: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (text(&member["user_uuid"]), text(&member["role"])))
        .collect();
    roles.sort();
    roles
}

async fn set_role(rig: &Rig, group: &Group, by: &User, user: &User, role: &str) -> Answer {
    let call = rig.patch(&group.member(user)).by(by);
    call.json(&json!({"role": role})).send().await
}

async fn remove(rig: &Rig, group: &Group, by: &User, user: &User) -> Answer {
    rig.delete(&group.member(user)).by(by).send().await
}

#[tokio::test]
async fn members_see_each_other_page_by_page() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let mut expected = vec![
        (group.owner.id.to_string(), "owner".to_owned()),
        (group.moderator.id.to_string(), "moderator".to_owned()),
        (group.member.id.to_string(), "member".to_owned()),
    ];
    expected.sort();
    assert_eq!(roles(&rig, &group, &group.member).await, expected);

    let first = rig
        .get(&format!("{}?limit=2", group.members()))
        .by(&group.member);
    let first = first.send().await.expect(200);
    let one = &first["items"][0];
    assert_eq!(one["user_uuid"], expected[0].0);
    assert_eq!(one["online"], false);
    assert!(one["last_seen_at"].is_null());
    assert_eq!(one["firstname"], "Amina");
    assert_eq!(one.as_object().unwrap().len(), 7);
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = rig.get(&format!("{}?limit=2&cursor={cursor}", group.members()));
    let next = next.by(&group.member).send().await.expect(200);
    assert_eq!(next["items"][0]["user_uuid"], expected[2].0);
    assert!(next["next_cursor"].is_null());
    let cursor = next["prev_cursor"].as_str().unwrap();
    let back = rig.get(&format!("{}?limit=2&cursor={cursor}", group.members()));
    let back = back.by(&group.member).send().await.expect(200);
    assert_eq!(back["items"], first["items"]);
    assert!(back["prev_cursor"].is_null());
}

#[tokio::test]
async fn the_last_owner_hands_over_before_leaving() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let Group { owner, member, .. } = &group;
    let leave = remove(&rig, &group, owner, owner).await;
    assert_eq!(leave.status.as_u16(), 409);
    assert_eq!(leave.problem("conflict")["code"], "last-owner");
    let step_down = set_role(&rig, &group, owner, owner, "member").await;
    assert_eq!(step_down.problem("conflict")["code"], "last-owner");

    let handed = set_role(&rig, &group, owner, member, "owner")
        .await
        .expect(200);
    assert_eq!(handed["role"], "owner");
    assert_eq!(handed["user_uuid"], member.id.to_string());
    remove(&rig, &group, owner, owner).await.expect_nothing();
    assert_eq!(roles(&rig, &group, member).await.len(), 2);
}
