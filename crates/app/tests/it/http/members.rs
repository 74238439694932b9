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
async fn the_last_owner_steps_down_only_by_leaving() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let Group {
        owner, moderator, ..
    } = &group;
    let step_down = set_role(&rig, &group, owner, owner, "member").await;
    assert_eq!(step_down.status.as_u16(), 409);
    assert_eq!(step_down.problem("conflict")["code"], "last-owner");

    remove(&rig, &group, owner, owner).await.expect_nothing();
    let left = roles(&rig, &group, moderator).await;
    assert_eq!(left.len(), 2);
    assert!(left.contains(&(moderator.id.to_string(), "owner".to_owned())));
}

#[tokio::test]
async fn an_owner_makes_another_owner() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let Group { owner, member, .. } = &group;
    let handed = set_role(&rig, &group, owner, member, "owner")
        .await
        .expect(200);
    assert_eq!(handed["role"], "owner");
    assert_eq!(handed["user_uuid"], member.id.to_string());
    set_role(&rig, &group, owner, owner, "member")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_victim_leaves_the_archived_group_that_they_were_made_owner_of() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let (attacker, victim) = (&group.owner, &group.member);
    set_role(&rig, &group, attacker, victim, "owner")
        .await
        .expect(200);
    let path = format!("/api/v1/rooms/{}", group.room.id);
    rig.delete(&path).by(attacker).send().await.expect_nothing();
    for leaver in [attacker, &group.moderator, victim] {
        remove(&rig, &group, leaver, leaver).await.expect_nothing();
    }
    rig.get(&path).by(victim).send().await.problem("not-found");
}

async fn add(rig: &Rig, group: &Group, users: &[&User]) -> Value {
    let ids: Vec<_> = users.iter().map(|user| user.id.uuid()).collect();
    let call = rig.post(&group.members()).by(&group.owner);
    let call = call.json(&json!({"member_ids": ids}));
    call.send().await.expect(200)
}

async fn invitations(rig: &Rig, of: &User) -> Vec<Value> {
    let page = rig.get("/api/v1/me/room-invitations").by(of);
    let page = page.send().await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_user_who_left_is_invited_and_accepts() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let (owner, member) = (&group.owner, &group.member);
    let newcomer = rig.user();
    remove(&rig, &group, member, member).await.expect_nothing();
    let additions = add(&rig, &group, &[member, &newcomer, owner]).await;
    let expected = json!({"added": [newcomer.id.uuid()], "invited": [member.id.uuid()]});
    assert_eq!(additions, expected);
    let nothing = json!({"added": [], "invited": []});
    assert_eq!(add(&rig, &group, &[member, &newcomer]).await, nothing);

    let [invitation] = &invitations(&rig, member).await[..] else {
        panic!("one invitation was expected")
    };
    let uuid = invitation["uuid"].as_str().unwrap();
    let expected = json!({
        "uuid": uuid,
        "room": {
            "uuid": group.room.id.uuid(),
            "name": group.room.name.as_ref().unwrap().as_str(),
            "member_count": 3,
        },
        "inviter": {
            "user_uuid": owner.id.uuid(),
            "firstname": owner.firstname.as_str(),
            "lastname": owner.lastname.as_str(),
        },
        "created_at": invitation["created_at"],
        "expires_at": invitation["expires_at"],
    });
    assert_eq!(*invitation, expected);
    let path = format!("/api/v1/room-invitations/{uuid}/accept");
    let stranger = rig.post(&path).by(&newcomer).send().await;
    stranger.problem("not-found");
    let room = rig.post(&path).by(member).send().await.expect(200);
    assert_eq!(room["uuid"], group.room.id.to_string());
    assert_eq!(room["member_count"], 4);
    rig.post(&path).by(member).send().await.problem("not-found");
    assert!(invitations(&rig, member).await.is_empty());
}

#[tokio::test]
async fn a_declined_invitation_is_gone_and_not_repeated() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let member = &group.member;
    remove(&rig, &group, member, member).await.expect_nothing();
    add(&rig, &group, &[member]).await;
    let invitation = &invitations(&rig, member).await[0];
    let uuid = invitation["uuid"].as_str().unwrap();
    let path = format!("/api/v1/room-invitations/{uuid}/decline");
    let declined = rig.post(&path).by(member).send().await;
    declined.expect_nothing();
    let again = add(&rig, &group, &[member]).await;
    assert_eq!(again, json!({"added": [], "invited": []}));
    assert!(invitations(&rig, member).await.is_empty());
}
