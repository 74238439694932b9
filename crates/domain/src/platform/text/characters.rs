//! Classes of characters, after the Unicode Character Database.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, Script},
};

/// A blank cell: a symbol to Unicode, and nothing to see.
const BRAILLE_BLANK: char = '\u{2800}';

pub(crate) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

pub(crate) fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

/// Whether renderers show nothing for the character: joiners, variation selectors, fillers.
pub(crate) fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether the character is a letter that a reader sees.
pub(crate) fn is_letter(c: char) -> bool {
    GeneralCategoryGroup::Letter.contains(category(c)) && !is_ignorable(c)
}

/// Whether the character is a combining mark.
pub(crate) fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(c))
}

/// Whether the character is a digit or another number.
pub(crate) fn is_number(c: char) -> bool {
    GeneralCategoryGroup::Number.contains(category(c))
}

/// Whether the character is `Zs`: a space that does not end the line.
pub(crate) fn is_space(c: char) -> bool {
    category(c) == GeneralCategory::SpaceSeparator
}

/// Whether the character is one of the two that join or part letters inside a word: ZWJ, ZWNJ.
pub(crate) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether the character leaves something to see on its own.
pub(crate) fn is_visible(c: char) -> bool {
    c.is_ascii_graphic()
        || !c.is_ascii()
            && c != BRAILLE_BLANK
            && !is_unfit(c)
            && !is_space(c)
            && !is_ignorable(c)
            && !c.is_control()
}

/// Whether the character is a format character, a line or paragraph separator, of private use or
/// unassigned.
pub(crate) fn is_unfit(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_renderer_leaves_blank_is_not_visible() {
        for c in [
            ' ', '\t', '\u{a0}', '\u{34f}', '\u{ad}', '\u{115f}', '\u{2028}', '\u{200b}',
            '\u{200d}', '\u{202e}', '\u{2800}', '\u{3164}', '\u{fe0f}', '\u{e000}', '\u{378}',
        ] {
            assert!(!is_visible(c), "{c:?}");
        }
        for c in ['a', '!', 'ɓ', '₦', 'ع', '👍', '\u{301}'] {
            assert!(is_visible(c), "{c:?}");
        }
    }

    #[test]
    fn a_filler_is_no_letter() {
        assert!(is_letter('ƙ') && is_letter('ع'));
        assert!(!is_letter('\u{3164}') && !is_letter('7') && !is_letter('\u{301}'));
    }
}
