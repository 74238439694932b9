//! Test data builders for users and rooms, through the store's ports.

use abu_application::{
    access::Caller,
    identity::ports::{NewSession, NewUser},
    messaging::ports::NewRoom,
    platform::{Origin, ports::Clock, system::SystemClock},
};
use abu_domain::{
    LoginSessionId, RoomId, UserId,
    identity::user::User,
    messaging::{
        room::{DirectPair, Room, RoomKind, RoomRole},
        text::RoomName,
    },
    platform::text::{EmailAddress, PersonName},
};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::TestDatabase;

#[must_use]
pub struct UserBuilder<'a> {
    database: &'a TestDatabase,
    new: NewUser,
    groups: Vec<String>,
    is_active: bool,
}

impl<'a> UserBuilder<'a> {
    pub(crate) fn new(database: &'a TestDatabase) -> Self {
        let id = Uuid::new_v4();
        let new = NewUser {
            id: UserId::new(id),
            email: email(&format!("{}@example.com", id.simple())),
            // The hash of no password.
            password_hash: "-".to_owned(),
            firstname: name("Amina"),
            middlename: None,
            lastname: name("Bello"),
            phone: None,
            is_superuser: false,
            email_verified_at: Some(SystemClock.now()),
            email_awaits_proof: false,
            created_at: SystemClock.now(),
        };
        Self {
            database,
            new,
            groups: Vec::new(),
            is_active: true,
        }
    }

    /// Default: a unique address.
    pub fn email(mut self, address: &str) -> Self {
        self.new.email = email(address);
        self
    }

    /// Default: Amina Bello.
    pub fn name(mut self, firstname: &str, lastname: &str) -> Self {
        self.new.firstname = name(firstname);
        self.new.lastname = name(lastname);
        self
    }

    /// Default: the hash of no password.
    pub fn password_hash(mut self, hash: impl Into<String>) -> Self {
        self.new.password_hash = hash.into();
        self
    }

    pub fn superuser(mut self) -> Self {
        self.new.is_superuser = true;
        self
    }

    pub fn suspended(mut self) -> Self {
        self.is_active = false;
        self
    }

    /// Adds the user to one of the built-in groups.
    pub fn in_group(mut self, group: &str) -> Self {
        self.groups.push(group.to_owned());
        self
    }

    /// Changes a field that has no method of its own.
    pub fn with(mut self, change: impl FnOnce(&mut NewUser)) -> Self {
        change(&mut self.new);
        self
    }

    pub fn create(self) -> User {
        let (id, now) = (self.new.id, self.new.created_at);
        let user = self.database.transaction(|tx| {
            tx.insert_user(&self.new)?;
            if !self.groups.is_empty() {
                tx.seed_access(now)?;
            }
            for group in &self.groups {
                tx.add_to_group(id, group)?;
            }
            tx.insert_session(&NewSession {
                id: session_of(id),
                user_id: id,
                device_name: None,
                network: None,
                created_at: now,
                expires_at: now + TimeDelta::days(1),
                totp_due: false,
            })?;
            if !self.is_active {
                tx.set_active(id, false, now)?;
            }
            tx.user(id)
        });
        user.expect("the account is made")
            .expect("an account just made is there")
    }
}

/// The login session of a [`UserBuilder`]'s user, whose id it shares.
pub fn session_of(user: UserId) -> LoginSessionId {
    LoginSessionId::new(user.uuid())
}

/// The caller of a request with a token of [`session_of`] the user.
pub fn caller(user: UserId) -> Caller {
    Caller {
        user,
        session: session_of(user),
        origin: Origin {
            address: None,
            request_id: "req_test".into(),
        },
    }
}

#[must_use]
pub struct GroupBuilder<'a> {
    database: &'a TestDatabase,
    new: NewRoom,
    members: Vec<(UserId, RoomRole)>,
    archived: bool,
}

impl<'a> GroupBuilder<'a> {
    pub(crate) fn new(database: &'a TestDatabase, owner: UserId) -> Self {
        let new = NewRoom {
            kind: RoomKind::Group,
            name: Some(room_name("Class of 2010")),
            ..new_room(owner)
        };
        Self {
            database,
            new,
            members: vec![(owner, RoomRole::Owner)],
            archived: false,
        }
    }

    /// Default: Class of 2010.
    pub fn name(mut self, name: &str) -> Self {
        self.new.name = Some(room_name(name));
        self
    }

    pub fn member(self, user: UserId) -> Self {
        self.members([user])
    }

    pub fn members(mut self, users: impl IntoIterator<Item = UserId>) -> Self {
        self.members
            .extend(users.into_iter().map(|user| (user, RoomRole::Member)));
        self
    }

    pub fn with_role(mut self, user: UserId, role: RoomRole) -> Self {
        self.members.push((user, role));
        self
    }

    /// Read-only and hidden from lists.
    pub fn archived(mut self) -> Self {
        self.archived = true;
        self
    }

    pub fn create(self) -> Room {
        create_room(self.database, &self.new, &self.members, self.archived)
    }
}

pub(crate) fn direct_room(database: &TestDatabase, creator: UserId, other: UserId) -> Room {
    let new = NewRoom {
        pair: DirectPair::new(creator, other),
        ..new_room(creator)
    };
    let members = [(creator, RoomRole::Owner), (other, RoomRole::Member)];
    create_room(database, &new, &members, false)
}

fn new_room(creator: UserId) -> NewRoom {
    NewRoom {
        id: RoomId::new(Uuid::new_v4()),
        kind: RoomKind::Direct,
        name: None,
        pair: None,
        created_by: creator,
        created_at: SystemClock.now(),
    }
}

fn create_room(
    database: &TestDatabase,
    new: &NewRoom,
    members: &[(UserId, RoomRole)],
    archived: bool,
) -> Room {
    let (id, now) = (new.id, new.created_at);
    let room = database.transaction(|tx| {
        assert!(tx.insert_room(new)?, "the two have a direct room already");
        for &role in RoomRole::ALL {
            let of_role = members.iter().filter(|(_, own)| *own == role);
            let users: Vec<UserId> = of_role.map(|(user, _)| *user).collect();
            tx.add_members(id, &users, role, now)?;
        }
        if archived {
            tx.set_archived(id, Some(now), now)?;
        }
        tx.room(id)
    });
    room.expect("the room is made")
        .expect("a room just made is there")
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("the test's address is one")
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).expect("the test's name is one")
}

fn room_name(text: &str) -> RoomName {
    RoomName::parse(text).expect("the test's room name is one")
}
