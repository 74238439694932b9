//! The text of a record.

use abu_application::alumni::ports::Encoding;
use abu_domain::alumni::imports::{Cells, Problem};
use encoding_rs::WINDOWS_1252;

/// The cells of a record in Windows-1252, as UTF-8.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    text: String,
    ends: Vec<usize>,
}

/// The cells as text. UTF-16 was decoded before.
pub(crate) fn cells<'a>(
    decoded: &'a mut Decoded,
    encoding: Encoding,
    bytes: &'a [u8],
    ends: &'a [usize],
) -> Result<Cells<'a>, Problem> {
    if encoding == Encoding::Windows1252 && !bytes.is_ascii() {
        decoded.fill(bytes, ends)?;
        return Ok(Cells::new(&decoded.text, &decoded.ends));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::BadSequence)?;
    match ends.iter().all(|end| text.is_char_boundary(*end)) {
        true => Ok(Cells::new(text, ends)),
        false => Err(Problem::BadSequence),
    }
}

impl Decoded {
    fn fill(&mut self, bytes: &[u8], ends: &[usize]) -> Result<(), Problem> {
        self.text.clear();
        self.ends.clear();
        let mut start = 0;
        for end in ends {
            let cell = &bytes[start..*end];
            start = *end;
            match std::str::from_utf8(cell) {
                Ok(cell) if cell.is_ascii() => self.text.push_str(cell),
                // Letters of Windows-1252 that happen to be UTF-8 make no word: someone pasted from another file.
                Ok(_) => return Err(Problem::MixedEncoding),
                Err(_) => self.push(cell)?,
            }
            self.ends.push(self.text.len());
        }
        Ok(())
    }

    /// The five bytes that Windows-1252 leaves open decode to control characters.
    fn push(&mut self, cell: &[u8]) -> Result<(), Problem> {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(cell);
        if text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)) {
            return Err(Problem::BadSequence);
        }
        self.text.push_str(&text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(encoding: Encoding, parts: &[&[u8]]) -> Result<Vec<String>, Problem> {
        let bytes = parts.concat();
        let ends: Vec<usize> = parts
            .iter()
            .scan(0, |end, part| {
                *end += part.len();
                Some(*end)
            })
            .collect();
        let mut decoded = Decoded::default();
        let cells = cells(&mut decoded, encoding, &bytes, &ends)?;
        Ok(cells.iter().map(str::to_owned).collect())
    }

    #[test]
    fn each_encoding_has_its_letters() {
        let utf8 = texts(Encoding::Utf8, &["Ṣọlá".as_bytes(), b"", b"x"]).unwrap();
        assert_eq!(utf8, ["Ṣọlá", "", "x"]);
        let windows = texts(Encoding::Windows1252, &[b"Andr\xe9", b"", b"\x93x\x94"]).unwrap();
        assert_eq!(windows, ["André", "", "“x”"]);
    }

    #[test]
    fn bytes_that_are_no_text_of_the_encoding_are_refused() {
        for (encoding, parts, problem) in [
            (Encoding::Utf8, &[&b"S\xe9b"[..]][..], Problem::BadSequence),
            (Encoding::Utf8, &[b"\xc3", b"\xa9"], Problem::BadSequence),
            (Encoding::Windows1252, &[b"a\x81"], Problem::BadSequence),
            (
                Encoding::Windows1252,
                &[b"Andr\xe9", "Ṣọlá".as_bytes()],
                Problem::MixedEncoding,
            ),
        ] {
            assert_eq!(texts(encoding, parts), Err(problem));
        }
    }
}
