//! Claim codes: 55 random bits in Crockford's base 32, with a check symbol over GF(32).

use std::fmt;

use crate::platform::text::Violation;

/// Crockford's alphabet: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "ABU";
/// Symbols with data; the check symbol follows them.
const DATA: usize = 11;
const SYMBOLS: usize = DATA + 1;
/// Symbols of a group, for people.
const GROUP: usize = 4;

const FORM: Violation = Violation {
    code: "claim_code.form",
    rule: "must be a code such as ABU-7K3M-9QXT-2HVT: ABU and 12 letters or digits",
};
const MISREAD: Violation = Violation {
    code: "claim_code.misread",
    rule: "has a letter or digit that was misread: compare it with the invitation, letter by letter",
};

/// HMAC-SHA-256 of a code, as it is stored.
pub type ClaimCodeHash = [u8; 32];

/// The secret of an invitation, such as `ABU-7K3M-9QXT-2HVT`: 11 symbols of 5 bits and a check symbol.
///
/// The check symbol makes the sum of the symbols, weighted by the powers of a generator of GF(32), zero. So one wrong
/// symbol is found always, and so are two that were swapped.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimCode([u8; SYMBOLS]);

impl ClaimCode {
    /// The code of the first 55 bits.
    pub fn from_bits(bytes: &[u8; 32]) -> Self {
        let mut bits = [0; 8];
        bits.copy_from_slice(&bytes[..8]);
        let mut rest = u64::from_be_bytes(bits) >> 9;
        let mut symbols = [0; SYMBOLS];
        for symbol in symbols[..DATA].iter_mut().rev() {
            *symbol = (rest & 31) as u8;
            rest >>= 5;
        }
        symbols[DATA] = check_symbol(&symbols[..DATA]);
        Self(symbols)
    }

    /// Parses a code as people type it: in any case, with blanks and hyphens anywhere, with or without `ABU`, and with O
    /// for 0, and I or L for 1.
    ///
    /// # Errors
    /// `claim_code.form` unless it has 12 letters and digits; `claim_code.misread` if they make no code.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        // Before any work: more than this is no code, whatever its blanks.
        if text.len() > 200 {
            return Err(FORM);
        }
        let mut letters: String = text.chars().filter(|c| !is_separator(*c)).collect();
        letters.make_ascii_uppercase();
        // No symbol is a U, so no code without its prefix begins like one.
        let letters = letters.strip_prefix(PREFIX).unwrap_or(&letters);
        if letters.len() != SYMBOLS || !letters.bytes().all(|c| c.is_ascii_alphanumeric()) {
            return Err(FORM);
        }
        let mut symbols = [0; SYMBOLS];
        for (symbol, letter) in symbols.iter_mut().zip(letters.bytes()) {
            *symbol = value(letter).ok_or(MISREAD)?;
        }
        match weighted_sum(&symbols) {
            0 => Ok(Self(symbols)),
            _ => Err(MISREAD),
        }
    }

    /// The 12 symbols without prefix and hyphens: what is hashed.
    pub fn symbols(&self) -> String {
        self.0.iter().map(|value| letter(*value)).collect()
    }

    /// The code for people: `ABU-7K3M-9QXT-2HVT`.
    pub fn text(&self) -> String {
        let mut text = PREFIX.to_owned();
        for group in self.0.chunks(GROUP) {
            text.push('-');
            text.extend(group.iter().map(|value| letter(*value)));
        }
        text
    }
}

/// Hides the code: it is a secret, and debug output ends in logs.
impl fmt::Debug for ClaimCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimCode(…)")
    }
}

/// Blanks, and what word processors make of hyphens.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_'
        )
}

fn letter(value: u8) -> char {
    char::from(ALPHABET[usize::from(value & 31)])
}

fn value(letter: u8) -> Option<u8> {
    let meant = match letter {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    let place = ALPHABET.iter().position(|symbol| *symbol == meant)?;
    u8::try_from(place).ok()
}

/// Multiplies by the generator x of GF(32), modulo x⁵ + x² + 1.
const fn times_x(value: u8) -> u8 {
    let shifted = value << 1;
    if shifted & 32 == 0 {
        shifted
    } else {
        shifted ^ 0b10_0101
    }
}

/// The sum of the symbols, the last one weighted 1, the one before it x, and so on (Horner's method).
fn weighted_sum(symbols: &[u8]) -> u8 {
    symbols.iter().fold(0, |sum, symbol| times_x(sum) ^ symbol)
}

/// In a field of characteristic 2, what makes the sum zero is the sum of the rest.
fn check_symbol(data: &[u8]) -> u8 {
    times_x(weighted_sum(data))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code_of(text: &str) -> &'static str {
        ClaimCode::parse(text).unwrap_err().code
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = ClaimCode::from_bits(&[0x0b; 32]);
        let (text, bare) = (code.text(), code.symbols());
        assert_eq!(text.len(), 18);
        for typed in [
            text.clone(),
            bare.clone(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', "\u{2013}"),
            format!("  {text}\n"),
            text.replace('0', "o").replace('1', "l"),
            text.replace('0', "O").replace('1', "I"),
            bare.chars().flat_map(|c| [c, ' ']).collect(),
        ] {
            assert_eq!(ClaimCode::parse(&typed), Ok(code.clone()), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_told_from_a_misread_one() {
        for text in [
            "",
            "ABU",
            "ABU-7K3M-9QXT",
            "ABU-7K3M-9QXT-2HVT-2",
            "ABU-7K3M-9QXT-2HV!",
            &"-".repeat(300),
        ] {
            assert_eq!(code_of(text), "claim_code.form", "{text}");
        }
        // U is none of the symbols.
        assert_eq!(code_of("U00000000000"), "claim_code.misread");
    }

    #[test]
    fn the_example_of_the_documentation_is_a_code() {
        let code = ClaimCode::parse("ABU-7K3M-9QXT-2HVT").unwrap();
        assert_eq!(code.symbols(), "7K3M9QXT2HVT");
    }

    #[test]
    fn debug_output_shows_no_code() {
        let code = ClaimCode::from_bits(&[7; 32]);
        assert_eq!(format!("{code:?}"), "ClaimCode(…)");
    }

    #[test]
    fn the_powers_of_the_generator_differ() {
        let mut seen = std::collections::BTreeSet::new();
        let mut power = 1;
        for _ in 0..31 {
            assert!(seen.insert(power));
            power = times_x(power);
        }
        assert_eq!(power, 1);
    }

    /// A code with the symbol at `place` replaced.
    fn with(code: &ClaimCode, place: usize, symbol: u8) -> String {
        let mut symbols = code.0;
        symbols[place] = symbol;
        ClaimCode(symbols).text()
    }

    proptest! {
        #[test]
        fn every_code_is_read_back(bytes: [u8; 32]) {
            let code = ClaimCode::from_bits(&bytes);
            prop_assert_eq!(ClaimCode::parse(&code.text()), Ok(code.clone()));
            prop_assert_eq!(ClaimCode::parse(&code.symbols()), Ok(code));
        }

        #[test]
        fn every_misread_symbol_is_found(bytes: [u8; 32]) {
            let code = ClaimCode::from_bits(&bytes);
            for place in 0..SYMBOLS {
                for symbol in (0..32).filter(|symbol| *symbol != code.0[place]) {
                    prop_assert_eq!(code_of(&with(&code, place, symbol)), "claim_code.misread");
                }
            }
        }

        #[test]
        fn every_swap_of_two_symbols_is_found(bytes: [u8; 32]) {
            let code = ClaimCode::from_bits(&bytes);
            for one in 0..SYMBOLS {
                for other in (one + 1..SYMBOLS).filter(|other| code.0[*other] != code.0[one]) {
                    let mut symbols = code.0;
                    symbols.swap(one, other);
                    prop_assert_eq!(code_of(&ClaimCode(symbols).text()), "claim_code.misread");
                }
            }
        }

        #[test]
        fn no_text_makes_parsing_panic(text: String) {
            let _ = ClaimCode::parse(&text);
        }

        #[test]
        fn fifty_five_bits_decide_the_code(mut one: [u8; 32], bit in 0_usize..55) {
            let code = ClaimCode::from_bits(&one);
            one[bit / 8] ^= 0x80 >> (bit % 8);
            prop_assert_ne!(ClaimCode::from_bits(&one), code);
        }
    }
}
