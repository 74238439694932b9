//! Texts of all of Unicode for property tests, dense where normalization and case matter.

use icu_properties::props::GeneralCategory;
use proptest::prelude::*;

use super::characters::category;

/// Characters that normalization, case mapping or a rule treats in a way of its own.
const NOTABLE: &[char] = &[
    // Case: the Turkish letters, sharp s, final sigma, digraphs, hooked letters.
    'İ',
    'ı',
    'I',
    'i',
    'ẞ',
    'ß',
    'Σ',
    'ς',
    'ǅ',
    'Ɓ',
    'ɓ',
    'Ɗ',
    'ɗ',
    'Ƙ',
    'ƙ',
    'Ƴ',
    'ƴ',
    // Composition: letters under marks, singletons, and what composition excludes.
    'e',
    'Ṣ',
    'ọ',
    'Ω',
    'Å',
    '\u{958}',
    '\u{fb1d}',
    '\u{1d15e}',
    '\u{1100}',
    '\u{1161}',
    '가',
    // Compatibility: full width, ligatures, superscripts.
    'Ａ',
    '＠',
    '．',
    '。',
    'ﬁ',
    '²',
    'µ',
    '℡',
    // Default ignorable, format and bidirectional controls.
    '\u{ad}',
    '\u{34f}',
    '\u{115f}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{202e}',
    '\u{2066}',
    '\u{2069}',
    '\u{3164}',
    '\u{fe0e}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{e0067}',
    '\u{e007f}',
    // Spaces, lines and controls.
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\u{85}',
    '\u{a0}',
    '\u{2003}',
    '\u{2028}',
    '\u{2029}',
    '\u{3000}',
    // Emoji and their parts.
    '❤',
    '👍',
    '👩',
    '🎓',
    '\u{1f3ff}',
    '🇳',
    '🇬',
    '1',
    '#',
    '\u{20e3}',
    '\u{1f3f4}',
    // Scripts that look alike, right to left, private use, and unassigned.
    'a',
    'а',
    'α',
    'ع',
    'ه',
    'ا',
    '٣',
    '\u{e000}',
    '\u{378}',
    '\u{fffe}',
    '\u{10ffff}',
    // Signs of addresses, names and passwords.
    '@',
    '.',
    '-',
    '_',
    '+',
    '\'',
    '’',
    '"',
    '[',
    ']',
    '·',
    'l',
];

/// Any text of up to 24 characters.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(NOTABLE),
        2 => prop::char::range('a', 'z'),
        2 => prop::char::range('\u{300}', '\u{36f}'),
        1 => any::<char>(),
    ];
    prop::collection::vec(character, 0..24).prop_map(String::from_iter)
}

/// Every assigned character, except the ideographs and syllables that all rules treat alike.
pub(crate) fn every_character() -> impl Iterator<Item = char> {
    let uniform = |c: char| {
        matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac01}'..='\u{d7a3}' | '\u{12000}'..='\u{1467f}'
            | '\u{17000}'..='\u{18dff}' | '\u{20000}'..='\u{2f7ff}' | '\u{30000}'..='\u{3ffff}')
    };
    let assigned = |c: char| category(c) != GeneralCategory::Unassigned;
    ('\0'..='\u{e01ff}').filter(move |c| !uniform(*c) && assigned(*c))
}
