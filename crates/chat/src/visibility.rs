//! Presence broadcasts: sends each change of who sees whom online, coalesced.
//!
//! Everything here runs under the bus's order, so listeners hear changes in the order in which they were counted.

use std::{sync::Arc, time::Instant};

use abu_domain::{RoomId, UserId};

use crate::{
    bus::Instruction,
    instructions::presence_packet,
    notices::Notices,
    roster::{Listeners, Notice, Shown, by_notice},
    users::Users,
};

/// The users of this process, and the rate at which others hear of them.
#[derive(Clone)]
pub(crate) struct Visibility {
    pub(crate) users: Arc<Users>,
    pub(crate) notices: Arc<Notices>,
}

impl Visibility {
    /// The user's first session joined, or their last one left.
    pub(crate) fn presence_changed(&self, user: UserId, now: Instant) -> Vec<Instruction> {
        let shown = self.in_turn(user, user, now).unwrap_or_default();
        instructions(shown, user)
    }

    /// These users are members of the room now, or not, which `by` caused.
    pub(crate) fn members_changed(
        &self,
        room: RoomId,
        members: impl Iterator<Item = (UserId, bool)>,
        by: Option<UserId>,
        now: Instant,
    ) -> Vec<Instruction> {
        let mut shown = Vec::new();
        let mut lagging = Vec::new();
        let mut author = by;
        for (user, is_member) in members {
            if !self.users.set_member(user, room, is_member) {
                continue;
            }
            // What others do never uses up a user's own listeners.
            let author = *author.get_or_insert(user);
            match self.in_turn(user, author, now) {
                Some(changes) => shown.extend(changes),
                None => lagging.push(Instruction::ShownIn {
                    user,
                    rooms: self.users.lagging(user),
                }),
            }
        }
        let mut all = author.map_or_else(Vec::new, |author| instructions(shown, author));
        all.append(&mut lagging);
        all
    }

    /// The turn of a user whose change waited, which `by` caused.
    pub(crate) fn due(&self, user: UserId, by: UserId) -> Vec<Instruction> {
        let shown = self.users.changes(user);
        let has_lagged = self.users.lagging(user).is_some();
        self.users.settle(user);
        let mut all = instructions(shown, by);
        if has_lagged {
            all.push(Instruction::ShownIn { user, rooms: None });
        }
        all
    }

    /// What to broadcast of the user now; `None` where it waits for its turn.
    fn in_turn(&self, user: UserId, by: UserId, now: Instant) -> Option<Vec<Shown>> {
        let shown = self.users.changes(user);
        let is_visible = !shown.is_empty();
        self.notices.presence(user, by, is_visible, now).then(|| {
            self.users.settle(user);
            shown
        })
    }
}

/// The author's listeners are charged.
fn instructions(shown: Vec<Shown>, author: UserId) -> Vec<Instruction> {
    let notices = by_notice(shown).into_iter();
    let instruction = |Notice {
                           user,
                           is_online,
                           to,
                       }| {
        let packet = Arc::new(presence_packet(user, is_online).heard_of(author));
        match to {
            Listeners::Around(rooms) => Instruction::AroundUser {
                user,
                rooms,
                packet,
            },
            Listeners::Users(users) => Instruction::ToUsers { users, packet },
        }
    };
    notices.map(instruction).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use uuid::Uuid;

    use super::*;
    use crate::{ChatSettings, notices::Due, users::SessionPlace};

    const SECOND: Duration = Duration::from_secs(1);

    struct Scene {
        visibility: Visibility,
        now: Instant,
        _places: Vec<SessionPlace>,
        /// Who sees Amina online.
        seen_by: BTreeSet<UserId>,
        notices: usize,
    }

    fn amina() -> UserId {
        UserId::new(Uuid::from_u128(1))
    }

    fn bello() -> UserId {
        UserId::new(Uuid::from_u128(2))
    }

    fn owner() -> UserId {
        UserId::new(Uuid::from_u128(3))
    }

    fn room() -> RoomId {
        RoomId::new(Uuid::from_u128(9))
    }

    impl Scene {
        /// Amina has joined; Bello is in the room.
        fn new() -> Self {
            let settings = ChatSettings::default();
            let visibility = Visibility {
                users: Arc::new(Users::new(&settings)),
                notices: Arc::new(Notices::new(&settings)),
            };
            let users = &visibility.users;
            let places = [amina(), bello()].map(|user| users.take_place(user).unwrap());
            users.enter(amina(), std::iter::empty());
            users.enter(bello(), std::iter::once(room()));
            users.join(amina());
            let now = Instant::now();
            let mut scene = Self {
                visibility,
                now,
                _places: places.into(),
                seen_by: BTreeSet::new(),
                notices: 0,
            };
            let joined = scene.visibility.presence_changed(amina(), now);
            scene.take(joined);
            assert!(scene.seen_by.is_empty());
            scene
        }

        /// Whether the change waits for its turn.
        fn take(&mut self, instructions: Vec<Instruction>) -> bool {
            let mut waits = false;
            for instruction in instructions {
                match instruction {
                    Instruction::ToUsers { users, packet } => {
                        self.notices += 1;
                        let joined = presence_packet(amina(), true);
                        let is_online = packet.frame(abu_chat_protocol::Profile::V1)
                            == joined.frame(abu_chat_protocol::Profile::V1);
                        for user in users {
                            match is_online {
                                true => self.seen_by.insert(user),
                                false => self.seen_by.remove(&user),
                            };
                        }
                    }
                    Instruction::ShownIn { rooms, .. } => waits = rooms.is_some(),
                    Instruction::AroundUser { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            waits
        }

        fn set_member(&mut self, is_member: bool) -> bool {
            let change = std::iter::once((amina(), is_member));
            let visibility = &self.visibility;
            let changed = visibility.members_changed(room(), change, Some(owner()), self.now);
            self.take(changed)
        }

        fn due(&mut self) {
            for due in self.visibility.notices.due(self.now) {
                match due {
                    Due::Presence { user, by } => {
                        assert_eq!((user, by), (amina(), owner()));
                        let shown = self.visibility.due(user, by);
                        assert!(!self.take(shown));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn who_is_added_and_removed_again_and_again_is_seen_once_in_ten_seconds() {
        let mut scene = Scene::new();
        // The first of six changes was that Amina joined.
        for turn in 0..5 {
            assert!(!scene.set_member(turn % 2 == 0));
            assert_eq!(scene.seen_by.contains(&bello()), turn % 2 == 0);
        }
        for turn in 5..101 {
            // A member again, Amina is where the last broadcast showed her.
            let is_member = turn % 2 == 0;
            assert_eq!(scene.set_member(is_member), !is_member);
        }
        assert_eq!(scene.notices, 5);
        scene.now += 10 * SECOND;
        scene.due();
        assert_eq!((scene.notices, scene.seen_by.len()), (5, 1));
    }

    #[test]
    fn a_change_that_waited_is_seen_in_its_last_state() {
        let mut scene = Scene::new();
        for turn in 0..6 {
            scene.set_member(turn % 2 == 0);
        }
        assert!(scene.seen_by.contains(&bello()), "the sixth waits");
        scene.now += 9 * SECOND;
        scene.due();
        assert!(scene.seen_by.contains(&bello()));
        scene.now += SECOND;
        scene.due();
        assert!(scene.seen_by.is_empty());
    }
}
