//! Frame encoding: the adjacently tagged envelope (`type`, `payload`) around a payload.

use serde::Serialize;

use crate::wire::{Shown, Wire};
use crate::{Profile, RequestRef};

/// A packet as a frame shows it in one profile.
#[derive(Serialize)]
pub(crate) struct Frame<'a, P> {
    #[serde(rename = "type")]
    name: &'static str,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    request_ref: Option<&'a str>,
    payload: P,
}

impl<'a, T: Wire> Frame<'a, Shown<'a, T>> {
    pub(crate) fn new(
        name: &'static str,
        request_ref: Option<&'a RequestRef>,
        payload: &'a T,
        profile: Profile,
    ) -> Self {
        Self {
            name,
            request_ref: request_ref
                .filter(|_| profile >= Profile::V2)
                .map(RequestRef::as_str),
            payload: Shown {
                value: payload,
                profile,
            },
        }
    }
}

/// Appends the JSON that `write` produces to `out`.
pub(crate) fn append_json(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut serde_json::Serializer<&mut Vec<u8>>) -> serde_json::Result<()>,
) {
    #[expect(
        clippy::expect_used,
        reason = "writing to a Vec cannot fail, and packets hold only values that JSON can express"
    )]
    write(&mut serde_json::Serializer::new(out)).expect("a packet is always expressible as JSON");
}

/// The text that `write` appends.
pub(crate) fn to_text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(256);
    write(&mut out);
    #[expect(clippy::expect_used, reason = "serde_json writes nothing but UTF-8")]
    String::from_utf8(out).expect("JSON is UTF-8")
}
