// Written by `cargo run -p abu-repository --example print-schema`; do not edit.

diesel::table! {
    /// One-use tickets for the chat's handshake; a row is deleted when its ticket is used.
    chat_tickets (ticket_hash) {
        /// SHA-256 of the ticket, which itself is never stored.
        ticket_hash -> Bytea,
        user_id -> Uuid,
        expires_at -> Timestamptz,
        /// When the access token that bought the ticket expires; the session ends then.
        access_expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Mail to be sent, and for a while what became of it. Holds no secret: links are made when a mail is sent.
    email_outbox (id) {
        /// UUIDv7; the Message-ID is made of it.
        id -> Uuid,
        /// The address, in lower case.
        recipient -> Text,
        /// What it is about, such as verify_email; names the templates.
        kind -> Text,
        /// What the templates need to know: names, times, ids.
        params -> Jsonb,
        created_at -> Timestamptz,
        /// pending: due at next_attempt_at, or being sent; sent: the mail server took it; dead: given up.
        state -> Text,
        /// How often sending it was tried, an attempt under way included.
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
        /// Until when it belongs to the worker that claimed it, which knows its claim by this time.
        leased_until -> Nullable<Timestamptz>,
        /// Why the last failed attempt failed: a few words, without addresses.
        last_error -> Nullable<Text>,
        /// When the last failed attempt failed.
        failed_at -> Nullable<Timestamptz>,
        sent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Named sets of roles that users are put in, such as super_admin_group.
    groups (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        /// Seeded by us; cannot be deleted.
        is_system -> Bool,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Every message, kept for ever.
    messages (room_id, seq) {
        room_id -> Uuid,
        /// Place in the room: 1, 2, 3 and so on, without gaps or repeats.
        seq -> Int8,
        /// UUIDv7.
        id -> Uuid,
        sender_id -> Uuid,
        body -> Text,
        /// Chosen by the sending client, so that sending again stores nothing twice.
        client_message_id -> Nullable<Uuid>,
        /// Id of the message in the same room that this one answers.
        reply_to -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Which permissions a role holds.
    permission_role (role_id, permission_id) {
        role_id -> Uuid,
        permission_id -> Uuid,
    }
}

diesel::table! {
    /// What a person may do, by names such as can_view_user.
    permissions (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        /// Seeded by us; cannot be deleted.
        is_system -> Bool,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Which roles a group holds.
    role_group (group_id, role_id) {
        group_id -> Uuid,
        role_id -> Uuid,
    }
}

diesel::table! {
    /// Named sets of permissions, such as user_admin.
    roles (id) {
        id -> Uuid,
        name -> Text,
        description -> Text,
        /// Seeded by us; cannot be deleted.
        is_system -> Bool,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::table! {
    /// Who is in a room now.
    room_members (room_id, user_id) {
        room_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        joined_at -> Timestamptz,
    }
}

diesel::table! {
    /// Conversations. Rows are updated with every message, hence the room left on each page for HOT updates.
    rooms (id) {
        id -> Uuid,
        kind -> Text,
        /// Of a group only; a direct room is named by its other member.
        name -> Nullable<Text>,
        created_by -> Uuid,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
        /// When the last message was stored, or the room was made.
        last_activity_at -> Timestamptz,
        /// Set once the room is read-only and hidden from lists.
        archived_at -> Nullable<Timestamptz>,
        /// Place of the newest message; as places have no gaps, also the number of messages.
        last_seq -> Int8,
        /// Kept in step with room_members, under the row lock of the room.
        member_count -> Int4,
        /// The lesser id of the two people of a direct room.
        direct_low -> Nullable<Uuid>,
        /// The greater id of the two people of a direct room.
        direct_high -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Which groups a user is in.
    user_group (user_id, group_id) {
        user_id -> Uuid,
        group_id -> Uuid,
    }
}

diesel::table! {
    /// When each user last left the chat.
    user_presence (user_id) {
        user_id -> Uuid,
        last_seen_at -> Timestamptz,
    }
}

diesel::table! {
    /// Accounts. A graduate's entry in the register is another thing, linked by a claim.
    users (id) {
        /// UUIDv4; the only identifier clients ever see.
        id -> Uuid,
        /// Lower case.
        email -> Text,
        /// bcrypt, in its modular crypt form.
        password_hash -> Text,
        firstname -> Text,
        middlename -> Nullable<Text>,
        lastname -> Text,
        /// E.164, such as +2348031234567.
        phone -> Nullable<Text>,
        /// False while suspended: no log-in, no request, no chat.
        is_active -> Bool,
        /// Holds every permission, whatever the groups say.
        is_superuser -> Bool,
        /// Whether the university knows this person as a graduate.
        verification -> Text,
        created_at -> Timestamptz,
        last_modified -> Timestamptz,
    }
}

diesel::joinable!(chat_tickets -> users (user_id));
diesel::joinable!(permission_role -> permissions (permission_id));
diesel::joinable!(permission_role -> roles (role_id));
diesel::joinable!(role_group -> groups (group_id));
diesel::joinable!(role_group -> roles (role_id));
diesel::joinable!(room_members -> rooms (room_id));
diesel::joinable!(room_members -> users (user_id));
diesel::joinable!(user_group -> groups (group_id));
diesel::joinable!(user_group -> users (user_id));
diesel::joinable!(user_presence -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    chat_tickets,
    email_outbox,
    groups,
    messages,
    permission_role,
    permissions,
    role_group,
    roles,
    room_members,
    rooms,
    user_group,
    user_presence,
    users,
);
