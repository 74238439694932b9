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
