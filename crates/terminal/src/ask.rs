//! Executes the state's questions as requests of the client library.

use abu_chat_client::{Chat, MessageId, Outgoing, RequestError, RoomId, Session, UserId};

use crate::{
    app::{Change, Changed, Input, Invitation, Person, Question},
    room::RoomInfo,
};

/// Messages of one page of history.
const PAGE: u32 = 50;

/// Bounds the pages of a list of members or of presence.
const PAGES: usize = 5;

pub(crate) async fn ask(session: Session, chat: Chat, question: Question) -> Input {
    match question {
        Question::Rooms => {
            let rooms = session.rooms().await;
            Input::Rooms(said(rooms.map(|rooms| rooms.iter().map(info).collect())))
        }
        Question::Members(room) => {
            let members = members(&session, &room).await;
            Input::Members(room, members)
        }
        Question::Presence(room) => Input::Presence(presence(&chat, &room).await),
        Question::History(room, before) => {
            let page = match before {
                Some(seq) => chat.history_before(&room, seq, PAGE).await,
                None => chat.history(&room, PAGE).await,
            };
            Input::History(room, before, said(page.map(|page| page.messages)))
        }
        Question::Send(room, id, text, reply_to) => {
            let mut message = Outgoing::new(text).client_message_id(id);
            if let Some(answered) = &reply_to {
                message = message.in_reply_to(answered);
            }
            let sent = chat.send(&room, message).await;
            Input::Sent(room, id, said(sent))
        }
        Question::Change(room, id, change) => {
            let changed = said(make(&chat, &room, &id, change.clone()).await);
            Input::Changed(room, id, change, changed)
        }
        Question::MarkRead(room, seq) => {
            let marked = chat.mark_read(&room, seq).await;
            Input::Marked(room, marked.is_ok())
        }
        Question::Invitations => {
            let open = session.invitations().await;
            Input::Invitations(said(
                open.map(|open| open.into_iter().map(invited).collect()),
            ))
        }
        Question::Answer(id, true) => {
            let accepted = session.accept_invitation(id).await;
            Input::Answered(said(accepted.map(drop)))
        }
        Question::Answer(id, false) => Input::Answered(said(session.decline_invitation(id).await)),
    }
}

async fn make(
    chat: &Chat,
    room: &RoomId,
    id: &MessageId,
    change: Change,
) -> Result<Changed, RequestError> {
    match change {
        Change::Edit(text) => chat.edit(room, id, text).await.map(Changed::Message),
        Change::Delete => chat.delete(room, id).await.map(Changed::Message),
        Change::React(emoji) => chat.react(room, id, emoji).await.map(Changed::Reaction),
        Change::Unreact(emoji) => chat.unreact(room, id, emoji).await.map(Changed::Reaction),
    }
}

fn info(room: &abu_chat_client::Room) -> RoomInfo {
    RoomInfo {
        id: room.id.clone(),
        is_direct: room.is_direct,
        name: room.name.clone(),
        last_seq: room.last_seq,
        read_seq: room.last_read_seq.unwrap_or(0),
        unread: room.unread_count.unwrap_or(0),
    }
}

fn invited(invitation: abu_chat_client::Invitation) -> Invitation {
    let (first, last) = (invitation.inviter_firstname, invitation.inviter_lastname);
    Invitation {
        id: invitation.id,
        room: invitation.room_name,
        inviter: format!("{first} {last}"),
    }
}

async fn members(session: &Session, room: &RoomId) -> Result<Vec<Person>, String> {
    let mut people = vec![];
    let mut cursor = None;
    for _ in 0..PAGES {
        let (members, next) = said(session.members(room, cursor.as_deref()).await)?;
        people.extend(members.into_iter().map(|member| Person {
            name: format!("{} {}", member.firstname, member.lastname),
            id: member.user_id,
            is_online: member.is_online,
            moderates: matches!(member.role.as_str(), "moderator" | "owner"),
        }));
        if next.is_none() {
            break;
        }
        cursor = next;
    }
    Ok(people)
}

async fn presence(chat: &Chat, room: &RoomId) -> Result<Vec<(UserId, bool)>, String> {
    let mut people: Vec<(UserId, bool)> = vec![];
    for _ in 0..PAGES {
        let after = people.last().map(|(user, _)| user.clone());
        let page = said(chat.presence(room, after.as_ref()).await)?;
        let present = page.participants.into_iter();
        people.extend(present.map(|one| (one.participant_id, one.is_online)));
        if !page.has_more {
            break;
        }
    }
    Ok(people)
}

/// Turns an error into its sentence.
fn said<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}
