//! A login session: authentication, and the room endpoints of the REST API.

use std::{fmt, sync::Arc};

use abu_chat_protocol::{MessageId, RoomId, UserId};
use chrono::{DateTime, Utc};
use hyper::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    AccessToken, ApiError, Chat, ConnectError, Events, LogInError, Message, RoomPosition,
    TokenSource,
    client::Shared,
    driver,
    http::Call,
    refresh::{RefreshTokens, TokenPair},
    tokens::Tokens,
};

/// Bounds the pages read from one list, at ten times the room limit of a user.
const MAX_PAGES: usize = 100;

/// Credentials of a login. `Debug` shows no field.
///
/// Contract: `docs/accounts.md`, "Log in".
#[must_use]
pub struct LogIn {
    email: String,
    password: SecretString,
    one_time_password: Option<SecretString>,
}

impl LogIn {
    /// The credentials of an account: one of its verified e-mail addresses, and its password.
    pub fn new(email: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self {
            email: email.into(),
            password: password.into(),
            one_time_password: None,
        }
    }

    /// Adds the current code of the authenticator, or a recovery code.
    pub fn one_time_password(mut self, code: impl Into<SecretString>) -> Self {
        self.one_time_password = Some(code.into());
        self
    }

    fn body(&self, device_name: Option<&str>) -> Value {
        let mut body = json!({"email": self.email, "password": self.password.expose_secret()});
        if let Some(code) = &self.one_time_password {
            body["otp"] = code.expose_secret().into();
        }
        if let Some(name) = device_name {
            body["device_name"] = name.into();
        }
        body
    }
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn").finish_non_exhaustive()
    }
}

/// A login session on a server. It renews access tokens before they expire. Cheap to clone; clones share the
/// tokens.
#[derive(Clone)]
pub struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tokens: Arc<Tokens>,
    user_id: Option<UserId>,
}

/// A room of the user, as `GET /api/v1/rooms` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Room {
    /// The id of the room.
    pub id: RoomId,
    /// Whether it is a direct room of two users, not a group.
    pub is_direct: bool,
    /// The name of a group; `None` for a direct room.
    pub name: Option<String>,
    /// The number of members.
    pub member_count: u32,
    /// The `seq` of the newest message, which equals the number of messages; 0 in an empty room.
    pub last_seq: u64,
    /// The `seq` of the user's read mark, if the server sends it.
    pub last_read_seq: Option<u64>,
    /// The number of unread messages, if the server sends it.
    pub unread_count: Option<u64>,
    /// The newest message, without reactions; `None` in an empty room.
    pub last_message: Option<Message>,
    /// The other person of a direct room; `None` for a group.
    pub other: Option<Person>,
    /// The user's role: `member`, `moderator` or `owner`, if the server sends it.
    pub my_role: Option<String>,
    /// The time until which the user muted the room.
    pub muted_until: Option<DateTime<Utc>>,
    /// Whether the user pinned the room.
    pub is_pinned: bool,
}

/// A user, by their name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// The id of the user.
    pub user_id: UserId,
    /// The first name.
    pub firstname: String,
    /// The last name.
    pub lastname: String,
}

/// A member of a room, as `GET /api/v1/rooms/{room}/members` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The id of the user.
    pub user_id: UserId,
    /// The first name.
    pub firstname: String,
    /// The last name.
    pub lastname: String,
    /// The role in the room: `member`, `moderator` or `owner`.
    pub role: String,
    /// Whether the user is online now.
    pub is_online: bool,
    /// The time at which the user last went offline, if the server sends it.
    pub last_seen: Option<DateTime<Utc>>,
}

/// An invitation to a group that the user left, as `GET /api/v1/me/room-invitations` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// The id of the invitation.
    pub id: Uuid,
    /// The id of the room.
    pub room_id: RoomId,
    /// The name of the room.
    pub room_name: String,
    /// The number of members.
    pub member_count: u32,
    /// The id of the inviting user.
    pub inviter_id: UserId,
    /// The first name of the inviting user.
    pub inviter_firstname: String,
    /// The last name of the inviting user.
    pub inviter_lastname: String,
    /// The time after which it cannot be accepted.
    pub expires_at: DateTime<Utc>,
}

impl Session {
    pub(crate) async fn begin(shared: Arc<Shared>, log_in: LogIn) -> Result<Self, LogInError> {
        let body = log_in.body(shared.settings.device_name.as_deref());
        let call = Call::new(Method::POST, "/auth/token").body(&body);
        let answer = shared.rest.call(call).await?;
        // The hook gets the new refresh token before the rest of the answer is parsed.
        let pair: TokenPair = answer.json()?;
        let (source, token) = RefreshTokens::of(Arc::clone(&shared), pair);
        let LoggedIn { user } = answer.json()?;
        Ok(Self {
            tokens: Arc::new(Tokens::with(Box::new(source), token)),
            user_id: Some(user.uuid.into()),
            shared,
        })
    }

    pub(crate) fn resume(shared: Arc<Shared>, refresh_token: SecretString) -> Self {
        let source = RefreshTokens::from_token(Arc::clone(&shared), refresh_token);
        Self::with_tokens(shared, Box::new(source))
    }

    pub(crate) fn with_tokens(shared: Arc<Shared>, source: Box<dyn TokenSource>) -> Self {
        Self {
            shared,
            tokens: Arc::new(Tokens::new(source)),
            user_id: None,
        }
    }

    /// The user of this session. `None` unless it began with [`Client::log_in`](crate::Client::log_in);
    /// [`Event::Connected`](crate::Event::Connected) has the id otherwise.
    pub fn user_id(&self) -> Option<&UserId> {
        self.user_id.as_ref()
    }

    /// Connects to the chat, and reconnects from then on. [`Events`] deliver every message sent after this call,
    /// in all of the user's rooms.
    ///
    /// Contract: `docs/chat-protocol.md`, "Connect" and "Reconnect and catch up".
    ///
    /// # Errors
    /// [`ConnectError`] if the first attempt fails; [`open`](Self::open) retries that as well.
    pub async fn connect(&self) -> Result<(Chat, Events), ConnectError> {
        driver::connect(self, Vec::new()).await
    }

    /// Connects as [`connect`](Self::connect) does, and first delivers the messages and changes after `positions`.
    /// They come from [`Events::positions`], perhaps of another process.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_from(
        &self,
        positions: Vec<RoomPosition>,
    ) -> Result<(Chat, Events), ConnectError> {
        driver::connect(self, positions).await
    }

    /// Starts to connect in the background and returns at once. It retries with back-off until it succeeds or the
    /// server rejects it permanently ([`Event::Ended`](crate::Event::Ended)). For `positions` see
    /// [`connect_from`](Self::connect_from); empty starts with new messages.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn open(&self, positions: Vec<RoomPosition>) -> (Chat, Events) {
        driver::open(self, positions)
    }

    /// All rooms of the user, without archived and hidden ones: pinned rooms first, then the most recently active.
    /// Reads all pages.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn rooms(&self) -> Result<Vec<Room>, ApiError> {
        let mut rooms = Vec::new();
        let mut path = "/rooms?limit=100".to_owned();
        for _page in 0..MAX_PAGES {
            let page: List<RawRoom> = self.get(&path).await?;
            rooms.extend(page.items.into_iter().map(Room::from));
            let Some(cursor) = page.next_cursor else {
                break;
            };
            path = format!("/rooms?limit=100&cursor={}", escaped(&cursor));
        }
        Ok(rooms)
    }

    /// One page of a room's members, at most 50, and the cursor of the next page. `cursor` is that of the previous
    /// page; `None` starts at the first.
    ///
    /// Contract: `docs/api-conventions.md`, "Cursor pagination".
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn members(
        &self,
        room: &RoomId,
        cursor: Option<&str>,
    ) -> Result<(Vec<Member>, Option<String>), ApiError> {
        let mut path = format!("/rooms/{}/members?limit=50", escaped(room.as_str()));
        if let Some(cursor) = cursor {
            path.push_str("&cursor=");
            path.push_str(&escaped(cursor));
        }
        let page: List<RawMember> = self.get(&path).await?;
        let members = page.items.into_iter().map(Member::from).collect();
        Ok((members, page.next_cursor))
    }

    /// The open invitations of the user, newest first, at most 100.
    ///
    /// Contract: `docs/rooms.md`, "Answer an invitation".
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn invitations(&self) -> Result<Vec<Invitation>, ApiError> {
        let page: List<RawInvitation> = self.get("/me/room-invitations?limit=100").await?;
        Ok(page.items.into_iter().map(Invitation::from).collect())
    }

    /// Makes the user a member of the room again, and returns the room.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn accept_invitation(&self, invitation: Uuid) -> Result<Room, ApiError> {
        let room: RawRoom = self.answer(invitation, "accept").await?.json()?;
        Ok(room.into())
    }

    /// Declines an invitation: the room cannot invite the user again for 90 days.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn decline_invitation(&self, invitation: Uuid) -> Result<(), ApiError> {
        self.answer(invitation, "decline").await.map(drop)
    }

    /// The direct room with one other user; creates it if there is none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_direct_room(&self, with: &UserId) -> Result<Room, ApiError> {
        self.open_room(json!({"kind": "direct", "member_ids": [with.as_str()]}))
            .await
    }

    /// Creates a group room with the user as its owner, and `members` as plain members.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn open_group(&self, name: &str, members: &[UserId]) -> Result<Room, ApiError> {
        let ids: Vec<&str> = members.iter().map(UserId::as_str).collect();
        self.open_room(json!({"kind": "group", "name": name, "member_ids": ids}))
            .await
    }

    /// Ends the login session: the server revokes its tokens and closes its chats with code 4001.
    ///
    /// Contract: `docs/accounts.md`, "Log out".
    ///
    /// # Errors
    /// [`ApiError`]. Discard the tokens in every case.
    pub async fn log_out(&self) -> Result<(), ApiError> {
        let call = Call::new(Method::POST, "/auth/logout");
        self.authorized(call).await.map(drop)
    }

    async fn answer(
        &self,
        invitation: Uuid,
        answer: &str,
    ) -> Result<crate::http::Answer, ApiError> {
        let path = format!("/room-invitations/{invitation}/{answer}");
        let call = Call::new(Method::POST, path).idempotency_key(Uuid::new_v4());
        self.authorized(call).await
    }

    async fn open_room(&self, body: Value) -> Result<Room, ApiError> {
        let call = Call::new(Method::POST, "/rooms")
            .body(&body)
            .idempotency_key(Uuid::new_v4());
        let room: RawRoom = self.authorized(call).await?.json()?;
        Ok(room.into())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.authorized(Call::new(Method::GET, path)).await?.json()
    }

    /// Makes the call, and retries it once with another token after a 401.
    async fn authorized(&self, call: Call) -> Result<crate::http::Answer, ApiError> {
        let token = self.tokens.get().await?;
        let first = self.call_with(&call, &token).await;
        match &first {
            Err(ApiError::Refused(problem)) if problem.status == 401 => {
                let other = self.tokens.other_than(&token).await?;
                self.call_with(&call, &other).await
            }
            _ => first,
        }
    }

    async fn call_with(
        &self,
        call: &Call,
        token: &AccessToken,
    ) -> Result<crate::http::Answer, ApiError> {
        self.shared.rest.call(call.clone().token(token)).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("address", self.shared.rest.address())
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[derive(Deserialize)]
struct LoggedIn {
    user: Holder,
}

#[derive(Deserialize)]
struct Holder {
    uuid: String,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct RawRoom {
    uuid: String,
    kind: String,
    name: Option<String>,
    last_seq: u64,
    member_count: u32,
    #[serde(default)]
    last_read_seq: Option<u64>,
    #[serde(default)]
    unread_count: Option<u64>,
    #[serde(default)]
    last_message: Option<RawMessage>,
    #[serde(default)]
    other: Option<RawPerson>,
    #[serde(default)]
    my_role: Option<String>,
    #[serde(default)]
    muted_until: Option<DateTime<Utc>>,
    #[serde(default)]
    pinned: bool,
}

#[derive(Deserialize)]
struct RawMessage {
    message_id: String,
    seq: u64,
    room_id: String,
    sender_id: String,
    message: String,
    timestamp: DateTime<Utc>,
    #[serde(default)]
    reply_to: Option<String>,
    #[serde(default)]
    edited_at: Option<DateTime<Utc>>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    revision: Option<u64>,
}

#[derive(Deserialize)]
struct RawMember {
    user_uuid: String,
    firstname: String,
    lastname: String,
    role: String,
    #[serde(default)]
    online: bool,
    #[serde(default)]
    last_seen_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct RawInvitation {
    uuid: Uuid,
    room: RawInvitingRoom,
    inviter: RawPerson,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct RawInvitingRoom {
    uuid: String,
    name: String,
    member_count: u32,
}

#[derive(Deserialize)]
struct RawPerson {
    user_uuid: String,
    firstname: String,
    lastname: String,
}

impl From<RawInvitation> for Invitation {
    fn from(raw: RawInvitation) -> Self {
        Self {
            id: raw.uuid,
            room_id: raw.room.uuid.into(),
            room_name: raw.room.name,
            member_count: raw.room.member_count,
            inviter_id: raw.inviter.user_uuid.into(),
            inviter_firstname: raw.inviter.firstname,
            inviter_lastname: raw.inviter.lastname,
            expires_at: raw.expires_at,
        }
    }
}

impl From<RawRoom> for Room {
    fn from(raw: RawRoom) -> Self {
        Self {
            id: raw.uuid.into(),
            is_direct: raw.kind == "direct",
            name: raw.name,
            member_count: raw.member_count,
            last_seq: raw.last_seq,
            last_read_seq: raw.last_read_seq,
            unread_count: raw.unread_count,
            last_message: raw.last_message.map(Message::from),
            other: raw.other.map(Person::from),
            my_role: raw.my_role,
            muted_until: raw.muted_until,
            is_pinned: raw.pinned,
        }
    }
}

impl From<RawPerson> for Person {
    fn from(raw: RawPerson) -> Self {
        Self {
            user_id: raw.user_uuid.into(),
            firstname: raw.firstname,
            lastname: raw.lastname,
        }
    }
}

/// The room list has no reactions.
impl From<RawMessage> for Message {
    fn from(raw: RawMessage) -> Self {
        Self {
            room_id: raw.room_id.into(),
            id: raw.message_id.into(),
            seq: raw.seq,
            sender_id: raw.sender_id.into(),
            text: raw.message,
            timestamp: raw.timestamp,
            reply_to: raw.reply_to.map(MessageId::from),
            edited_at: raw.edited_at,
            deleted: raw.deleted,
            reactions: Vec::new(),
            revision: raw.revision.unwrap_or_default(),
        }
    }
}

impl From<RawMember> for Member {
    fn from(raw: RawMember) -> Self {
        Self {
            user_id: raw.user_uuid.into(),
            firstname: raw.firstname,
            lastname: raw.lastname,
            role: raw.role,
            is_online: raw.online,
            last_seen: raw.last_seen_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_percent_encoded() {
        assert_eq!(escaped("a-b_c.~9"), "a-b_c.~9");
        assert_eq!(escaped("a b&c=/\u{e9}"), "a%20b%26c%3D%2F%C3%A9");
    }

    #[test]
    fn a_log_in_shows_nothing_of_itself() {
        let log_in = LogIn::new("amina@example.com", "samaru").one_time_password("123456");
        assert_eq!(format!("{log_in:?}"), "LogIn { .. }");
    }
}
