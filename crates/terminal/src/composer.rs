//! Line editor; the cursor moves by grapheme clusters.

use unicode_segmentation::UnicodeSegmentation;

use crate::text;

/// Bounds the text, in bytes; the server's limit is lower.
const MOST_BYTES: usize = 64 * 1024;

/// The symbol of a line break in the single row.
const LINE_END: &str = "\u{23ce}";

/// A text with a cursor.
#[derive(Default)]
pub(crate) struct Composer {
    text: String,
    /// In bytes.
    cursor: usize,
}

impl Composer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text, and clears the editor.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Inserts typed or pasted text at the cursor. Rejects text over the bound as a whole.
    pub(crate) fn insert(&mut self, typed: &str) {
        let typed = text::clean(typed);
        if self.text.len() + typed.len() > MOST_BYTES {
            return;
        }
        self.text.insert_str(self.cursor, &typed);
        self.cursor += typed.len();
    }

    pub(crate) fn left(&mut self) {
        self.cursor = self.before();
    }

    pub(crate) fn right(&mut self) {
        self.cursor = self.after();
    }

    pub(crate) fn home(&mut self) {
        self.cursor = 0;
    }

    pub(crate) fn end(&mut self) {
        self.cursor = self.text.len();
    }

    pub(crate) fn backspace(&mut self) {
        let start = self.before();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    pub(crate) fn delete(&mut self) {
        self.text.replace_range(self.cursor..self.after(), "");
    }

    /// Deletes the word before the cursor, with the spaces after it.
    pub(crate) fn delete_word(&mut self) {
        let before = self.text[..self.cursor].trim_end();
        let start = before.rfind(char::is_whitespace).map_or(0, |space| {
            space + before[space..].chars().next().map_or(0, char::len_utf8)
        });
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// The visible part of the text in one row, and the cursor's column in it.
    pub(crate) fn window(&self, columns: usize) -> (String, usize) {
        let columns = columns.max(2);
        let visible = |character: &str| match character {
            "\n" => LINE_END.to_owned(),
            other => other.to_owned(),
        };
        let mut row = String::new();
        let mut column = 0;
        for character in self.text[..self.cursor].graphemes(true).rev() {
            let shown = visible(character);
            let wide = text::width(&shown);
            if column + wide >= columns {
                break; // the cursor has a column of its own
            }
            row.insert_str(0, &shown);
            column += wide;
        }
        let mut used = column;
        for character in self.text[self.cursor..].graphemes(true) {
            let shown = visible(character);
            used += text::width(&shown);
            if used > columns {
                break;
            }
            row.push_str(&shown);
        }
        (row, column)
    }

    fn before(&self) -> usize {
        let last = self.text[..self.cursor].graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn after(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Composer {
        let mut composer = Composer::default();
        composer.insert(text);
        composer
    }

    #[test]
    fn the_cursor_steps_over_whole_characters() {
        let mut composer = written("a\u{1f468}\u{200d}\u{1f469}e\u{301}");
        composer.left();
        composer.left();
        composer.insert("|");
        assert_eq!(composer.text(), "a|\u{1f468}\u{200d}\u{1f469}e\u{301}");
        composer.delete();
        assert_eq!(composer.text(), "a|e\u{301}");
        composer.end();
        composer.backspace();
        assert_eq!(composer.text(), "a|");
        composer.home();
        composer.backspace();
        composer.left();
        composer.right();
        composer.backspace();
        assert_eq!(composer.text(), "|");
    }

    #[test]
    fn words_go_from_the_end() {
        let mut composer = written("ina kwana \u{199}asa  ");
        composer.delete_word();
        assert_eq!(composer.text(), "ina kwana ");
        composer.delete_word();
        composer.delete_word();
        composer.delete_word();
        assert_eq!(composer.text(), "");
    }

    #[test]
    fn pasted_text_loses_control_characters_and_keeps_its_lines() {
        let mut composer = written("one\r\n\u{1b}[2Jtwo");
        assert_eq!(composer.text(), "one\n[2Jtwo");
        assert_eq!(composer.window(20), ("one\u{23ce}[2Jtwo".to_owned(), 10));
        assert_eq!(composer.take(), "one\n[2Jtwo");
        assert_eq!(composer.window(20), (String::new(), 0));
    }

    #[test]
    fn the_cursor_is_always_in_the_window() {
        let mut composer = written("abcdef\u{6c49}\u{5b57}ghij");
        for _ in 0..13 {
            for columns in 2..16 {
                let (row, column) = composer.window(columns);
                assert!(column < columns && text::width(&row) <= columns, "{row}");
            }
            composer.left();
        }
        assert_eq!(composer.window(4), ("abcd".to_owned(), 0));
    }

    #[test]
    fn no_paste_is_too_large_to_be_refused() {
        let mut composer = written("kept");
        composer.insert(&"x".repeat(MOST_BYTES));
        assert_eq!(composer.text(), "kept");
    }
}
