//! The list of rooms: order, filters, settings of members, unread messages.

use abu_application::{
    messaging::{
        messages::{MessageDraft, MessagingError},
        ports::{RoomFilter, RoomListing, RoomPosition},
        rooms::{ListedRoom, RoomDraft, RoomError},
    },
    platform::{
        lists::{ListRequest, Seek, Total},
        versions::Expected,
    },
};
use abu_domain::{
    MessageId, RoomId,
    messaging::{
        room::{RoomKind, RoomSettings},
        text::{Emoji, MessageText},
    },
};
use chrono::TimeDelta;

use crate::support::{Member, TestApp, assert_refused, new_id};

const PINNED: RoomSettings = RoomSettings {
    muted_until: None,
    pinned: true,
    hidden: false,
};
const HIDDEN: RoomSettings = RoomSettings {
    muted_until: None,
    pinned: false,
    hidden: true,
};

struct Scene {
    app: TestApp,
    me: Member,
    other: Member,
}

impl Scene {
    fn new() -> Self {
        let app = TestApp::new();
        let me = app.member().create();
        let other = app.member().create();
        Self { app, me, other }
    }

    fn group(&self, name: &str) -> RoomId {
        let group = self.app.database.group(self.me.id()).name(name);
        group.member(self.other.id()).create().id
    }

    fn hears(&self, room: RoomId, text: &str) -> MessageId {
        self.app.database.message(room, self.other.id(), text).id
    }

    async fn says(&self, by: &Member, room: RoomId) -> i64 {
        let draft = MessageDraft {
            room_id: room,
            text: MessageText::parse("hello").unwrap(),
            client_message_id: new_id(),
            reply_to: None,
        };
        let messages = &self.app.use_cases.messaging.messages;
        let sent = messages.send(by.caller(), draft).await.unwrap();
        sent.shown.message.seq
    }

    async fn delete(&self, room: RoomId, message: MessageId) {
        let messages = &self.app.use_cases.messaging.messages;
        let deleted = messages.delete(self.me.caller(), room, message);
        deleted.await.unwrap();
    }

    async fn page(
        &self,
        filter: &RoomFilter,
        seek: Seek<RoomPosition>,
        limit: u32,
    ) -> Vec<ListedRoom> {
        let page = ListRequest {
            seek,
            limit,
            count: true,
        };
        let rooms = &self.app.use_cases.messaging.rooms;
        let listed = rooms.list(self.me.caller(), filter.clone(), page);
        let listed = listed.await.unwrap();
        if limit == 100 {
            let all = Total::Exactly(listed.items.len() as u64);
            assert_eq!(listed.total, Some(all), "{filter:?}");
        }
        listed.items
    }

    async fn listed(&self, filter: RoomFilter) -> Vec<RoomId> {
        let rooms = self.page(&filter, Seek::START, 100).await;
        rooms.iter().map(|listed| listed.own.room.id).collect()
    }

    async fn arrange(&self, room: RoomId, settings: RoomSettings) -> RoomSettings {
        let rooms = &self.app.use_cases.messaging.rooms;
        let arranged = rooms.arrange(self.me.caller(), room, settings, Expected::Anything);
        arranged.await.unwrap()
    }

    async fn unread(&self, room: RoomId) -> i64 {
        let rooms = &self.app.use_cases.messaging.rooms;
        rooms
            .get(self.me.caller(), room)
            .await
            .unwrap()
            .unread_count
    }

    /// How many rooms and messages are unread.
    async fn badge(&self) -> (i64, i64) {
        let rooms = &self.app.use_cases.messaging.rooms;
        let unread = rooms.unread(self.me.caller()).await.unwrap();
        (unread.rooms, unread.messages)
    }
}

fn named(words: &str) -> RoomFilter {
    RoomFilter {
        words: Some(words.to_owned()),
        ..RoomFilter::default()
    }
}

#[tokio::test]
async fn pinned_rooms_precede_those_that_are_more_active() {
    let scene = Scene::new();
    let rooms: Vec<RoomId> = (0..5).map(|_| scene.group("Class of 2010")).collect();
    for room in [rooms[0], rooms[3]] {
        scene.arrange(room, PINNED).await;
    }
    let order = [3, 0, 4, 2, 1].map(|place: usize| rooms[place]);
    assert_eq!(scene.listed(RoomFilter::default()).await, order);
    // Page by page in both directions, over the border between pinned rooms and others.
    let filter = RoomFilter::default();
    let (mut forward, mut seek) = (Vec::new(), Seek::START);
    while let [.., last] = scene.page(&filter, seek, 2).await.as_slice() {
        forward.push(last.own.room.id);
        seek = Seek::After(Some(RoomListing::position(&last.own)));
    }
    assert_eq!(forward, [1, 3, 4].map(|place: usize| order[place]));
    let mut seek = Seek::Before(None);
    let mut backward = Vec::new();
    while let [first, ..] = scene.page(&filter, seek, 2).await.as_slice() {
        backward.push(first.own.room.id);
        seek = Seek::Before(Some(RoomListing::position(&first.own)));
    }
    assert_eq!(backward, [3, 1, 0].map(|place: usize| order[place]));
}

#[tokio::test]
async fn a_filter_shows_rooms_of_its_kind_and_state_alone() {
    let scene = Scene::new();
    let direct = scene
        .app
        .database
        .direct_room(scene.me.id(), scene.other.id())
        .id;
    let group = scene.group("Class of 2010");
    let hidden = scene.group("Class of 2011");
    scene.arrange(hidden, HIDDEN).await;
    let archived = scene
        .app
        .database
        .group(scene.me.id())
        .archived()
        .create()
        .id;
    let kinds = |kinds: &[RoomKind]| RoomFilter {
        kinds: kinds.to_vec(),
        ..RoomFilter::default()
    };
    let state = |archived, hidden| RoomFilter {
        archived,
        hidden,
        ..RoomFilter::default()
    };
    for (filter, expected) in [
        (kinds(&[]), &[group, direct][..]),
        (kinds(&[RoomKind::Direct]), &[direct]),
        (kinds(&[RoomKind::Group]), &[group]),
        (
            kinds(&[RoomKind::Group, RoomKind::Direct]),
            &[group, direct],
        ),
        (state(true, false), &[archived]),
        (state(false, true), &[hidden]),
        (state(true, true), &[]),
    ] {
        assert_eq!(scene.listed(filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn words_find_groups_by_name_and_direct_rooms_by_person() {
    let scene = Scene::new();
    let database = &scene.app.database;
    let kadir = database.user().name("Ƙadir", "Bello").create();
    let direct = database.direct_room(kadir.id, scene.me.id()).id;
    let group = scene.group("Bello Hostel, Class of 2010");
    // My own name is no word of my rooms.
    let mine = scene.me.user.firstname.as_str().to_owned();
    for (words, expected) in [
        ("bello", &[group, direct][..]),
        ("bello kadir", &[direct]),
        ("BEL ka", &[direct]),
        ("class 2010", &[group]),
        ("2010 hostel", &[group]),
        ("ello", &[]),
        ("'", &[]),
        ("%", &[]),
        ("a:* | b", &[]),
    ] {
        assert_eq!(scene.listed(named(words)).await, expected, "{words}");
    }
    assert!(!scene.listed(named(&mine)).await.contains(&direct));
}

#[tokio::test]
async fn own_messages_are_read_in_the_very_next_list() {
    let scene = Scene::new();
    let room = scene.group("Class of 2010");
    for _ in 0..10 {
        scene.hears(room, "hello");
        let seq = scene.says(&scene.me, room).await;
        let listed = scene.page(&RoomFilter::default(), Seek::START, 100).await;
        let own = &listed[0].own;
        assert_eq!((own.last_read_seq, own.unread_count), (seq, 0));
        assert_eq!(scene.badge().await, (0, 0));
        scene.says(&scene.other, room).await;
        assert_eq!(scene.unread(room).await, 1);
        assert_eq!(scene.badge().await, (1, 1));
    }
}

#[tokio::test]
async fn deleted_messages_are_not_unread() {
    let scene = Scene::new();
    let room = scene.group("Class of 2010");
    let said: Vec<MessageId> = (0..4).map(|_| scene.hears(room, "hello")).collect();
    scene.delete(room, said[1]).await;
    assert_eq!((scene.unread(room).await, scene.badge().await), (3, (1, 3)));
    let messages = &scene.app.use_cases.messaging.messages;
    let marked = messages.mark_read(scene.me.caller(), room, 1, Expected::Anything);
    assert_eq!(marked.await.unwrap().unread_count, 2);
    for id in [said[0], said[2], said[3]] {
        scene.delete(room, id).await;
    }
    assert_eq!((scene.unread(room).await, scene.badge().await), (0, (0, 0)));
}

#[tokio::test]
async fn a_muted_room_counts_again_when_its_time_is_over() {
    let scene = Scene::new();
    let (loud, quiet) = (scene.group("Loud"), scene.group("Quiet"));
    for room in [loud, loud, quiet] {
        scene.hears(room, "hello");
    }
    assert_eq!(scene.badge().await, (2, 3));
    let until = scene.app.now() + TimeDelta::hours(1);
    let muted = RoomSettings {
        muted_until: Some(until),
        ..RoomSettings::default()
    };
    assert_eq!(scene.arrange(loud, muted).await, muted);
    assert_eq!(scene.badge().await, (1, 1));
    assert_eq!(scene.unread(loud).await, 2, "it is unread all the same");
    scene.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(scene.badge().await, (2, 3));
    let rooms = &scene.app.use_cases.messaging.rooms;
    let own = rooms.get(scene.me.caller(), loud).await.unwrap();
    assert_eq!(own.settings, RoomSettings::default());
    assert_eq!(scene.arrange(loud, muted).await, RoomSettings::default());
}

#[tokio::test]
async fn a_hidden_room_comes_back_with_its_next_message() {
    let scene = Scene::new();
    let room = scene.group("Class of 2010");
    scene.hears(room, "hello");
    assert_eq!(scene.arrange(room, HIDDEN).await, HIDDEN);
    assert_eq!(scene.listed(RoomFilter::default()).await, []);
    assert_eq!(scene.badge().await, (0, 0));
    scene.hears(room, "hello again");
    assert_eq!(scene.listed(RoomFilter::default()).await, [room]);
    assert_eq!(scene.badge().await, (1, 2));
    scene.arrange(room, HIDDEN).await;
    assert_eq!(scene.arrange(room, PINNED).await, PINNED);
    assert_eq!(scene.listed(RoomFilter::default()).await, [room]);
}

#[tokio::test]
async fn settings_are_one_members_and_take_a_membership() {
    let scene = Scene::new();
    let room = scene.group("Class of 2010");
    scene.arrange(room, PINNED).await;
    let rooms = &scene.app.use_cases.messaging.rooms;
    let others = rooms.get(scene.other.caller(), room).await.unwrap();
    assert_eq!(others.settings, RoomSettings::default());
    let stranger = scene.app.member().create();
    let refused = rooms.arrange(stranger.caller(), room, PINNED, Expected::Anything);
    assert_refused!(refused.await, RoomError::RoomNotFound);
}

#[tokio::test]
async fn the_other_person_of_a_direct_room_is_named_to_both() {
    let scene = Scene::new();
    let rooms = &scene.app.use_cases.messaging.rooms;
    let draft = RoomDraft::Direct {
        other: scene.other.id(),
    };
    let opened = rooms.open(scene.me.caller(), draft).await.unwrap().room;
    let room = opened.room.id;
    for (viewer, other) in [(&scene.me, &scene.other), (&scene.other, &scene.me)] {
        let own = rooms.get(viewer.caller(), room).await.unwrap();
        let named = own.other.unwrap();
        assert_eq!(
            (named.id, named.lastname),
            (other.id(), other.user.lastname.clone())
        );
    }
    let listed = scene.page(&RoomFilter::default(), Seek::START, 100).await;
    assert_eq!(listed[0].own, opened);
    let group = scene.group("Class of 2010");
    assert_eq!(
        rooms.get(scene.me.caller(), group).await.unwrap().other,
        None
    );
}

#[tokio::test]
async fn nothing_new_reaches_a_suspended_person_until_they_are_active_again() {
    let scene = Scene::new();
    let office = scene.app.member().super_admin().create();
    let room = scene
        .app
        .database
        .direct_room(scene.me.id(), scene.other.id())
        .id;
    let group = scene.group("Class of 2010");
    let said = scene.says(&scene.me, room).await;
    let messages = &scene.app.use_cases.messaging.messages;
    let id = scene.app.store(|tx| tx.messages_at(&[(room, said)]))[0].id;
    let accounts = &scene.app.use_cases.identity.accounts;
    let draft = |room| MessageDraft {
        room_id: room,
        text: MessageText::parse("hello?").unwrap(),
        client_message_id: new_id(),
        reply_to: None,
    };
    let me = || scene.me.caller();
    let thumb = Emoji::parse("\u{1f44d}").unwrap();

    let suspended = accounts.suspend(office.caller(), scene.other.id());
    suspended.await.unwrap();
    let edit = MessageText::parse("hello, you").unwrap();
    for refused in [
        messages.send(me(), draft(room)).await,
        messages
            .edit(me(), room, id, edit, Expected::Anything)
            .await,
        messages
            .react(me(), room, id, thumb, Expected::Anything)
            .await,
    ] {
        assert_refused!(refused, MessagingError::Blocked);
    }
    messages.send(me(), draft(group)).await.unwrap();
    scene.delete(room, id).await;

    accounts
        .activate(office.caller(), scene.other.id())
        .await
        .unwrap();
    messages.send(me(), draft(room)).await.unwrap();
}
