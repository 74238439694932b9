//! One line of text in Unicode Normalization Form C.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::{
    Violation,
    characters::{is_joiner, is_space, is_unfit, is_visible},
};

const CONTROL: Violation = Violation {
    code: "name.control-character",
    rule: "must not contain control characters",
};
const UNFIT: Violation = Violation {
    code: "name.invisible-character",
    rule: "must not contain invisible, private or unassigned characters, \
           except joiners inside a word",
};
const NOT_VISIBLE: Violation = Violation {
    code: "name.not-visible",
    rule: "must contain a visible character",
};

/// The text in Normalization Form C.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text in Normalization Form KC: full-width letters become plain ones.
pub(crate) fn nfkc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}

/// Composes the text, trims it, and makes each run of spaces one. It must then have 1 to `max_chars`
/// characters, one of them visible and each fit for a line.
pub(crate) fn one_line(
    text: &str,
    max_chars: usize,
    length: Violation,
) -> Result<String, Violation> {
    let text = text.trim();
    match text.is_ascii() {
        true => ascii_line(text, max_chars, length),
        false => any_line(text, max_chars, length),
    }
}

/// ASCII is composed, its only space is the blank, and what it has that is not visible is a control.
fn ascii_line(text: &str, max_chars: usize, length: Violation) -> Result<String, Violation> {
    let line = match text.contains("  ") {
        true => collapsed(text),
        false => text.to_owned(),
    };
    if line.is_empty() || line.len() > max_chars {
        return Err(length);
    }
    match line.bytes().any(|byte| byte.is_ascii_control()) {
        true => Err(CONTROL),
        false => Ok(line),
    }
}

fn any_line(text: &str, max_chars: usize, length: Violation) -> Result<String, Violation> {
    let line = collapsed(&nfc(text));
    if line.is_empty() || line.chars().count() > max_chars {
        return Err(length);
    }
    if line.chars().any(char::is_control) {
        return Err(CONTROL);
    }
    if !fit(&line).all(|fit| fit) {
        return Err(UNFIT);
    }
    if !line.chars().any(is_visible) {
        return Err(NOT_VISIBLE);
    }
    Ok(line)
}

/// The line of a text that an earlier release stored: without the characters that [`one_line`]
/// refuses.
pub(crate) fn mended_line(text: &str) -> String {
    let composed = nfc(text.trim());
    let kept: String = composed
        .chars()
        .map(|c| {
            if matches!(c, '\n' | '\r' | '\t') {
                ' '
            } else {
                c
            }
        })
        .zip(fit(&composed))
        .filter(|(c, fit)| *fit && !c.is_control())
        .map(|(c, _)| c)
        .collect();
    collapsed(&nfc(kept.trim()))
}

/// Which characters of the text may stand in a line, in order.
fn fit(text: &str) -> impl Iterator<Item = bool> {
    let in_word = |c: char| !c.is_whitespace() && !c.is_control() && !is_unfit(c);
    let before = [None].into_iter().chain(text.chars().map(Some));
    let after = text.chars().map(Some).skip(1).chain([None]);
    text.chars()
        .zip(before)
        .zip(after)
        .map(move |((c, before), after)| match is_joiner(c) {
            true => before.is_some_and(in_word) && after.is_some_and(in_word),
            false => !is_unfit(c),
        })
}

fn collapsed(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match is_space(c) {
            true if line.ends_with(' ') => {}
            true => line.push(' '),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::text::any_text;

    const LENGTH: Violation = Violation {
        code: "test.length",
        rule: "",
    };

    fn parse(text: &str) -> Result<String, Violation> {
        one_line(text, 100, LENGTH)
    }

    #[test]
    fn spaces_of_any_kind_become_one_and_accents_join_their_letters() {
        assert_eq!(parse("  a \u{a0}\u{2003} b\u{3000}").unwrap(), "a b");
        assert_eq!(parse("S\u{323}ade\u{301}").unwrap(), "Ṣadé");
    }

    #[test]
    fn a_joiner_stands_only_between_two_visible_characters() {
        for text in ["می\u{200c}خواهم", "👩\u{200d}🎓 class"] {
            assert_eq!(parse(text).unwrap(), text);
        }
        for text in [
            "\u{200d}a",
            "a\u{200c}",
            "a \u{200d}b",
            "a\u{200d}\u{200d}b",
        ] {
            assert_eq!(parse(text), Err(UNFIT), "{text:?}");
        }
    }

    #[test]
    fn a_line_holds_neither_controls_nor_invisible_characters() {
        for text in ["a\nb", "a\0b", "a\u{9f}b", "a\tb"] {
            assert_eq!(parse(text), Err(CONTROL), "{text:?}");
        }
        for unfit in [
            '\u{200b}', '\u{202e}', '\u{ad}', '\u{2028}', '\u{2029}', '\u{e000}', '\u{378}',
        ] {
            assert_eq!(parse(&format!("a{unfit}b")), Err(UNFIT), "{unfit:?}");
        }
        for text in ["\u{3164}", "\u{2800}", "\u{34f}"] {
            assert_eq!(parse(text), Err(NOT_VISIBLE), "{text:?}");
        }
        assert_eq!(parse(" \n"), Err(LENGTH));
    }

    #[test]
    fn a_stored_line_is_mended_by_leaving_characters_out() {
        assert_eq!(mended_line(" a\u{200b}b\u{202e}  c\n\td\0"), "ab c d");
        assert_eq!(mended_line("می\u{200c}خواهم \u{200d}"), "می\u{200c}خواهم");
    }

    proptest! {
        #[test]
        fn ascii_is_read_as_any_other_text(text in "[\\x00-\\x7f]{0,12}|[a ]{90,110}|[ -~]{0,30}") {
            let text = text.trim();
            prop_assert_eq!(ascii_line(text, 100, LENGTH), any_line(text, 100, LENGTH));
        }

        #[test]
        fn a_parsed_line_parses_to_itself(text in any_text()) {
            if let Ok(line) = parse(&text) {
                prop_assert_eq!(parse(&line), Ok(line.clone()));
                prop_assert_eq!(mended_line(&line), line);
            }
        }

        #[test]
        fn a_mended_line_has_only_fit_characters(text in any_text()) {
            let line = mended_line(&text);
            match one_line(&line, usize::MAX, LENGTH) {
                Ok(parsed) => prop_assert_eq!(parsed, line),
                Err(violation) => prop_assert!([LENGTH, NOT_VISIBLE].contains(&violation)),
            }
        }
    }
}
