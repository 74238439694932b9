//! Compares what the clients noted with the history that each of them finds afterwards.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::person::{Notes, Outcome, View};

/// What became of all messages.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) acknowledged: usize,
    pub(super) refused: usize,
    /// Acknowledged and not in the history, or never answered.
    pub(super) lost: usize,
    pub(super) longest_wait: Duration,
    pub(super) complaints: Vec<String>,
}

pub(super) fn verify(notes: &[Notes]) -> Verified {
    let mut verified = Verified::default();
    let complaints = &mut verified.complaints;
    complaints.extend(notes.iter().flat_map(|notes| notes.complaints.clone()));
    let rooms = histories(notes, complaints);
    let mut stored = HashMap::new();
    for (room, history) in &rooms {
        complain_of_places(*room, history, complaints);
        for (seq, text) in *history {
            if stored.insert(text.as_str(), (*room, *seq)).is_some() {
                complaints.push(format!("stored twice: {text}"));
            }
        }
    }
    for notes in notes {
        for view in &notes.views {
            complain_of_order(view, rooms.get(&notes.room).copied(), complaints);
        }
    }
    complain_of_strays(notes, &stored, complaints);
    for message in notes.iter().flat_map(|notes| &notes.messages) {
        let is_stored = stored.contains_key(message.text.as_str());
        let wait = message.settled.saturating_duration_since(message.sent);
        match message.outcome {
            Outcome::Acknowledged => {
                verified.acknowledged += 1;
                verified.lost += usize::from(!is_stored);
            }
            Outcome::Refused => {
                verified.refused += 1;
                if is_stored {
                    let text = &message.text;
                    verified
                        .complaints
                        .push(format!("refused, yet stored: {text}"));
                }
            }
            Outcome::Unanswered => verified.lost += 1,
        }
        verified.longest_wait = verified.longest_wait.max(wait);
    }
    verified
}

/// The history of each room, which all its members must see alike.
fn histories<'a>(notes: &'a [Notes], complaints: &mut Vec<String>) -> BTreeMap<u32, &'a View> {
    let mut rooms: BTreeMap<u32, &View> = BTreeMap::new();
    for notes in notes {
        let Some(history) = &notes.history else {
            complaints.push(format!(
                "a member of room {} cannot read its history",
                notes.room
            ));
            continue;
        };
        let first = *rooms.entry(notes.room).or_insert(history);
        if first != history {
            complaints.push(format!(
                "two members see two histories of room {}",
                notes.room
            ));
        }
    }
    rooms
}

fn complain_of_places(room: u32, history: &View, complaints: &mut Vec<String>) {
    let gap = (1..).zip(history).find(|(place, (seq, _))| place != seq);
    if let Some((place, (seq, _))) = gap {
        complaints.push(format!("room {room} has seq {seq} at place {place}"));
    }
}

/// A connection must have received a stretch of the history, without a gap.
fn complain_of_order(view: &View, history: Option<&View>, complaints: &mut Vec<String>) {
    let Some(history) = history else { return };
    for pair in view.windows(2) {
        if pair[1].0 != pair[0].0 + 1 {
            let (before, after) = (pair[0].0, pair[1].0);
            complaints.push(format!("seq {after} arrived after seq {before}"));
        }
    }
    for (seq, text) in view {
        let place = usize::try_from(*seq).unwrap_or(usize::MAX);
        let stored = history.get(place.wrapping_sub(1)).map(|(_, stored)| stored);
        if stored != Some(text) {
            complaints.push(format!(
                "received at seq {seq}, and not stored there: {text}"
            ));
        }
    }
}

/// Every stored message is one that a client sent as a whole.
fn complain_of_strays(
    notes: &[Notes],
    stored: &HashMap<&str, (u32, u64)>,
    complaints: &mut Vec<String>,
) {
    let sent: HashMap<&str, u32> = notes
        .iter()
        .flat_map(|notes| {
            notes
                .messages
                .iter()
                .map(|message| (message.text.as_str(), notes.room))
        })
        .collect();
    for (text, (room, _)) in stored {
        if sent.get(text) != Some(room) {
            complaints.push(format!("stored in room {room}, and not sent there: {text}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::faults::person::Message;

    fn message(text: &str, outcome: Outcome) -> Message {
        let sent = Instant::now();
        Message {
            text: text.to_owned(),
            sent,
            settled: sent + Duration::from_secs(1),
            outcome,
        }
    }

    fn view(texts: &[(u64, &str)]) -> View {
        let own = |&(seq, text): &(u64, &str)| (seq, text.to_owned());
        texts.iter().map(own).collect()
    }

    /// Two members of one room; the first sent `messages`.
    fn members(messages: Vec<Message>, history: &[(u64, &str)]) -> Vec<Notes> {
        let member = |messages| Notes {
            messages,
            history: Some(view(history)),
            ..Notes::default()
        };
        vec![member(messages), member(Vec::new())]
    }

    #[test]
    fn a_chat_without_a_fault_has_no_complaint() {
        let sent = vec![
            message("a", Outcome::Acknowledged),
            message("b", Outcome::Acknowledged),
            message("c", Outcome::Refused),
        ];
        let mut notes = members(sent, &[(1, "a"), (2, "b")]);
        notes[1].views = vec![view(&[(2, "b")]), view(&[(1, "a"), (2, "b")])];
        let verified = verify(&notes);
        assert_eq!(verified.complaints, Vec::<String>::new());
        let counts = (verified.acknowledged, verified.refused, verified.lost);
        assert_eq!(counts, (2, 1, 0));
        assert_eq!(verified.longest_wait, Duration::from_secs(1));
    }

    #[test]
    fn an_acknowledged_message_that_is_not_stored_is_lost() {
        let sent = vec![message("a", Outcome::Acknowledged)];
        assert_eq!(verify(&members(sent, &[])).lost, 1);
    }

    #[test]
    fn a_message_without_an_answer_is_lost() {
        let sent = vec![message("a", Outcome::Unanswered)];
        assert_eq!(verify(&members(sent, &[(1, "a")])).lost, 1);
    }

    #[test]
    fn wrong_histories_and_views_are_complaints() {
        let acknowledged = || {
            vec![
                message("a", Outcome::Acknowledged),
                message("b", Outcome::Acknowledged),
            ]
        };
        let whole = [(1, "a"), (2, "b")];
        let refused = vec![message("a", Outcome::Refused)];
        let mut unlike = members(acknowledged(), &whole);
        unlike[1].history = Some(view(&[(1, "b"), (2, "a")]));
        let mut unread = members(acknowledged(), &whole);
        unread[1].history = None;
        let mut disordered = members(acknowledged(), &whole);
        disordered[1].views = vec![view(&[(2, "b"), (1, "a")])];
        let mut unstored = members(acknowledged(), &whole);
        unstored[1].views = vec![view(&[(2, "b"), (3, "c")])];
        for (notes, complaint) in [
            (members(refused, &[(1, "a")]), "refused, yet stored"),
            (
                members(acknowledged(), &[(1, "a"), (2, "b"), (3, "a")]),
                "stored twice",
            ),
            (
                members(acknowledged(), &[(1, "a"), (3, "b")]),
                "seq 3 at place 2",
            ),
            (
                members(acknowledged(), &[(1, "a"), (2, "b"), (3, "c")]),
                "not sent there",
            ),
            (unlike, "two histories"),
            (unread, "cannot read its history"),
            (disordered, "arrived after"),
            (unstored, "not stored there"),
        ] {
            let complaints = verify(&notes).complaints.join("\n");
            assert!(complaints.contains(complaint), "{complaint}: {complaints}");
        }
    }
}
