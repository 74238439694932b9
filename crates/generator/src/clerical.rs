//! Errors of the people who typed a register.

use crate::draw::Draw;

/// Of a thousand words, this many hold an error.
const PER_MILLE: u32 = 6;
/// Shorter words are typed right.
const LEAST: usize = 4;

/// The word as it was typed: now and then with one edit. Words are ASCII.
pub(crate) fn typed(word: &str, draw: &mut Draw) -> String {
    let mut typed = word.to_owned();
    if word.len() >= LEAST && draw.per_mille(PER_MILLE) {
        let at = 1 + draw.index(word.len() - 1);
        let letter = char::from(b'a' + draw.index(26) as u8);
        match draw.index(4) {
            0 => drop(typed.remove(at)),
            1 => typed.insert(at, letter),
            2 => typed.replace_range(at..=at, letter.encode_utf8(&mut [0; 4])),
            _ => {
                let before = typed.remove(at - 1);
                typed.insert(at, before);
            }
        }
    }
    typed
}

#[cfg(test)]
mod tests {
    use abu_domain::alumni::names::{Token, distance};

    use super::*;
    use crate::draw::Subject;

    #[test]
    fn an_error_is_one_edit_in_six_of_a_thousand_words() {
        let mut draw = Draw::new(1, 0, Subject::Names);
        let words: Vec<_> = (0..100_000).map(|_| typed("sulaiman", &mut draw)).collect();
        let wrong: Vec<_> = words.iter().filter(|word| *word != "sulaiman").collect();
        assert!((500..700).contains(&wrong.len()), "{}", wrong.len());
        for word in wrong {
            let edits = distance(
                Token::from_storage("sulaiman"),
                Token::from_storage(word),
                1,
            );
            assert_eq!(edits, Some(1), "{word}");
        }
        assert!((0..10_000).all(|_| typed("isa", &mut draw) == "isa"));
    }
}
