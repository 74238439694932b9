//! Cursors: where a list goes on, signed so that only what the server gave out comes back.

use abu_application::platform::ports::StoreError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::{
    keyed_hmac,
    problem::{Problem, ProblemKind},
};

/// Half of the tag is kept: 128 bits are enough against guessing, and cursors stay short.
const TAG_BYTES: usize = 16;

/// Writes and reads cursors.
///
/// A cursor is the position in JSON behind a tag over the position and what the list was asked for.
#[derive(Clone)]
pub struct CursorCodec {
    mac: Hmac<Sha256>,
}

impl CursorCodec {
    pub const KEY_LABEL: &str = "abu-alumni-connect list cursors 1";

    pub fn new(key: [u8; 32]) -> Self {
        Self {
            mac: keyed_hmac(&key),
        }
    }

    /// The cursor for `position` in the list that `list` describes.
    pub fn encode(&self, list: &str, position: &impl Serialize) -> Result<String, Problem> {
        let position =
            serde_json::to_vec(position).map_err(|error| StoreError::Other(error.into()))?;
        let mut cursor = self.tag(list, &position).to_vec();
        cursor.extend_from_slice(&position);
        Ok(URL_SAFE_NO_PAD.encode(cursor))
    }

    /// The position of a cursor that was given out for this very list.
    pub fn decode<T: DeserializeOwned>(&self, list: &str, cursor: &str) -> Result<T, Problem> {
        let mismatch = || {
            Problem::new(
                ProblemKind::CursorMismatch,
                "The cursor was not given out for this list and these filters.",
            )
        };
        let cursor = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| mismatch())?;
        let (tag, position) = cursor.split_at_checked(TAG_BYTES).ok_or_else(mismatch)?;
        self.signed(list, position)
            .verify_truncated_left(tag)
            .map_err(|_| mismatch())?;
        serde_json::from_slice(position).map_err(|_| mismatch())
    }

    fn tag(&self, list: &str, position: &[u8]) -> [u8; TAG_BYTES] {
        let full = self.signed(list, position).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }

    /// The length comes first, so that no list and position read as another pair.
    fn signed(&self, list: &str, position: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&(list.len() as u64).to_be_bytes());
        mac.update(list.as_bytes());
        mac.update(position);
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "/api/v1/users?group=a";

    fn codec() -> CursorCodec {
        CursorCodec::new([7; 32])
    }

    #[test]
    fn a_position_survives_the_way_to_the_client_and_back() {
        let cursor = codec().encode(LIST, &("x", 7)).unwrap();
        let back: (String, i32) = codec().decode(LIST, &cursor).unwrap();
        assert_eq!(back, ("x".to_owned(), 7));
    }

    #[test]
    fn a_cursor_is_no_good_for_another_list_or_another_secret() {
        let cursor = codec().encode(LIST, &7).unwrap();
        assert!(
            codec()
                .decode::<i32>("/api/v1/users?group=b", &cursor)
                .is_err()
        );
        let other = CursorCodec::new([8; 32]);
        assert!(other.decode::<i32>(LIST, &cursor).is_err());
    }

    #[test]
    fn a_cursor_changed_in_any_place_is_refused() {
        let cursor = codec().encode(LIST, &123_456).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert!(codec().decode::<i32>(LIST, &changed).is_err(), "{place}");
        }
    }

    proptest! {
        #[test]
        fn no_made_up_text_is_a_cursor(text in "\\PC{0,80}") {
            let problem = codec().decode::<i32>(LIST, &text).unwrap_err();
            prop_assert_eq!(problem.kind(), ProblemKind::CursorMismatch);
        }
    }
}
