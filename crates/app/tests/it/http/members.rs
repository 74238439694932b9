//! Room memberships and roles.

use abu_domain::{
    identity::user::User,
    messaging::room::{Room, RoomRole},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig, pairs};

/// A group with one member of each role, and a non-member.
struct Group {
    room: Room,
    owner: User,
    moderator: User,
    member: User,
    stranger: User,
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
            stranger: rig.user(),
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

async fn add(rig: &Rig, group: &Group, by: &User, ids: &[Uuid]) -> Answer {
    let call = rig.post(&group.members()).by(by);
    call.json(&json!({"member_ids": ids})).send().await
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
async fn owners_and_moderators_bring_people_in_and_members_do_not() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let (one, two) = (rig.user(), rig.user());
    let refused = add(&rig, &group, &group.member, &[one.id.uuid()]).await;
    refused.problem("permission-denied");

    let ids = [one.id.uuid(), one.id.uuid(), group.owner.id.uuid()];
    let room = add(&rig, &group, &group.moderator, &ids).await.expect(200);
    assert_eq!(room["member_count"], 4);
    let room = add(&rig, &group, &group.owner, &[two.id.uuid()])
        .await
        .expect(200);
    assert_eq!(room["member_count"], 5);
    let now = roles(&rig, &group, &two).await;
    assert!(now.contains(&(one.id.to_string(), "member".to_owned())));
    assert!(now.contains(&(group.owner.id.to_string(), "owner".to_owned())));
}

#[tokio::test]
async fn one_unknown_user_adds_no_member_at_all() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let ids = [group.stranger.id.uuid(), Uuid::new_v4()];
    let answer = add(&rig, &group, &group.owner, &ids).await;
    assert_eq!(answer.mistakes(), pairs(&[("/member_ids", "user.unknown")]));
    assert_eq!(roles(&rig, &group, &group.owner).await.len(), 3);
}

#[tokio::test]
async fn roles_decide_who_removes_whom() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let Group {
        owner,
        moderator,
        member,
        stranger,
        ..
    } = &group;
    for (by, whom) in [(member, moderator), (member, owner), (moderator, owner)] {
        remove(&rig, &group, by, whom)
            .await
            .problem("permission-denied");
    }
    remove(&rig, &group, moderator, member)
        .await
        .expect_nothing();
    remove(&rig, &group, owner, moderator)
        .await
        .expect_nothing();
    remove(&rig, &group, owner, stranger)
        .await
        .problem("not-found");
    remove(&rig, &group, stranger, owner)
        .await
        .problem("not-found");
    let room = rig.get(&format!("/api/v1/rooms/{}", group.room.id));
    assert_eq!(room.by(owner).send().await.expect(200)["member_count"], 1);
}

#[tokio::test]
async fn a_member_who_leaves_no_longer_sees_the_room() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    remove(&rig, &group, &group.member, &group.member)
        .await
        .expect_nothing();
    let again = rig.get(&group.members()).by(&group.member).send().await;
    again.problem("not-found");
    let rooms = rig.get("/api/v1/rooms").by(&group.member).send().await;
    assert_eq!(rooms.expect(200)["items"], json!([]));
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

#[tokio::test]
async fn two_owners_leaving_concurrently_never_orphan_the_room() {
    let rig = Rig::start().await;
    for _ in 0..5 {
        let (one, other) = (rig.user(), rig.user());
        let room = rig.database().group(one.id);
        let room = room.with_role(other.id, RoomRole::Owner).create();
        let path = |user: &User| format!("/api/v1/rooms/{}/members/{}", room.id, user.id);
        let answers = tokio::join!(
            rig.delete(&path(&one)).by(&one).send(),
            rig.delete(&path(&other)).by(&other).send(),
        );
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }
}

#[tokio::test]
async fn only_owners_set_roles_and_only_those_there_are() {
    let rig = Rig::start().await;
    let group = Group::in_rig(&rig);
    let Group {
        owner,
        moderator,
        member,
        stranger,
        ..
    } = &group;
    for by in [moderator, member] {
        let answer = set_role(&rig, &group, by, member, "moderator").await;
        answer.problem("permission-denied");
    }
    set_role(&rig, &group, owner, stranger, "member")
        .await
        .problem("not-found");
    let unknown = set_role(&rig, &group, owner, member, "king").await;
    assert_eq!(unknown.mistakes(), pairs(&[("/role", "role.unknown")]));
    for role in ["moderator", "member", "owner"] {
        let set = set_role(&rig, &group, owner, member, role)
            .await
            .expect(200);
        assert_eq!(set["role"], role);
    }
}
