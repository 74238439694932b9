//! The delimiter of a file.

use std::io;

use abu_application::alumni::ports::Encoding;

use crate::{
    records::{Found, Records},
    source::Source,
};

const DELIMITERS: [u8; 4] = *b",;\t|";
/// How many records decide.
const RECORDS: usize = 100;

/// The delimiter that gives most of the first 100 records the header's number of columns, more than one; a comma if
/// none does. A first line such as `sep=;`, which a spreadsheet wrote, decides alone.
pub(crate) fn delimiter(beginning: &[u8], encoding: Encoding) -> io::Result<u8> {
    if let Some(declared) = declared(beginning, encoding)? {
        return Ok(declared);
    }
    let mut best = (0, 0, b',');
    for delimiter in DELIMITERS {
        let (agree, columns) = agreement(beginning, encoding, delimiter)?;
        if columns > 1 && (agree, columns) > (best.0, best.1) {
            best = (agree, columns, delimiter);
        }
    }
    Ok(best.2)
}

/// Whether a record, without its delimiters, is the line in which a spreadsheet declares the delimiter.
pub(crate) fn is_declaration(bytes: &[u8], ends: &[usize]) -> bool {
    bytes == b"sep=" && ends == [4, 4]
}

fn declared(beginning: &[u8], encoding: Encoding) -> io::Result<Option<u8>> {
    let mut start = [0; 16];
    let read = Source::new(beginning, encoding)?.fill(&mut start)?;
    Ok(match &start[..read] {
        [b's', b'e', b'p', b'=', delimiter, b'\r' | b'\n', ..]
            if DELIMITERS.contains(delimiter) =>
        {
            Some(*delimiter)
        }
        _ => None,
    })
}

/// How many records have as many columns as the header, and that number.
fn agreement(beginning: &[u8], encoding: Encoding, delimiter: u8) -> io::Result<(usize, usize)> {
    let mut records = Records::new(Source::new(beginning, encoding)?, delimiter);
    let (mut agree, mut columns) = (0, 0);
    for _ in 0..RECORDS {
        match records.advance()? {
            Some(Found::Record { .. }) if columns == 0 => {
                (agree, columns) = (1, records.ends().len());
            }
            Some(Found::Record { .. }) => {
                agree += usize::from(records.ends().len() == columns);
            }
            Some(Found::Broken { .. }) => {}
            None => break,
        }
    }
    Ok((agree, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_records_agree_on_the_delimiter() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2,5;3\n1;2;3\n", b';'),
            ("name\tyear\nBello, Musa\t2015\nAli, Sani\t2016\n", b'\t'),
            ("a|b\n\"1,2\"|3\n", b'|'),
            ("Surname;First\n\"Bello;x\";Musa\n", b';'),
            ("sep=;\nname;year\nBello, Musa;2015\n", b';'),
            ("name\nBello\n", b','),
            ("", b','),
        ] {
            assert_eq!(
                delimiter(text.as_bytes(), Encoding::Utf8).unwrap(),
                expected,
                "{text}"
            );
        }
    }
}
