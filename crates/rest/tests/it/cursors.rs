//! Cursors: signed positions, each of use for one list alone.

use abu_rest::{CursorCodec, ProblemKind};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

const LIST: &str = "/api/v1/users?group=a";

fn codec() -> CursorCodec {
    CursorCodec::new([7; 32])
}

#[test]
fn a_cursor_is_no_good_for_another_list_or_another_secret() {
    let cursor = codec().encode(LIST, &("x", 7)).unwrap();
    let back: (String, i32) = codec().decode(LIST, &cursor).unwrap();
    assert_eq!(back, ("x".to_owned(), 7));
    let other = CursorCodec::new([8; 32]);
    for decoded in [
        codec().decode::<(String, i32)>("/api/v1/users?group=b", &cursor),
        other.decode(LIST, &cursor),
    ] {
        assert_eq!(decoded.unwrap_err().kind(), ProblemKind::CursorMismatch);
    }
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
