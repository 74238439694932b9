//! From a packet to the text of a frame.

use crate::wire::Wire;
use crate::{Profile, RequestRef};

/// Appends the packet `name` with this payload to `out`.
pub(crate) fn write_packet<T: Wire>(
    name: &'static str,
    request_ref: Option<&RequestRef>,
    payload: &T,
    profile: Profile,
    out: &mut Vec<u8>,
) {
    // Packet names are lower-case letters and hyphens, so they need no escaping.
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\",");
    if let Some(request_ref) = request_ref.filter(|_| profile >= Profile::V2) {
        write_ref(request_ref, out);
    }
    out.extend_from_slice(b"\"payload\":");
    #[expect(
        clippy::expect_used,
        reason = "writing to a Vec cannot fail, and payloads hold only values that JSON can express"
    )]
    payload
        .write(profile, &mut serde_json::Serializer::new(&mut *out))
        .expect("a payload is always expressible as JSON");
    out.push(b'}');
}

fn write_ref(request_ref: &RequestRef, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"ref\":");
    #[expect(
        clippy::expect_used,
        reason = "writing to a Vec cannot fail, and any string is expressible in JSON"
    )]
    serde_json::to_writer(&mut *out, request_ref.as_str()).expect("a string is expressible");
    out.push(b',');
}

/// The text that `write` appends.
pub(crate) fn to_text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(256);
    write(&mut out);
    #[expect(clippy::expect_used, reason = "serde_json writes nothing but UTF-8")]
    String::from_utf8(out).expect("JSON is UTF-8")
}
