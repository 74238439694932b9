// The packets of the ABU Alumni Connect chat.
// Made from the types of the Rust crate abu-chat-protocol by its example generate-documents: do not edit.

/**
 * The name of the profile in `Sec-WebSocket-Protocol`. Offer both, newest first: an older server
 * has v1 alone: `new WebSocket(url, ["abu.chat.v2", "abu.chat.v1"])`.
 */
export type Subprotocol = "abu.chat.v2";

/** What every packet is. `ref` stands on requests, if the client likes, and on what answers them. */
export interface Packet<Type extends string, Payload> {
  type: Type;
  payload: Payload;
  ref?: string;
}

/** A packet that a client sends to the server. */
export type ClientPacket =
  | Packet<"message-send", MessageSend>
  | Packet<"chat-join", ChatJoin>
  | Packet<"typing", Typing>
  | Packet<"list-message-request", ListMessageRequest>
  | Packet<"message-edit", MessageEdit>
  | Packet<"message-delete", MessageDelete>
  | Packet<"reaction-add", ReactionAdd>
  | Packet<"reaction-remove", ReactionRemove>
  | Packet<"read-mark", ReadMark>
  | Packet<"sync-request", SyncRequest>
  | Packet<"presence-request", PresenceRequest>
  | Packet<"token-renew", TokenRenew>;

/**
 * A packet that the server sends to clients. There may come others: ignore what you do not know.
 */
export type ServerPacket =
  | Packet<"message-receive", MessageReceive>
  | Packet<"chat-join-notify", ChatJoinNotify>
  | Packet<"chat-leave", ChatLeave>
  | Packet<"typing-notify", TypingNotify>
  | Packet<"list-message-response", ListMessageResponse>
  | Packet<"error", Error>
  | Packet<"welcome", Welcome>
  | Packet<"message-updated", MessageUpdated>
  | Packet<"reaction-notify", ReactionNotify>
  | Packet<"read-notify", ReadNotify>
  | Packet<"sync-response", SyncResponse>
  | Packet<"presence-response", PresenceResponse>
  | Packet<"room-notify", RoomNotify>
  | Packet<"member-notify", MemberNotify>
  | Packet<"notification", Notification>
  | Packet<"token-expiring", TokenExpiring>
  | Packet<"token-renewed", TokenRenewed>
  | Packet<"server-closing", ServerClosing>;

/**
 * Says something in a room.
 *
 * Sent by a member of the room at any time, joined or not. The server stores the message, and once
 * it is committed sends `message-receive` to every session of every member, the sender's own
 * included. When it could not be stored the sender alone hears an `error`.
 */
export interface MessageSend {
  /**
   * What to say: 1 to 4,000 Unicode characters after trimming, one of them visible; no control
   * characters but line feed and tab.
   */
  message: string;
  /** Where to say it. */
  room_id: RoomId;
  /**
   * An idempotency key: a UUID that the client chooses for the message, unique for its sender in
   * the room. A retry with the same UUID and text gets the stored message back, and the server
   * stores the message once. Another text under the same UUID is the error `conflict`.
   */
  client_message_id?: string;
  /** The message of the same room that this one answers. */
  reply_to?: MessageId;
}

/**
 * Announces that the user is present.
 *
 * Sent by a client once its user is there to chat; sending it again changes nothing. The first
 * joined session of a user makes the server send `chat-join-notify` to everyone who shares a room
 * with them. Messages flow to a session whether or not it has joined.
 */
export interface ChatJoin {
  /** What is announced. */
  notice: Notice;
}

/**
 * Says that the user began or stopped typing in a room.
 *
 * Sent by a member while composing; the server stores nothing and passes it on as `typing-notify`.
 * It drops the same value repeated within one second, and takes ten seconds of silence, or the end
 * of the session, as having stopped.
 */
export interface Typing {
  /** `false` means the user stopped. */
  is_typing: boolean;
  /** The room that the text is meant for. */
  room_id: RoomId;
}

/**
 * Asks for a page of a room's history.
 *
 * Sent by a member whenever it wants to show older messages. The server answers the asking session
 * alone with a `list-message-response`.
 */
export interface ListMessageRequest {
  /** The room whose history is wanted. */
  room_id: RoomId;
  /** How many messages at most: 10 when left out, and a number above 100 counts as 100. */
  limit?: number;
  /**
   * How many messages to pass over first, counted from the end that `order` begins with; 0 when
   * left out.
   */
  skip?: number;
  /** Which end to begin with; `desc` when left out. */
  order?: Order;
}

/**
 * Replaces the text of a message.
 *
 * Sent by the person who wrote the message, within the time that `welcome` names. The server
 * answers with `message-updated`, which every session of every member gets. A message that was
 * deleted cannot be edited.
 */
export interface MessageEdit {
  /** The room the message is in. */
  room_id: RoomId;
  /** The message. */
  message_id: MessageId;
  /**
   * What it says from now on: 1 to 4,000 Unicode characters after trimming, one of them visible; no
   * control characters but line feed and tab.
   */
  message: string;
}

/**
 * Deletes a message.
 *
 * Sent by the person who wrote the message, within the time that `welcome` names, or by a moderator
 * of the room at any time. The server answers with `message-updated`, which every session of every
 * member gets: the message keeps its place and loses its text and its reactions. Deleting it again
 * changes nothing, and is answered to the asking session alone.
 */
export interface MessageDelete {
  /** The room the message is in. */
  room_id: RoomId;
  /** The message. */
  message_id: MessageId;
}

/**
 * Reacts to a message with an emoji.
 *
 * Sent by a member of the room, who may react to a message with several emoji, once with each. The
 * server answers with `reaction-notify`, which every session of every member gets. Adding what is
 * there already changes nothing, and is answered to the asking session alone. A message has at most
 * 20 different emoji, at most 10 of them from one member; one more is `invalid-payload`.
 */
export interface ReactionAdd {
  /** The room the message is in. */
  room_id: RoomId;
  /** The message. */
  message_id: MessageId;
  /** The emoji. */
  emoji: Emoji;
}

/**
 * Takes a reaction back.
 *
 * Sent by the member who reacted. The server answers with `reaction-notify`, which every session of
 * every member gets. Removing what is not there changes nothing, and is answered to the asking
 * session alone.
 */
export interface ReactionRemove {
  /** The room the message is in. */
  room_id: RoomId;
  /** The message. */
  message_id: MessageId;
  /** The emoji. */
  emoji: Emoji;
}

/**
 * Says how far the user has read in a room.
 *
 * Sent by a member when messages were shown to the person; one packet for the last of them is
 * enough. The mark never moves back. The server answers with `read-notify`, which every session of
 * every member gets where the mark moved; where it did not, the asking session alone hears where it
 * stands.
 */
export interface ReadMark {
  /** The room. */
  room_id: RoomId;
  /**
   * The place of the last message read, which marks all before it too. A place past the newest
   * message counts as that of the newest.
   */
  seq: number;
}

/**
 * Asks for what was missed in some rooms.
 *
 * Sent by a client that connects again, or that sees a gap in the places or revisions of a room.
 * The server answers the asking session alone with a `sync-response`. The client asks again for the
 * rooms that have more.
 */
export interface SyncRequest {
  /** The rooms, 1 to 100, those first that matter most: the answer serves them in this order. */
  rooms: RoomPosition[];
}

/**
 * Asks who of a room is online.
 *
 * Sent by a member that opens a room. The server answers the asking session alone with a
 * `presence-response`; from then on `chat-join-notify` and `chat-leave` keep it current.
 */
export interface PresenceRequest {
  /** The room. */
  room_id: RoomId;
  /** How many members at most: 100 when left out, and a larger number counts as 100. */
  limit?: number;
  /** Where to go on: the last `participant_id` of the answer before. Left out, the list begins. */
  after?: UserId;
}

/**
 * Gives a live session a fresh access token, so that it need not end with the old one.
 *
 * Sent by a client after `token-expiring`, or whenever it has got a new token. The server answers
 * the asking session alone with `token-renewed`. A token that is expired, revoked, wrongly signed,
 * or of another user or log-in is `invalid-payload`; the session goes on with the token it has.
 */
export interface TokenRenew {
  /** The new access token, without `Bearer`. */
  token: string;
}

/**
 * A message of a room.
 *
 * Sent by the server to every session of every member, the one that wrote it included, after the
 * message is stored for good; a client shows it. The same object is an entry of
 * `list-message-response` and of `sync-response`.
 */
export interface MessageReceive {
  /** The room it was said in. */
  room_id: RoomId;
  /** Who said it. */
  sender_id: UserId;
  /** What was said; empty where the message was deleted. */
  message: string;
  /** When the server accepted it: RFC 3339, in UTC, with `Z`. */
  timestamp: string;
  /** The message itself. */
  message_id: MessageId;
  /** Its place in the room: 1, 2, 3 and so on, without gaps or repeats. */
  seq: number;
  /** What its sender's client called it; to the sender's own sessions alone. */
  client_message_id?: string;
  /** The message that it answers. */
  reply_to?: MessageId;
  /** When its text was last changed, if ever. */
  edited_at?: string;
  /** `true` where it was deleted: it keeps its place and has no text. */
  deleted?: boolean;
  /** How people reacted, the oldest emoji first, at most 20; left out where there are none. */
  reactions?: Reaction[];
  /**
   * Which change of the room last touched the message, be it an edit, the deletion or a reaction. A
   * change with a smaller number is older than what this shows.
   */
  revision?: number;
}

/**
 * A user came online.
 *
 * Sent by the server when the first of a user's sessions joins, once to every session of everyone
 * who shares a room with them, however many rooms that are; the user's own sessions do not get it.
 * A client marks the user as present.
 */
export interface ChatJoinNotify {
  /** Who came. */
  participant_id: UserId;
}

/**
 * A user went offline.
 *
 * Sent by the server when the last joined session of a user ended, for whatever reason, to those
 * who would hear of their coming. A client marks the user as absent.
 */
export interface ChatLeave {
  /** Who left. */
  participant_id: UserId;
}

/**
 * Someone began or stopped typing in a room.
 *
 * Sent by the server to every session of every member, except the session that typed. A client
 * shows or hides its hint.
 */
export interface TypingNotify {
  /** Where. */
  room_id: RoomId;
  /** Who. */
  participant_id: UserId;
  /** `false` means they stopped. */
  is_typing: boolean;
}

/**
 * A page of a room's history.
 *
 * Sent by the server to the session that sent a `list-message-request`, which shows the messages in
 * the order they come.
 */
export interface ListMessageResponse {
  /** The room asked for. */
  room_id: RoomId;
  /** The page, in the order asked for; empty past the end of the history. */
  messages: MessageReceive[];
  /** How many messages the room holds in all. */
  total_count: number;
  /**
   * The last change to a message of the room: the page shows its messages as they are after it. A
   * client that has nothing of the room yet keeps it for its next `sync-request`.
   */
  last_revision: number;
}

/**
 * Something the session asked for did not happen.
 *
 * Sent by the server to the session at fault alone; the session lives on. A client acts on `code`,
 * and may show `message` to the person.
 */
export interface Error {
  /** What went wrong, for a program. */
  code: ErrorCode;
  /** What went wrong, for a person: one English sentence. */
  message: string;
  /**
   * The type of the packet this answers, cut to 64 characters; `null` when it could not be read.
   */
  request_type: string | null;
  /** The room the packet was for, where that helps to place the error. */
  room_id?: RoomId;
  /**
   * How many milliseconds to wait before trying again: always there with `rate-limited`, sometimes
   * with `unavailable`.
   */
  retry_after_ms?: number;
  /** What to quote when asking for help; only with `internal`. */
  reference?: string;
}

/**
 * The session is open.
 *
 * Sent by the server to the session itself, before any other packet. A client keeps to the limits,
 * and takes the connection for lost when it has heard nothing, not even a ping, for as long as
 * `heartbeat` says.
 */
export interface Welcome {
  /** This session, to be quoted when asking for help. */
  session_id: SessionId;
  /** Whom the session belongs to. */
  user_id: UserId;
  /** What time it is for the server. */
  server_time: string;
  /** When the access token expires, and the session with it unless the token is renewed. */
  token_expires_at: string;
  /** How each side knows that the other is there. */
  heartbeat: Heartbeat;
  /** What the server takes. */
  limits: Limits;
}

/**
 * A message was edited or deleted.
 *
 * Sent by the server to every session of every member after the change is stored for good, the
 * changes of a room in the order of their `revision`. A client that has the message puts the new
 * fields in the place of the old ones; where the message is deleted it drops the reactions too.
 */
export interface MessageUpdated {
  /** The room. */
  room_id: RoomId;
  /** The message. */
  message_id: MessageId;
  /** Its place in the room, which stays. */
  seq: number;
  /** What it says now; empty where it was deleted. */
  message: string;
  /** When its text was last changed, if ever. */
  edited_at?: string;
  /** `true` where it was deleted. */
  deleted?: boolean;
  /**
   * The number of this change among the changes of the room: 1, 2, 3 and so on, without gaps or
   * repeats, reactions counted with.
   */
  revision: number;
}

/**
 * A member reacted to a message, or took a reaction back.
 *
 * Sent by the server to every session of every member after the change is stored for good, the
 * changes of a room in the order of their `revision`. A client sets the emoji's count to `count`,
 * and where `participant_id` is its own user, whether the user reacted.
 */
export interface ReactionNotify {
  /** The room. */
  room_id: RoomId;
  /** The message. */
  message_id: MessageId;
  /** Who reacted. */
  participant_id: UserId;
  /** With what. */
  emoji: Emoji;
  /** `false` means it was taken back. */
  is_added: boolean;
  /** How many people react with this emoji now; 0 removes it. */
  count: number;
  /**
   * The number of this change among the changes of the room; left out where nothing changed and the
   * server answers the asking session alone.
   */
  revision?: number;
}

/**
 * A member has read up to a message.
 *
 * Sent by the server to every session of every member when the mark moved, and in a room of more
 * than 200 members to the user's own sessions alone. The server may merge several moves in quick
 * succession. A client moves its receipt, and on the user's other devices the count of unread
 * messages.
 */
export interface ReadNotify {
  /** The room. */
  room_id: RoomId;
  /** Who has read. */
  participant_id: UserId;
  /** The highest place that they have read; 0 where they have read nothing. */
  seq: number;
}

/**
 * What was missed in some rooms.
 *
 * Sent by the server to the session that sent a `sync-request`. A client puts the messages in their
 * places, keeps each room's `last_seq` and `last_revision`, and asks again with them for the rooms
 * that have more.
 */
export interface SyncResponse {
  /**
   * The rooms asked for, in that order. All together they hold at most 100 messages, fewer where
   * those are long.
   */
  rooms: RoomCatchUp[];
  /** The rooms asked for that the user is not in, or that do not exist: the two look the same. */
  not_a_member?: RoomId[];
}

/**
 * Who of a room is online, and when the others last were.
 *
 * Sent by the server to the session that sent a `presence-request`. A client marks the members as
 * present or absent, and asks for the rest where there are more.
 */
export interface PresenceResponse {
  /** The room. */
  room_id: RoomId;
  /** Members in the order of their ids, at most 100. */
  participants: ParticipantPresence[];
  /** Whether more members follow: ask again with `after`. */
  has_more: boolean;
}

/**
 * A room of the user's changed, or became theirs, or no longer is.
 *
 * Sent by the server when the user was added to a room, removed from it or invited to it, to all
 * their sessions, and when a room was renamed, archived or opened again, to every session of every
 * member. A client adds, drops or redraws the room; what else it shows of a new one, and the user's
 * invitations, it reads over the REST API. Where it does not know the `change` it reads the room
 * again.
 */
export interface RoomNotify {
  /** The room. */
  room_id: RoomId;
  /** What happened. */
  change: RoomChange;
  /** What the room is called now, where it has a name; with `added`, `invited` and `renamed`. */
  name?: string;
  /** The user who did it; left out where no user did. */
  participant_id?: UserId;
}

/**
 * The members of a room of the user's changed, or the role of one.
 *
 * Sent by the server to every session of the room's other members when a member was added, removed
 * or left, and to every session of all members when a role changed. Users who were added to a room
 * together hear of the room by `room-notify` alone. A client that shows a list of members changes
 * the entry, or reads the list again over the REST API; it does so too where it does not know the
 * `change`.
 */
export interface MemberNotify {
  /** The room. */
  room_id: RoomId;
  /** The member. */
  participant_id: UserId;
  /** What happened. */
  change: MemberChange;
  /** The member's role now; left out where they are no longer in the room. */
  role?: MemberRole;
  /**
   * The user who did it: the member themselves when they left or accepted an invitation. Left out
   * where no user did, such as when a group passes from a suspended owner to the next one.
   */
  changed_by?: UserId;
}

/**
 * Something that the user should hear of, outside the rooms.
 *
 * Sent by the server to every session of the user. A client shows it, and counts it as unread until
 * the user has seen it. What was missed while away is read over the REST API.
 */
export interface Notification {
  /** The notification, as the REST API names it. */
  notification_id: NotificationId;
  /**
   * What it is about, for settings and symbols. The set is open: a client shows a category that it
   * does not know like any other.
   */
  category: string;
  /** What happened, in one line. */
  title: string;
  /** More about it; may be empty. */
  body: string;
  /** Where to go for it: a path in the apps, beginning with `/`. */
  link?: string;
  /** When it was made: RFC 3339, in UTC, with `Z`. */
  timestamp: string;
  /** How many notifications of the user are unread now, this one included. */
  unread_count?: number;
}

/**
 * The session's access token is about to expire.
 *
 * Sent by the server to the session itself, 60 seconds before. A client gets a new token and sends
 * `token-renew`; otherwise the connection is closed with 4001.
 */
export interface TokenExpiring {
  /** When the token expires, and the session with it. */
  expires_at: string;
}

/**
 * The session goes on with the new access token.
 *
 * Sent by the server to the session that sent a `token-renew`, which forgets the old token.
 */
export interface TokenRenewed {
  /** When the new token expires, and the session with it. */
  expires_at: string;
}

/**
 * The server is about to close the session, because it stops or restarts.
 *
 * Sent by the server right before it closes the connection with 1001. A client reconnects with
 * back-off, and waits at least this long before the first attempt.
 */
export interface ServerClosing {
  /** The least wait before the first attempt to reconnect, in milliseconds. */
  reconnect_after_ms: number;
}

/**
 * An emoji, which may consist of several characters: no letters, spaces or control characters, and
 * not ASCII alone.
 */
export type Emoji = string;

/**
 * What went wrong, for a program to act on. The set may grow; a client treats a code it does not
 * know like `internal`.
 */
export type ErrorCode = "malformed-packet" | "unknown-type" | "invalid-payload" | "not-a-member" | "read-only-room" | "rate-limited" | "blocked" | "conflict" | "not-found" | "forbidden" | "too-late" | "unavailable" | "internal" | (string & {});

/** How each side of a connection knows that the other is there. */
export interface Heartbeat {
  /** After how many milliseconds of silence the server pings. */
  ping_interval_ms: number;
  /**
   * After how many milliseconds of silence the server ends the session, and a client should take
   * the connection for lost.
   */
  idle_timeout_ms: number;
}

/** What the server takes from a session. */
export interface Limits {
  /** The most bytes of a packet; a larger one ends the session with 1009. */
  max_frame_bytes: number;
  /** The most Unicode characters of a message. */
  max_message_characters: number;
  /** For how many milliseconds the sender of a message may edit or delete it. */
  edit_window_ms: number;
  /** The most messages the user may send in a second; left out where there is no limit. */
  messages_per_second?: number;
  /** The most messages the user may send in a minute; left out where there is no limit. */
  messages_per_minute?: number;
  /**
   * The most bytes of text that the user may send in messages and edits at once; left out where
   * there is no limit.
   */
  message_bytes_at_once?: number;
  /** The same in a minute. */
  message_bytes_per_minute?: number;
  /** The most packets the session may send in a second; left out where there is no limit. */
  packets_per_second?: number;
}

/** What happened to a member. The set may grow. */
export type MemberChange = "added" | "removed" | "left" | "role-changed" | (string & {});

/** A member's role in a room. The set may grow. */
export type MemberRole = "member" | "moderator" | "owner" | (string & {});

/** What a message is known by, in whatever room. */
export type MessageId = string;

/** What a `chat-join` announces. */
export type Notice = "join";

/** What an in-app notification is known by. */
export type NotificationId = string;

/** The end of a room's history that a page begins with. */
export type Order = "asc" | "desc";

/** Whether one member of a room is online. */
export interface ParticipantPresence {
  /** The member. */
  participant_id: UserId;
  /** Whether they have a session that joined. Who hides it looks offline. */
  is_online: boolean;
  /** When they were last online; left out where they are now, never were, or hide it. */
  last_seen?: string;
}

/** One emoji that people reacted to a message with. */
export interface Reaction {
  /** The emoji. */
  emoji: Emoji;
  /** How many people reacted with it. */
  count: number;
  /**
   * Some of them, at most 10: the asking user first where they are among them, then those who
   * reacted first.
   */
  user_ids?: UserId[];
}

/** What was missed in one room. */
export interface RoomCatchUp {
  /** The room. */
  room_id: RoomId;
  /** The messages after the `last_seq` asked with, oldest first, as they are now. */
  messages: MessageReceive[];
  /**
   * The messages up to that `last_seq` which changed after the `last_revision` asked with, in the
   * order of their changes, as they are now; left out where none did.
   */
  updated?: MessageReceive[];
  /** What to ask with next time: this answer covers the messages up to this place. */
  last_seq: number;
  /** What to ask with next time: this answer covers the changes up to this one. */
  last_revision: number;
  /** Whether there is more: ask again with the two numbers above. */
  has_more: boolean;
}

/** What happened to a room. The set may grow. */
export type RoomChange = "added" | "removed" | "invited" | "renamed" | "archived" | "reopened" | (string & {});

/** What a room is known by: text to keep, compare and send back, not to look into. */
export type RoomId = string;

/** How much of a room a client has. */
export interface RoomPosition {
  /** The room. */
  room_id: RoomId;
  /** The place of the last message the client has; 0 where it has none. */
  last_seq: number;
  /**
   * The last change to a message of the room that the client has, as the room's `sync-response` or
   * `list-message-response` said or later packets counted on. Left out, the answer has no changes
   * to older messages.
   */
  last_revision?: number;
}

/** What a session is known by: one connection of one user. */
export type SessionId = string;

/** What a user is known by, as the sender of a message or a participant of the chat. */
export type UserId = string;

/**
 * The `type` that answers a request when all goes well; `error` may answer any. Requests that are
 * not here have no answer.
 */
export interface Answers {
  "message-send": "message-receive";
  "list-message-request": "list-message-response";
  "message-edit": "message-updated";
  "message-delete": "message-updated";
  "reaction-add": "reaction-notify";
  "reaction-remove": "reaction-notify";
  "read-mark": "read-notify";
  "sync-request": "sync-response";
  "presence-request": "presence-response";
  "token-renew": "token-renewed";
}

/** The codes that the server closes a connection with. There may come others. */
export type CloseCode = 1000 | 1001 | 1002 | 1003 | 1007 | 1008 | 1009 | 4001 | 4002 | 4003;

/** The packets as `abu.chat.v1` has them. */
export namespace V1 {
  /**
   * The name of the profile in `Sec-WebSocket-Protocol`. Offer both, newest first: an older server
   * has v1 alone: `new WebSocket(url, ["abu.chat.v2", "abu.chat.v1"])`.
   */
  export type Subprotocol = "abu.chat.v1";

  /** What every packet is. */
  export interface Packet<Type extends string, Payload> {
    type: Type;
    payload: Payload;
  }

  /** A packet that a client sends to the server. */
  export type ClientPacket =
    | Packet<"message-send", MessageSend>
    | Packet<"chat-join", ChatJoin>
    | Packet<"typing", Typing>
    | Packet<"list-message-request", ListMessageRequest>;

  /**
   * A packet that the server sends to clients. There may come others: ignore what you do not know.
   */
  export type ServerPacket =
    | Packet<"message-receive", MessageReceive>
    | Packet<"chat-join-notify", ChatJoinNotify>
    | Packet<"chat-leave", ChatLeave>
    | Packet<"typing-notify", TypingNotify>
    | Packet<"list-message-response", ListMessageResponse>
    | Packet<"error", Error>;

  /**
   * Says something in a room.
   *
   * Sent by a member of the room at any time, joined or not. The server stores the message, and once
   * it is committed sends `message-receive` to every session of every member, the sender's own
   * included. When it could not be stored the sender alone hears an `error`.
   */
  export interface MessageSend {
    /**
     * What to say: 1 to 4,000 Unicode characters after trimming, one of them visible; no control
     * characters but line feed and tab.
     */
    message: string;
    /** Where to say it. */
    room_id: RoomId;
  }

  /**
   * Announces that the user is present.
   *
   * Sent by a client once its user is there to chat; sending it again changes nothing. The first
   * joined session of a user makes the server send `chat-join-notify` to everyone who shares a room
   * with them. Messages flow to a session whether or not it has joined.
   */
  export interface ChatJoin {
    /** What is announced. */
    notice: Notice;
  }

  /**
   * Says that the user began or stopped typing in a room.
   *
   * Sent by a member while composing; the server stores nothing and passes it on as `typing-notify`.
   * It drops the same value repeated within one second, and takes ten seconds of silence, or the end
   * of the session, as having stopped.
   */
  export interface Typing {
    /** `false` means the user stopped. */
    is_typing: boolean;
    /** The room that the text is meant for. */
    room_id: RoomId;
  }

  /**
   * Asks for a page of a room's history.
   *
   * Sent by a member whenever it wants to show older messages. The server answers the asking session
   * alone with a `list-message-response`.
   */
  export interface ListMessageRequest {
    /** The room whose history is wanted. */
    room_id: RoomId;
    /** How many messages at most: 10 when left out, and a number above 100 counts as 100. */
    limit?: number;
    /**
     * How many messages to pass over first, counted from the end that `order` begins with; 0 when
     * left out.
     */
    skip?: number;
    /** Which end to begin with; `desc` when left out. */
    order?: Order;
  }

  /**
   * A message of a room.
   *
   * Sent by the server to every session of every member, the one that wrote it included, after the
   * message is stored for good; a client shows it. The same object is an entry of
   * `list-message-response` and of `sync-response`.
   */
  export interface MessageReceive {
    /** The room it was said in. */
    room_id: RoomId;
    /** Who said it. */
    sender_id: UserId;
    /** What was said; empty where the message was deleted. */
    message: string;
    /** When the server accepted it: RFC 3339, in UTC, with `Z`. */
    timestamp: string;
  }

  /**
   * A user came online.
   *
   * Sent by the server when the first of a user's sessions joins, once to every session of everyone
   * who shares a room with them, however many rooms that are; the user's own sessions do not get it.
   * A client marks the user as present.
   */
  export interface ChatJoinNotify {
    /** Who came. */
    participant_id: UserId;
  }

  /**
   * A user went offline.
   *
   * Sent by the server when the last joined session of a user ended, for whatever reason, to those
   * who would hear of their coming. A client marks the user as absent.
   */
  export interface ChatLeave {
    /** Who left. */
    participant_id: UserId;
  }

  /**
   * Someone began or stopped typing in a room.
   *
   * Sent by the server to every session of every member, except the session that typed. A client
   * shows or hides its hint.
   */
  export interface TypingNotify {
    /** Where. */
    room_id: RoomId;
    /** Who. */
    participant_id: UserId;
    /** `false` means they stopped. */
    is_typing: boolean;
  }

  /**
   * A page of a room's history.
   *
   * Sent by the server to the session that sent a `list-message-request`, which shows the messages in
   * the order they come.
   */
  export interface ListMessageResponse {
    /** The room asked for. */
    room_id: RoomId;
    /** The page, in the order asked for; empty past the end of the history. */
    messages: MessageReceive[];
    /** How many messages the room holds in all. */
    total_count: number;
  }

  /**
   * Something the session asked for did not happen.
   *
   * Sent by the server to the session at fault alone; the session lives on. A client acts on `code`,
   * and may show `message` to the person.
   */
  export interface Error {
    /** What went wrong, for a program. */
    code: ErrorCode;
    /** What went wrong, for a person: one English sentence. */
    message: string;
    /**
     * The type of the packet this answers, cut to 64 characters; `null` when it could not be read.
     */
    request_type: string | null;
    /** The room the packet was for, where that helps to place the error. */
    room_id?: RoomId;
    /**
     * How many milliseconds to wait before trying again: always there with `rate-limited`, sometimes
     * with `unavailable`.
     */
    retry_after_ms?: number;
    /** What to quote when asking for help; only with `internal`. */
    reference?: string;
  }

  /**
   * What went wrong, for a program to act on. The set may grow; a client treats a code it does not
   * know like `internal`.
   */
  export type ErrorCode = "malformed-packet" | "unknown-type" | "invalid-payload" | "not-a-member" | "read-only-room" | "rate-limited" | "blocked" | "conflict" | "not-found" | "forbidden" | "too-late" | "unavailable" | "internal" | (string & {});

  /** What a `chat-join` announces. */
  export type Notice = "join";

  /** The end of a room's history that a page begins with. */
  export type Order = "asc" | "desc";

  /** What a room is known by: text to keep, compare and send back, not to look into. */
  export type RoomId = string;

  /** What a user is known by, as the sender of a message or a participant of the chat. */
  export type UserId = string;
}
