//! Presence follows membership: who begins or ends to share a room sees the other come or go.

use std::collections::{BTreeMap, BTreeSet};

use abu_chat_protocol::ServerPacket;
use abu_domain::{RoomId, UserId};
use uuid::Uuid;

use crate::support::{Chat, Client, EVENT_TIMEOUT, caller};

/// The next notice of presence: of whom, and whether they are online. Skips notices of rooms and members.
async fn presence(client: &mut Client) -> (UserId, bool) {
    loop {
        match client.packet().await {
            ServerPacket::RoomNotify(_) | ServerPacket::MemberNotify(_) => {}
            packet => return of(&packet).unwrap_or_else(|| panic!("{packet:?}")),
        }
    }
}

fn of(packet: &ServerPacket) -> Option<(UserId, bool)> {
    let (user, is_online) = match packet {
        ServerPacket::ChatJoinNotify(join) => (&join.participant_id, true),
        ServerPacket::ChatLeave(leave) => (&leave.participant_id, false),
        _ => return None,
    };
    Some((UserId::new(user.to_uuid().unwrap()), is_online))
}

impl Chat {
    async fn add(&self, by: UserId, room: RoomId, user: UserId) {
        let added = self.rooms.add_members(caller(by), room, vec![user]);
        added.await.unwrap();
    }

    async fn remove(&self, by: UserId, room: RoomId, user: UserId) {
        let removed = self.rooms.remove_member(caller(by), room, user);
        removed.await.unwrap();
    }

    /// Waits until just these are online.
    async fn counts(&self, users: &[UserId], online: &BTreeSet<UserId>) {
        let expected: Vec<bool> = users.iter().map(|user| online.contains(user)).collect();
        let counted = async {
            while self.online(users) != expected {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(EVENT_TIMEOUT, counted).await.unwrap();
    }
}

#[tokio::test]
async fn people_who_first_share_a_room_see_each_other_online() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let (one, two) = (chat.room(&[amina]).await, chat.room(&[amina]).await);
    let own = [chat.room(&[amina]).await, chat.room(&[bello]).await];
    let mut host = chat.connect_v2(amina).await;
    let mut guest = chat.connect(bello).await;
    host.join().await;
    guest.join().await;
    chat.counts(&[amina, bello], &[amina, bello].into()).await;

    chat.add(amina, one, bello).await;
    assert_eq!(presence(&mut host).await, (bello, true));
    assert_eq!(presence(&mut guest).await, (amina, true));
    // They see each other already, and still do.
    chat.add(amina, two, bello).await;
    chat.remove(amina, one, bello).await;
    guest.hears_nothing_else(own[1]).await;
    chat.remove(amina, two, bello).await;
    assert_eq!(presence(&mut host).await, (bello, false));
    assert_eq!(presence(&mut guest).await, (amina, false));
    guest.hears_nothing_else(own[1]).await;
    host.hears_nothing_else(own[0]).await;
}

#[tokio::test]
async fn who_leaves_the_last_common_room_is_seen_to_go() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let mut host = chat.connect(amina).await;
    let mut guest = chat.connect(bello).await;
    host.join().await;
    assert_eq!(presence(&mut guest).await, (amina, true));
    // Bello has not joined, so no listener sees Bello come or go.
    chat.remove(bello, room, bello).await;
    assert_eq!(presence(&mut guest).await, (amina, false));
    host.hears_nothing_else(room).await;
}

/// Members of an archived room still read it together.
#[tokio::test]
async fn an_archived_room_is_shared_still() {
    let chat = Chat::start();
    let (amina, bello) = (chat.user(), chat.user());
    let room = chat.room(&[amina, bello]).await;
    let own = chat.room(&[bello]).await;
    let mut guest = chat.connect(bello).await;
    let mut host = chat.connect(amina).await;
    host.join().await;
    assert_eq!(presence(&mut guest).await, (amina, true));
    chat.rooms.delete(caller(amina), room).await.unwrap();
    guest.hears_nothing_else(own).await;
    host.leave().await;
    assert_eq!(presence(&mut guest).await, (amina, false));
}

#[tokio::test]
async fn people_of_a_new_group_see_each_other_once() {
    let chat = Chat::start();
    let users: Vec<UserId> = (0..20).map(|_| chat.user()).collect();
    let mut own = Vec::new();
    let mut clients = Vec::new();
    for user in &users {
        own.push(chat.room(&[*user]).await);
        let mut client = chat.connect(*user).await;
        client.join().await;
        clients.push(client);
    }
    chat.counts(&users, &users.iter().copied().collect()).await;
    chat.room(&users).await;
    for (place, client) in clients.iter_mut().enumerate() {
        let mut seen = BTreeSet::new();
        for _ in 1..users.len() {
            let (user, is_online) = presence(client).await;
            assert!(is_online && seen.insert(user), "once");
        }
        assert!(!seen.contains(&users[place]));
        client.hears_nothing_else(own[place]).await;
    }
}

/// A deterministic choice of numbers below `bound`.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

struct World {
    chat: Chat,
    host: UserId,
    users: Vec<UserId>,
    rooms: Vec<RoomId>,
    /// Rooms of one user each, for markers.
    own: Vec<RoomId>,
    members: BTreeSet<(RoomId, UserId)>,
    /// The joined sessions.
    joined: BTreeMap<UserId, Client>,
    observers: Vec<Client>,
    views: Vec<BTreeSet<UserId>>,
}

impl World {
    async fn new() -> Self {
        let chat = Chat::start();
        let host = chat.user();
        let users: Vec<UserId> = (0..4).map(|_| chat.user()).collect();
        let (mut rooms, mut own, mut observers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            rooms.push(chat.room(&[host]).await);
        }
        for (place, user) in users.iter().enumerate() {
            own.push(chat.room(&[*user]).await);
            observers.push(match place % 2 {
                0 => chat.connect(*user).await,
                _ => chat.connect_v2(*user).await,
            });
        }
        Self {
            chat,
            host,
            views: vec![BTreeSet::new(); users.len()],
            users,
            rooms,
            own,
            members: BTreeSet::new(),
            joined: BTreeMap::new(),
            observers,
        }
    }

    async fn step(&mut self, choices: &mut Choices) {
        let user = self.users[choices.below(self.users.len())];
        if choices.below(3) == 0 {
            match self.joined.remove(&user) {
                Some(client) => client.leave().await,
                None => {
                    let mut client = self.chat.connect(user).await;
                    client.join().await;
                    self.joined.insert(user, client);
                }
            }
            return;
        }
        let room = self.rooms[choices.below(self.rooms.len())];
        match self.members.remove(&(room, user)) {
            true => self.chat.remove(self.host, room, user).await,
            false => {
                self.members.insert((room, user));
                self.chat.add(self.host, room, user).await;
            }
        }
    }

    fn truth(&self, viewer: UserId) -> BTreeSet<UserId> {
        let shares = |other: &UserId| {
            self.rooms.iter().any(|room| {
                self.members.contains(&(*room, viewer)) && self.members.contains(&(*room, *other))
            })
        };
        let online = self.joined.keys().copied();
        online
            .filter(|user| *user != viewer && shares(user))
            .collect()
    }

    async fn compare(&mut self) {
        let online = self.joined.keys().copied().collect();
        self.chat.counts(&self.users, &online).await;
        for (place, observer) in self.observers.iter_mut().enumerate() {
            let marker = Uuid::new_v4().to_string();
            observer.say(self.own[place], &marker).await;
            loop {
                match observer.packet().await {
                    ServerPacket::MessageReceive(message) if message.message == marker => break,
                    packet => {
                        if let Some((user, is_online)) = of(&packet) {
                            let view = &mut self.views[place];
                            let is_news = match is_online {
                                true => view.insert(user),
                                false => view.remove(&user),
                            };
                            assert!(is_news, "{user} was seen so already");
                        }
                    }
                }
            }
        }
        for (viewer, view) in self.users.iter().zip(&self.views) {
            assert_eq!(*view, self.truth(*viewer));
        }
    }
}

#[tokio::test]
async fn whatever_happens_each_session_sees_who_is_online() {
    for seed in 1..=3 {
        let mut world = World::new().await;
        let mut choices = Choices(seed * 0x1e37_79b9_7f4a_7c15);
        for turn in 0..40 {
            world.step(&mut choices).await;
            if turn % 3 == 0 {
                world.compare().await;
            }
        }
        world.compare().await;
    }
}
