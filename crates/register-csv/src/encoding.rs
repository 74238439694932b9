//! The encoding of a file, found in a pass over all of it.

use abu_application::alumni::ports::Encoding;

/// The encoding that a byte order mark announces, and the mark's length.
pub(crate) fn announced(start: &[u8]) -> Option<(Encoding, usize)> {
    match start {
        [0xEF, 0xBB, 0xBF, ..] => Some((Encoding::Utf8, 3)),
        [0xFF, 0xFE, ..] => Some((Encoding::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    }
}

/// Finds the first byte that is no UTF-8 in chunks of a file.
#[derive(Debug, Default)]
pub(crate) struct Utf8Check {
    /// The beginning of a character that the next chunk may complete.
    pending: Vec<u8>,
    lines: u64,
    invalid_at: Option<u64>,
}

impl Utf8Check {
    pub(crate) fn add(&mut self, chunk: &[u8]) {
        if self.invalid_at.is_some() {
            return;
        }
        let mut chunk = chunk;
        while !self.pending.is_empty()
            && let Some((byte, rest)) = chunk.split_first()
        {
            self.pending.push(*byte);
            chunk = rest;
            match std::str::from_utf8(&self.pending) {
                Ok(_) => self.pending.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    self.invalid_at = Some(self.lines + 1);
                    return;
                }
            }
        }
        match std::str::from_utf8(chunk) {
            Ok(_) => self.lines += newlines(chunk),
            Err(error) => {
                let (valid, rest) = chunk.split_at(error.valid_up_to());
                self.lines += newlines(valid);
                match error.error_len() {
                    Some(_) => self.invalid_at = Some(self.lines + 1),
                    None => self.pending.extend_from_slice(rest),
                }
            }
        }
    }

    /// The line, from 1, of the first byte that is no UTF-8. A character that the end of the file cuts counts, unless
    /// the file goes on.
    pub(crate) fn first_invalid_line(&self, goes_on: bool) -> Option<u64> {
        match self.pending.is_empty() || goes_on {
            true => self.invalid_at,
            false => self.invalid_at.or(Some(self.lines + 1)),
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(bytes: &[u8], chunk: usize, goes_on: bool) -> Option<u64> {
        let mut check = Utf8Check::default();
        bytes.chunks(chunk).for_each(|chunk| check.add(chunk));
        check.first_invalid_line(goes_on)
    }

    #[test]
    fn the_first_line_that_is_no_utf8_is_named() {
        for chunk in 1..8 {
            assert_eq!(check("a\nṢọlá\nb".as_bytes(), chunk, false), None);
            assert_eq!(check(b"a\nb\nS\xe9b\n\xff", chunk, false), Some(3));
            assert_eq!(check(b"a\n\xe1\xb9", chunk, false), Some(2));
            assert_eq!(check(b"a\n\xe1\xb9", chunk, true), None);
        }
    }

    proptest! {
        #[test]
        fn chunks_do_not_change_the_verdict(bytes in prop::collection::vec(any::<u8>(), 0..64), chunk in 1usize..9) {
            prop_assert_eq!(check(&bytes, chunk, false).is_none(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
