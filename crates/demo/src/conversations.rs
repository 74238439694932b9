//! What people say in a week.

use abu_application::{messaging::ports::StoreOutcome, platform::ports::Ids};
use abu_domain::{
    MessageId, UserId,
    messaging::{
        message::{ChangeKind, Message, MessageChange, NewMessage},
        text::{Emoji, MessageText},
    },
};
use chrono::{DateTime, TimeDelta, Utc};

use super::rooms::{DemoRoom, DemoRooms};

const WEEK: TimeDelta = TimeDelta::days(7);
/// Every so many messages one answers an earlier one.
const REPLY_EVERY: usize = 7;
/// Every so many messages one gets reactions.
const REACTION_EVERY: usize = 5;
const EMOJI: [&str; 5] = ["👍", "❤️", "😂", "🎉", "🙏"];

const LINES: [&str; 36] = [
    "Assalamu alaikum, everyone!",
    "Good morning from Kaduna.",
    "Who still has photographs of our matriculation?",
    "I found mine in an old suitcase. I will scan them this week.",
    "The library at Samaru has a new reading room.",
    "We meet at the Senate building on Saturday at ten.",
    "I come with two of the others. We start from Kano at six.",
    "Is there parking near the faculty?",
    "Plenty, behind the multipurpose hall.",
    "The department looks for guest lecturers in power systems.",
    "I gave one last year. The students ask very good questions.",
    "Please share the form, I would like to apply.",
    "My daughter starts at ABU in January!",
    "Congratulations! Which faculty?",
    "Veterinary medicine. She wanted nothing else.",
    "Does anyone hire junior engineers in Abuja?",
    "We do. Tell them to write to me directly.",
    "The harmattan is early this year.",
    "Suya at Kongo after the meeting?",
    "Always.",
    "I saw Professor Garba yesterday. He remembers all of us.",
    "He failed half of us, so he should.",
    "The branch has paid for the borehole at the hostel.",
    "Well done! Can we see the accounts at the next meeting?",
    "They go out with the minutes on Friday.",
    "Can those abroad join by video?",
    "Yes, the link comes an hour before.",
    "London is with you.",
    "Houston too, though it is five in the morning here.",
    "We should do the same for the class of 2011.",
    "I move that we do.",
    "Seconded.",
    "Who writes the minutes this time?",
    "I can, if my spelling is good enough.",
    "See you all on Saturday.",
    "Safe journey, everyone.",
];

/// All messages, in the order of their times.
pub(super) fn messages(rooms: &DemoRooms, ids: &dyn Ids, now: DateTime<Utc>) -> Vec<NewMessage> {
    let mut all: Vec<NewMessage> = Vec::new();
    for room in &rooms.rooms {
        let ids: Vec<MessageId> = (0..room.messages)
            .map(|_| MessageId::new(ids.time_ordered()))
            .collect();
        all.extend((0..room.messages).filter_map(|number| message(room, &ids, number, now)));
    }
    all.sort_by_key(|message| message.sent_at);
    all
}

fn message(
    room: &DemoRoom,
    ids: &[MessageId],
    number: usize,
    now: DateTime<Utc>,
) -> Option<NewMessage> {
    let is_reply = number % REPLY_EVERY == REPLY_EVERY - 1;
    let line = LINES[(number * 5 + room.messages) % LINES.len()];
    Some(NewMessage {
        id: ids[number],
        room_id: room.id,
        sender_id: room.members[(number * number + number / 3) % room.members.len()],
        text: MessageText::parse(line).ok()?,
        client_message_id: None,
        reply_to: is_reply.then(|| ids[number - 2]),
        sent_at: sent_at(room, number, now),
    })
}

/// Spread evenly over the week.
fn sent_at(room: &DemoRoom, number: usize, now: DateTime<Utc>) -> DateTime<Utc> {
    let left = i32::try_from(room.messages - number).unwrap_or(i32::MAX);
    let count = i32::try_from(room.messages).unwrap_or(i32::MAX);
    now - WEEK / count * left + TimeDelta::seconds(1)
}

pub(super) fn reactions(
    rooms: &DemoRooms,
    stored: &[StoreOutcome],
    now: DateTime<Utc>,
) -> Vec<MessageChange> {
    let stored = stored.iter().filter_map(|outcome| match outcome {
        StoreOutcome::Stored(message) => Some(message),
        _ => None,
    });
    stored
        .filter_map(|message| {
            let room = rooms.rooms.iter().find(|room| room.id == message.room_id)?;
            let place = usize::try_from(message.seq).ok()?;
            (place.is_multiple_of(REACTION_EVERY)).then(|| reactions_to(room, message, place, now))
        })
        .flatten()
        .collect()
}

fn reactions_to(
    room: &DemoRoom,
    message: &Message,
    place: usize,
    now: DateTime<Utc>,
) -> Vec<MessageChange> {
    let people = room.members.iter().cycle().skip(place);
    let people = people.take((1 + place % 4).min(room.members.len()));
    let react = |(number, user): (usize, &UserId)| {
        let emoji = EMOJI[(place + number / 2) % EMOJI.len()];
        Some(MessageChange {
            room_id: room.id,
            message_id: message.id,
            user_id: *user,
            kind: ChangeKind::React(Emoji::parse(emoji).ok()?),
            at: now,
            expected: None,
        })
    };
    people.enumerate().filter_map(react).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_and_emoji_is_valid() {
        for line in LINES {
            MessageText::parse(line).unwrap();
        }
        for emoji in EMOJI {
            Emoji::parse(emoji).unwrap();
        }
    }
}
