//! A page of history with one message in its middle.

use std::ops::Range;

use abu_domain::{
    MessageId, RoomId, UserId,
    messaging::message::{AuthoredMessage, span_around},
};

use super::{MessagingError, authored};
use crate::{
    messaging::ports::SeqWindow,
    platform::lists::{ListRequest, Listed, MAX_LIMIT, PAGE_BYTES, Seek, Total},
    store::Reads,
};

/// The message with its neighbors, the newest first; it ends early on both sides at [`PAGE_BYTES`].
pub(super) fn page(
    tx: &mut dyn Reads,
    viewer: UserId,
    room: RoomId,
    id: MessageId,
    request: &ListRequest<i64>,
) -> Result<Listed<AuthoredMessage>, MessagingError> {
    let (message, _) = tx
        .message_in(room, id)?
        .ok_or(MessagingError::MessageNotFound)?;
    let last_seq = tx.last_seq(room)?.unwrap_or(message.seq);
    let limit = request.limit.min(MAX_LIMIT);
    let span = span_around(message.seq, last_seq, limit);
    let window = SeqWindow {
        after: Some(span.start() - 1),
        before: Some(span.end() + 1),
    };
    let messages = tx.list_messages(room, window, Seek::START, limit)?;
    let mut items = authored::authored_to(tx, viewer, messages)?;
    let sizes: Vec<usize> = items.iter().map(authored::authored_len).collect();
    let is_middle = |item: &AuthoredMessage| item.shown.message.id == id;
    let middle = items.iter().position(is_middle).unwrap_or(0);
    let kept = fitting_around(&sizes, middle, PAGE_BYTES);
    items.truncate(kept.end);
    items.drain(..kept.start);
    let place = |item: Option<&AuthoredMessage>| item.map(|item| item.shown.message.seq);
    Ok(Listed {
        before: place(items.first()).is_some_and(|seq| seq < last_seq),
        after: place(items.last()).is_some_and(|seq| seq > 1),
        items,
        total: request
            .count
            .then(|| Total::of(u64::try_from(last_seq).unwrap_or(0))),
    })
}

/// The longest run around `middle` that both sides extend in turn while `bytes` suffice. It holds `middle` whatever
/// its size.
fn fitting_around(sizes: &[usize], middle: usize, bytes: usize) -> Range<usize> {
    let (mut start, mut end) = (middle, (middle + 1).min(sizes.len()));
    let mut left = bytes.saturating_sub(sizes[start..end].iter().sum());
    let (mut grows_up, mut grows_down) = (true, true);
    while grows_up || grows_down {
        grows_up = grows_up && start > 0 && sizes[start - 1] <= left;
        if grows_up {
            start -= 1;
            left -= sizes[start];
        }
        grows_down = grows_down && end < sizes.len() && sizes[end] <= left;
        if grows_down {
            left -= sizes[end];
            end += 1;
        }
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_around_a_message_grows_on_both_sides_within_its_size() {
        for (sizes, middle, bytes, run) in [
            (&[1, 1, 1, 1, 1][..], 2, 5, 0..5),
            (&[1, 1, 1, 1, 1], 2, 3, 1..4),
            (&[1, 1, 1, 1, 1], 0, 3, 0..3),
            (&[1, 1, 1, 1, 1], 4, 3, 2..5),
            (&[1, 9, 1, 1, 1], 2, 3, 2..5),
            (&[1, 1, 9, 1, 1], 2, 3, 2..3),
            (&[], 0, 3, 0..0),
        ] {
            assert_eq!(
                fitting_around(sizes, middle, bytes),
                run,
                "{sizes:?} {middle}"
            );
        }
    }
}
