//! Skeleton: a phonetic key of consonants as they sound, for spellings that no lexicon lists.

use super::Token;

/// Skeletons of fewer letters fit too many names.
pub(super) const TELLING: usize = 3;

/// The token's consonants as they sound.
///
/// - `ph` and `v` sound as `f`; `q` and `ck` as `k`; `x` as `ks`; `z` as `s`. An `h` after `k`, `g`, `t`, `s` or `c` is
///   silent.
/// - Vowels, `h`, `w` and `y` count at the start alone. All vowels there are `a`.
/// - A doubled letter counts once, also where a silent letter stands between, except after the first letter: `nana` is
///   `nn`.
///
/// `ibrahim` and `ebraheem` are `abrm`. Letters other than ASCII stay.
pub fn skeleton(token: Token<'_>) -> String {
    let mut skeleton = String::with_capacity(token.as_str().len() + 1);
    let mut before = None;
    let mut head = 0;
    for sound in sounds(token.as_str()) {
        if before == Some(sound) {
            continue;
        }
        before = Some(sound);
        if head == 0 {
            skeleton.push(if is_vowel(sound) { 'a' } else { sound });
            head = skeleton.len();
        } else if !is_silent(sound) && !skeleton[head..].ends_with(sound) {
            skeleton.push(sound);
        }
    }
    skeleton
}

fn sounds(token: &str) -> impl Iterator<Item = char> {
    let mut letters = token.chars().peekable();
    let mut after = None;
    std::iter::from_fn(move || {
        if after.is_some() {
            return after.take();
        }
        let mut letter = letters.next()?;
        while letter == 'c' && letters.peek() == Some(&'k') {
            letter = letters.next()?;
        }
        let breathed = matches!(letter, 'p' | 'k' | 'g' | 't' | 's' | 'c')
            && letters.next_if_eq(&'h').is_some();
        Some(match letter {
            'p' if breathed => 'f',
            'q' => 'k',
            'v' => 'f',
            'x' => {
                after = Some('s');
                'k'
            }
            'z' => 's',
            other => other,
        })
    })
}

fn is_vowel(sound: char) -> bool {
    matches!(sound, 'a' | 'e' | 'i' | 'o' | 'u')
}

fn is_silent(sound: char) -> bool {
    is_vowel(sound) || matches!(sound, 'h' | 'w' | 'y')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        alumni::names::{Name, fold},
        platform::text::any_text,
    };

    fn skeletons(text: &str) -> Vec<String> {
        let name = Name::parse(text);
        let tokens = name.iter().flat_map(Name::tokens);
        tokens.map(skeleton).collect()
    }

    #[test]
    fn names_that_sound_alike_share_a_skeleton() {
        for (names, expected) in [
            (&["Ibrahim", "Ebraheem", "Ibraheem"][..], "abrm"),
            (&["Muhammad", "Mohammed", "Muhamad"], "mmd"),
            (&["Khadija", "Kadija", "Qadija"], "kdj"),
            (&["Philip", "Filip", "Phillip"], "flp"),
            (&["Zakari", "Sakari", "Zakaree"], "skr"),
            (&["Victor", "Fictor"], "fctr"),
            (&["Alexander", "Aleksander"], "alksndr"),
            (&["Yakubu", "Yaqub", "Yakoubu"], "ykb"),
            (&["Shehu", "Sheu", "Sehu"], "s"),
            (&["Aisha", "Ayesha", "Aysha"], "as"),
            (&["Okafor", "Okaffor", "Okafoor"], "akfr"),
            (&["Patrick", "Patrik"], "ptrk"),
            (&["Nana"], "nn"),
            (&["Hauwa", "Hawwa"], "h"),
        ] {
            for name in names {
                assert_eq!(skeletons(name), [expected], "{name}");
            }
        }
    }

    #[test]
    fn other_scripts_keep_their_letters() {
        assert_eq!(skeletons("Анна"), ["ана"]);
        assert_eq!(skeletons("محمد"), ["محمد"]);
    }

    proptest! {
        #[test]
        fn a_folded_text_has_the_skeletons_of_the_text(text in any_text()) {
            prop_assert_eq!(skeletons(&fold(&text)), skeletons(&text));
        }

        #[test]
        fn vowels_after_the_first_letter_do_not_matter(start in "[a-z]", rest in "[b-dfgj-np-tvxz]{1,8}") {
            let spelled = |vowel: &str| {
                let rest = rest.chars().map(|c| format!("{vowel}{c}"));
                skeletons(&format!("{start}{}", rest.collect::<String>()))
            };
            prop_assert_eq!(spelled("a"), spelled("ou"));
        }

        #[test]
        fn a_skeleton_is_never_empty_and_at_most_twice_its_token(text in any_text()) {
            if let Ok(name) = Name::parse(&text) {
                for token in name.tokens() {
                    let length = skeleton(token).chars().count();
                    prop_assert!((1..=2 * token.letters()).contains(&length));
                }
            }
        }
    }
}
