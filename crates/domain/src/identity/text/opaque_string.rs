//! The OpaqueString profile of PRECIS (RFC 8265, 4.2): one form for the ways to type a password.

use icu_properties::{
    CodePointMapData,
    props::{CanonicalCombiningClass, GeneralCategory, HangulSyllableType, JoiningType, Script},
};

use crate::platform::text::{
    characters::{category, is_ignorable, is_space, script},
    nfc,
};

/// The text with ASCII spaces for all others, in Normalization Form C. `None` if it then contains a
/// character that the FreeformClass (RFC 8264, 4.3) disallows.
pub(super) fn opaque_string(text: &str) -> Option<String> {
    let spaced: String = text
        .chars()
        .map(|c| if is_space(c) { ' ' } else { c })
        .collect();
    let composed = nfc(&spaced);
    let characters: Vec<char> = composed.chars().collect();
    (0..characters.len())
        .all(|place| is_allowed(&characters, place))
        .then(|| composed.into_owned())
}

/// The derivation of RFC 8264, section 8, for the FreeformClass.
fn is_allowed(text: &[char], place: usize) -> bool {
    let c = text[place];
    if c.is_ascii() {
        return !c.is_control();
    }
    if let Some(allowed) = contextual_rule(text, place) {
        return allowed;
    }
    if is_disallowed_exception(c) || is_old_jamo(c) || is_ignorable(c) {
        return false;
    }
    use GeneralCategory as Category;
    !matches!(
        category(c),
        Category::Unassigned
            | Category::Control
            | Category::Format
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::PrivateUse
            | Category::Surrogate
    )
}

/// The characters that RFC 5892 (2.6) disallows by name.
fn is_disallowed_exception(c: char) -> bool {
    matches!(
        c,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}'
    )
}

fn is_old_jamo(c: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(c),
        HangulSyllableType::LeadingJamo
            | HangulSyllableType::VowelJamo
            | HangulSyllableType::TrailingJamo
    )
}

/// The contextual rules of RFC 5892, appendix A; `None` for a character without one.
fn contextual_rule(text: &[char], place: usize) -> Option<bool> {
    let (before, rest) = text.split_at(place);
    let after = &rest[1..];
    let previous = before.last().copied();
    let next = after.first().copied();
    let has = |known: fn(&char) -> bool| text.iter().any(known);
    Some(match text[place] {
        '\u{200c}' => previous.is_some_and(is_virama) || joins(before, after),
        '\u{200d}' => previous.is_some_and(is_virama),
        '\u{b7}' => previous == Some('l') && next == Some('l'),
        '\u{375}' => next.is_some_and(|c| script(c) == Script::Greek),
        '\u{5f3}' | '\u{5f4}' => previous.is_some_and(|c| script(c) == Script::Hebrew),
        '\u{30fb}' => has(|c| {
            matches!(
                script(*c),
                Script::Hiragana | Script::Katakana | Script::Han
            )
        }),
        '\u{660}'..='\u{669}' => !has(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !has(|c| matches!(c, '\u{660}'..='\u{669}')),
        _ => return None,
    })
}

fn is_virama(c: char) -> bool {
    CodePointMapData::<CanonicalCombiningClass>::new().get(c) == CanonicalCombiningClass::Virama
}

/// Whether letters that would join stand on both sides, past transparent marks.
fn joins(before: &[char], after: &[char]) -> bool {
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let opaque = |kind: &JoiningType| *kind != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(opaque);
    let right = after.iter().map(joining).find(opaque);
    matches!(
        left,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    ) && matches!(
        right,
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::{any_text, every_character};

    /// RFC 8265, table 2 and 3.
    #[test]
    fn the_examples_of_the_standard_come_out_as_it_says() {
        for (text, expected) in [
            (
                "correct horse battery staple",
                Some("correct horse battery staple"),
            ),
            (
                "Correct Horse Battery Staple",
                Some("Correct Horse Battery Staple"),
            ),
            ("πß\u{e5}", Some("πß\u{e5}")),
            ("Jack of \u{2666}s", Some("Jack of \u{2666}s")),
            ("foo\u{1680}bar", Some("foo bar")),
            ("my cat is a \u{9}by", None),
        ] {
            assert_eq!(opaque_string(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        assert_eq!(opaque_string("s\u{323}ade\u{301}"), opaque_string("ṣadé"));
        assert_eq!(
            opaque_string("\u{1112}\u{1161}\u{11ab}").as_deref(),
            Some("한")
        );
    }

    #[test]
    fn invisible_and_control_characters_are_refused() {
        for c in [
            '\u{200b}', '\u{202e}', '\u{ad}', '\u{fe0f}', '\u{e000}', '\u{378}', '\u{fffe}',
            '\u{115f}', '\u{2028}', '\u{1100}', '\u{640}', '\u{85}', '\0',
        ] {
            assert_eq!(opaque_string(&format!("a{c}b")), None, "{c:?}");
        }
    }

    #[test]
    fn contextual_characters_pass_in_their_context_alone() {
        for (text, allowed) in [
            ("l·l", true),
            ("a·l", false),
            ("\u{375}α", true),
            ("\u{375}a", false),
            ("א\u{5f3}", true),
            ("a\u{5f3}", false),
            ("ア\u{30fb}a", true),
            ("a\u{30fb}b", false),
            ("\u{661}\u{662}", true),
            ("\u{661}\u{6f1}", false),
            ("\u{6f1}\u{661}", false),
            ("\u{915}\u{94d}\u{200d}\u{937}", true),
            ("a\u{200d}b", false),
            ("می\u{200c}خواهم", true),
            ("a\u{200c}b", false),
            ("\u{200c}", false),
        ] {
            assert_eq!(opaque_string(text).is_some(), allowed, "{text:?}");
        }
    }

    #[test]
    fn every_character_is_stable_once_prepared() {
        for c in every_character() {
            if let Some(once) = opaque_string(&format!("a{c}l")) {
                assert_eq!(opaque_string(&once), Some(once), "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn preparing_twice_changes_nothing(text in any_text()) {
            if let Some(once) = opaque_string(&text) {
                prop_assert_eq!(opaque_string(&once), Some(once));
            }
        }
    }
}
