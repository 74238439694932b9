//! Sanitizing of untrusted text against terminal escape injection and bidi overrides; width, truncation, wrapping.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bounds the code points of a grapheme cluster: emoji families need nine, and stacked accents would reach into
/// other rows.
const MOST_PER_CHARACTER: usize = 10;

/// Removes control characters and bidi overrides. Keeps line breaks, and turns tabs into spaces.
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut clean = String::with_capacity(text.len());
    for character in text.graphemes(true) {
        clean.extend(character.chars().filter_map(shown).take(MOST_PER_CHARACTER));
    }
    clean
}

/// As [`clean`], in one line, for names and quotes.
pub(crate) fn clean_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

fn shown(character: char) -> Option<char> {
    match character {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        // Bidi overrides and isolates, byte order marks, tags, fillers.
        '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{061c}'
        | '\u{00ad}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Truncates a line to `columns`, with an ellipsis.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 0;
    for character in text.graphemes(true) {
        used += width(character);
        if used + 1 > columns {
            break;
        }
        cut.push_str(character);
    }
    cut.push('\u{2026}');
    cut
}

/// Wraps a text at `columns`, between words where possible.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2); // a wide character needs two
    text.split('\n')
        .flat_map(|line| wrap_line(line, columns))
        .collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut rows = vec![];
    let mut row = String::new();
    let mut used = 0;
    for word in line.split_word_bounds() {
        let wide = width(word);
        if used + wide > columns && used > 0 && wide <= columns {
            rows.push(std::mem::take(&mut row));
            used = 0;
            if word.trim().is_empty() {
                continue; // the space at which a row was broken
            }
        }
        if wide <= columns {
            row.push_str(word);
            used += wide;
            continue;
        }
        for character in word.graphemes(true) {
            let wide = width(character);
            if used + wide > columns {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(character);
            used += wide;
        }
    }
    rows.push(row);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_control_characters() {
        let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31mred\u{8}\u{7f}\u{0}";
        let clean = clean(hostile);
        assert_eq!(clean, "]0;owned[2J31mred");
        assert!(!clean.chars().any(char::is_control));
    }

    #[test]
    fn the_direction_of_writing_is_not_turned_around() {
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{200f}"), "abc");
    }

    #[test]
    fn hausa_arabic_and_emoji_stay_as_they_are() {
        let text = "\u{199}asa \u{0633}\u{0644}\u{0627}\u{0645} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(clean(text), text);
    }

    #[test]
    fn a_tower_of_accents_ends_somewhere() {
        let tower = format!("e{}", "\u{301}".repeat(500));
        assert_eq!(clean(&tower).chars().count(), MOST_PER_CHARACTER);
    }

    #[test]
    fn lines_end_alike_and_names_have_one() {
        assert_eq!(clean("a\r\nb\rc\u{2028}d\te"), "a\nb\nc\nd e");
        assert_eq!(clean_line("a\nb"), "a b");
    }

    #[test]
    fn lines_wrap_between_words_and_within_words_longer_than_a_row() {
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(
            wrap("\u{6c49}\u{5b57}\u{6c49}", 4),
            ["\u{6c49}\u{5b57}", "\u{6c49}"]
        );
    }

    #[test]
    fn no_row_is_wider_than_it_may_be() {
        let text =
            "A long \u{1f600}\u{1f600} line, with \u{6c49}\u{5b57} and averyveryverylongword.";
        for columns in 2..30 {
            for row in wrap(text, columns) {
                assert!(width(&row) <= columns, "{row:?} in {columns}");
            }
            assert!(width(&cut(text, columns)) <= columns);
        }
    }
}
