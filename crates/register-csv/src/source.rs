//! The bytes of a file as the parser takes them: without the byte order mark, and UTF-16 as UTF-8.

use std::io::{self, Read};

use abu_application::alumni::ports::Encoding;
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

use crate::encoding::announced;

const CHUNK: usize = 64 * 1024;
/// Stands where UTF-16 holds no character: no byte of UTF-8, so that the record is refused.
const NO_CHARACTER: u8 = 0xFF;

/// A file's bytes, ready to parse.
pub(crate) struct Source<R> {
    file: R,
    bytes_read: u64,
    /// Bytes of the file that are not yet handed out or decoded: `raw[from..to]`.
    raw: Vec<u8>,
    from: usize,
    to: usize,
    is_at_end: bool,
    decoder: Option<Decoder>,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(file: R, encoding: Encoding) -> io::Result<Self> {
        let decoder = match encoding {
            Encoding::Utf8 | Encoding::Windows1252 => None,
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
        };
        let mut source = Self {
            file,
            bytes_read: 0,
            raw: vec![0; CHUNK],
            from: 0,
            to: 0,
            is_at_end: false,
            decoder,
        };
        while source.to < 3 && !source.is_at_end {
            source.read_more()?;
        }
        if let Some((_, length)) = announced(&source.raw[..source.to]) {
            source.from = length;
        }
        Ok(source)
    }

    /// How many bytes of the file were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Fills the target with the next bytes; 0 only at the end. The target has at least 16 bytes.
    pub(crate) fn fill(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.from == self.to && !self.is_at_end {
                (self.from, self.to) = (0, 0);
                self.read_more()?;
            }
            let written = match self.decoder {
                Some(_) => self.decode(target),
                None => self.copy(target),
            };
            let is_done = self.is_at_end && self.from == self.to && self.decoder.is_none();
            if written > 0 || is_done {
                return Ok(written);
            }
        }
    }

    fn read_more(&mut self) -> io::Result<()> {
        loop {
            match self.file.read(&mut self.raw[self.to..]) {
                Ok(0) => self.is_at_end = true,
                Ok(read) => {
                    self.to += read;
                    self.bytes_read += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    fn copy(&mut self, target: &mut [u8]) -> usize {
        let length = target.len().min(self.to - self.from);
        target[..length].copy_from_slice(&self.raw[self.from..self.from + length]);
        self.from += length;
        length
    }

    fn decode(&mut self, target: &mut [u8]) -> usize {
        let Some(decoder) = &mut self.decoder else {
            return 0;
        };
        let raw = &self.raw[self.from..self.to];
        let is_last = self.is_at_end;
        let room = target.len() - 1;
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(raw, &mut target[..room], is_last);
        self.from += read;
        match result {
            DecoderResult::Malformed(..) => {
                target[written] = NO_CHARACTER;
                written + 1
            }
            DecoderResult::InputEmpty => {
                if is_last {
                    self.decoder = None;
                }
                written
            }
            DecoderResult::OutputFull => written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out few bytes at a time, as a slow network does.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(target.len());
            target[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn all(bytes: &[u8], encoding: Encoding, drop: usize) -> Vec<u8> {
        let mut source = Source::new(Drops(bytes, drop), encoding).unwrap();
        let (mut all, mut target) = (Vec::new(), [0; 16]);
        loop {
            match source.fill(&mut target).unwrap() {
                0 => break,
                read => all.extend_from_slice(&target[..read]),
            }
        }
        assert_eq!(source.bytes_read(), bytes.len() as u64);
        all
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        ['\u{feff}'; 1]
            .into_iter()
            .chain(text.chars())
            .flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec())
            .flat_map(bytes)
            .collect()
    }

    #[test]
    fn every_encoding_loses_its_byte_order_mark() {
        let text = "Ṣọlá,ɗan 👍\r\n".repeat(9);
        for drop in [1, 2, 3, 7, 1000] {
            let marked = format!("\u{feff}{text}");
            assert_eq!(
                all(marked.as_bytes(), Encoding::Utf8, drop),
                text.as_bytes()
            );
            assert_eq!(all(text.as_bytes(), Encoding::Utf8, drop), text.as_bytes());
            let le = utf16(&text, u16::to_le_bytes);
            assert_eq!(all(&le, Encoding::Utf16Le, drop), text.as_bytes());
            let be = utf16(&text, u16::to_be_bytes);
            assert_eq!(all(&be, Encoding::Utf16Be, drop), text.as_bytes());
            assert_eq!(all(b"S\xe9b", Encoding::Windows1252, drop), b"S\xe9b");
            assert_eq!(all(b"", Encoding::Utf8, drop), b"");
        }
    }

    #[test]
    fn half_a_character_of_utf16_leaves_a_byte_that_is_no_text() {
        let mut bytes = utf16("ab", u16::to_le_bytes);
        bytes.extend_from_slice(&0xD800_u16.to_le_bytes());
        bytes.extend_from_slice(&u16::from(b'c').to_le_bytes());
        assert_eq!(all(&bytes, Encoding::Utf16Le, 1), b"ab\xffc");
        bytes.push(b'x');
        assert_eq!(all(&bytes, Encoding::Utf16Le, 2), b"ab\xffc\xff");
    }
}
