//! Records of CSV (RFC 4180, read leniently), each of bounded length.

use std::io::{self, Read};

use abu_domain::alumni::imports::Problem;
use csv_core::ReadRecordResult;

use crate::source::Source;

/// The longest record, in bytes of the parsed text.
pub(crate) const MAX_RECORD: usize = 64 * 1024;
/// The longest cell, in bytes.
const MAX_CELL: usize = 4 * 1024;
const MAX_COLUMNS: usize = 200;
/// Text that is held at once: a whole record, and enough beside it that few bytes are moved.
const WINDOW: usize = 4 * MAX_RECORD;

/// What stands at a place of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A record: [`Records::bytes`] and [`Records::ends`] hold its cells.
    Record { line: u64 },
    /// A line that is no record.
    Broken {
        line: u64,
        problem: Problem,
        detail: String,
    },
}

/// The records of a file, in order. Blank lines and records of blank cells are none.
///
/// A record that breaks a rule is broken in its first line alone: reading goes on with the next line, so a quotation
/// mark that is not closed costs one line. Each line of such a record is looked at once for each column at most, because
/// each line adds a column or ends the record.
pub(crate) struct Records<R> {
    source: Source<R>,
    parser: csv_core::Reader,
    delimiter: u8,
    /// The columns that each record must have, once they are known.
    columns: Option<usize>,
    window: Vec<u8>,
    from: usize,
    to: usize,
    is_at_end: bool,
    /// The line in which `window[from]` stands.
    line: u64,
    text: Vec<u8>,
    length: usize,
    ends: Vec<usize>,
    count: usize,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: Source<R>, delimiter: u8) -> Self {
        Self {
            source,
            parser: parser(delimiter),
            delimiter,
            columns: None,
            window: vec![0; WINDOW],
            from: 0,
            to: 0,
            is_at_end: false,
            line: 1,
            text: vec![0; MAX_RECORD + 16],
            length: 0,
            ends: vec![0; MAX_COLUMNS + 1],
            count: 0,
        }
    }

    /// Requires that each record from now on has that many columns, 200 at most.
    pub(crate) fn require_columns(&mut self, columns: usize) {
        self.columns = Some(columns);
    }

    /// How many bytes of the file were read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.source.bytes_read()
    }

    /// The cells of the last record, one after another.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// Where each cell of the last record ends in [`Self::bytes`].
    pub(crate) fn ends(&self) -> &[usize] {
        &self.ends[..self.count]
    }

    /// Whether the last record ended where the text does.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_at_end && self.from == self.to
    }

    /// Goes to the next record; none at the end of the file.
    pub(crate) fn advance(&mut self) -> io::Result<Option<Found>> {
        loop {
            self.skip_line_ends()?;
            if self.from == self.to {
                return Ok(None);
            }
            let line = self.line;
            match self.parse() {
                Ok(consumed) if self.is_blank() => self.consume(consumed),
                Ok(consumed) => match self.broken_rule(consumed) {
                    None => {
                        self.consume(consumed);
                        return Ok(Some(Found::Record { line }));
                    }
                    Some((problem, detail)) => return self.broken(line, problem, detail),
                },
                Err((problem, detail)) => return self.broken(line, problem, detail),
            }
        }
    }

    /// Parses the record at the start of the window: how many bytes it has, or why it is none.
    fn parse(&mut self) -> Result<usize, Broken> {
        (self.length, self.count) = (0, 0);
        let limit = self.to.min(self.from + MAX_RECORD);
        let (result, read) = self.parse_some(self.from, limit);
        match result {
            ReadRecordResult::Record | ReadRecordResult::End => Ok(read),
            ReadRecordResult::OutputEndsFull => Err(self.too_many_columns()),
            ReadRecordResult::OutputFull => broken(Problem::RecordTooLong),
            ReadRecordResult::InputEmpty => {
                let is_closed = self.ends_with_a_line();
                let is_whole = limit == self.to && self.is_at_end;
                match (is_closed, is_whole) {
                    (true, true) => Ok(read),
                    (false, _) if is_whole || self.first_line_ends_within(limit) => {
                        broken(Problem::OpenQuote)
                    }
                    _ => broken(Problem::RecordTooLong),
                }
            }
        }
    }

    fn parse_some(&mut self, from: usize, limit: usize) -> (ReadRecordResult, usize) {
        let room = self.columns.unwrap_or(MAX_COLUMNS) + 1;
        let (result, read, written, ended) = self.parser.read_record(
            &self.window[from..limit],
            &mut self.text[self.length..],
            &mut self.ends[self.count..room],
        );
        self.length += written;
        self.count += ended;
        (result, read)
    }

    /// Whether the end of a line ends the record here, and not a part of a quoted cell.
    fn ends_with_a_line(&mut self) -> bool {
        let room = self.columns.unwrap_or(MAX_COLUMNS) + 1;
        let (result, _, written, ended) = self.parser.read_record(
            b"\n",
            &mut self.text[self.length..],
            &mut self.ends[self.count..room],
        );
        self.length += written;
        self.count += ended;
        result == ReadRecordResult::Record
    }

    fn too_many_columns(&self) -> Broken {
        match self.columns {
            Some(_) if self.spans_lines() => (Problem::OpenQuote, String::new()),
            Some(columns) if columns < MAX_COLUMNS => {
                (Problem::Ragged, format!("more than {columns}"))
            }
            _ => (Problem::TooManyColumns, String::new()),
        }
    }

    /// Whether the cells so far hold the end of a line.
    fn spans_lines(&self) -> bool {
        self.bytes().iter().any(|byte| is_line_end(*byte))
    }

    fn first_line_ends_within(&self, limit: usize) -> bool {
        self.window[self.from..limit]
            .iter()
            .any(|byte| is_line_end(*byte))
    }

    /// Blanks alone, in whatever number of cells.
    fn is_blank(&self) -> bool {
        self.bytes().trim_ascii().is_empty()
    }

    /// The rule that a whole record breaks.
    fn broken_rule(&self, consumed: usize) -> Option<Broken> {
        let rule = |problem| Some((problem, String::new()));
        let raw = &self.window[self.from..self.from + consumed];
        let spans_lines = self.spans_lines();
        if spans_lines && !is_well_quoted(raw, self.delimiter) {
            return rule(Problem::OpenQuote);
        }
        if self.count > MAX_COLUMNS {
            return rule(Problem::TooManyColumns);
        }
        if let Some(columns) = self.columns
            && columns != self.count
        {
            return match spans_lines || !is_well_quoted(raw, self.delimiter) {
                true => rule(Problem::OpenQuote),
                false => Some((
                    Problem::Ragged,
                    format!("{} instead of {columns}", self.count),
                )),
            };
        }
        if self.bytes().contains(&0) {
            return rule(Problem::Nul);
        }
        let mut start = 0;
        for end in self.ends() {
            if end - start > MAX_CELL {
                return rule(Problem::CellTooLong);
            }
            start = *end;
        }
        None
    }

    /// Passes over the line, whatever its length.
    fn broken(&mut self, line: u64, problem: Problem, detail: String) -> io::Result<Option<Found>> {
        self.parser = parser(self.delimiter);
        loop {
            let rest = &self.window[self.from..self.to];
            if let Some(length) = rest.iter().position(|byte| is_line_end(*byte)) {
                self.consume(length);
                break;
            }
            self.from = self.to;
            if self.is_at_end {
                break;
            }
            self.refill()?;
        }
        Ok(Some(Found::Broken {
            line,
            problem,
            detail,
        }))
    }

    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            if self.to - self.from < MAX_RECORD + 2 && !self.is_at_end {
                self.refill()?;
            }
            let rest = &self.window[self.from..self.to];
            let length = rest.iter().take_while(|byte| is_line_end(**byte)).count();
            if length == 0 {
                return Ok(());
            }
            // A carriage return at the end of the window may be half of a line's end.
            let is_half = length == rest.len() && rest[length - 1] == b'\r' && !self.is_at_end;
            self.consume(length - usize::from(is_half));
            if is_half && length == 1 {
                self.refill()?;
            }
        }
    }

    /// Goes on by that many bytes, and counts the lines in them.
    fn consume(&mut self, length: usize) {
        let end = self.from + length;
        let consumed = &self.window[self.from..end];
        let next = (end < self.to).then(|| self.window[end]);
        self.line += line_ends(consumed, next);
        self.from = end;
    }

    /// Fills the window behind what is left of it.
    fn refill(&mut self) -> io::Result<()> {
        self.window.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        while self.window.len() - self.to >= 16 {
            match self.source.fill(&mut self.window[self.to..])? {
                0 => {
                    self.is_at_end = true;
                    break;
                }
                read => self.to += read,
            }
        }
        Ok(())
    }
}

/// Why a line is no record: the rule, and more about it.
type Broken = (Problem, String);

fn broken<T>(problem: Problem) -> Result<T, Broken> {
    Err((problem, String::new()))
}

fn parser(delimiter: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(delimiter).build()
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// How many lines end in the bytes. A carriage return before a line feed ends none.
fn line_ends(bytes: &[u8], next: Option<u8>) -> u64 {
    let count = |wanted: u8| bytes.iter().filter(|byte| **byte == wanted).count();
    let (returns, feeds) = (count(b'\r'), count(b'\n'));
    // One carriage return at the end is what most records have.
    if returns == 0 {
        return feeds as u64;
    }
    if returns == 1 && bytes.last() == Some(&b'\r') {
        return feeds as u64 + u64::from(next != Some(b'\n'));
    }
    let before_feeds = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    let before_next = bytes.last() == Some(&b'\r') && next == Some(b'\n');
    (feeds + returns - before_feeds - usize::from(before_next)) as u64
}

/// Whether each quotation mark that opens a cell is closed right before a delimiter or the end of a line (RFC 4180).
fn is_well_quoted(record: &[u8], delimiter: u8) -> bool {
    let mut rest = record;
    loop {
        if let Some((b'"', quoted)) = rest.split_first() {
            let Some(length) = closing_quote(quoted) else {
                return false;
            };
            rest = &quoted[length + 1..];
        } else {
            let ends = |byte: &u8| *byte == delimiter || is_line_end(*byte);
            rest = &rest[rest.iter().position(ends).unwrap_or(rest.len())..];
        }
        match rest.split_first() {
            Some((byte, after)) if *byte == delimiter => rest = after,
            Some((byte, _)) => return is_line_end(*byte),
            None => return true,
        }
    }
}

/// Where the quotation mark stands that closes a cell: the first that is not doubled.
fn closing_quote(quoted: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + quoted[from..].iter().position(|byte| *byte == b'"')?;
        match quoted.get(at + 1) {
            Some(b'"') => from = at + 2,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use abu_application::alumni::ports::Encoding;
    use proptest::prelude::*;

    use super::*;

    fn records(
        bytes: &[u8],
        columns: Option<usize>,
    ) -> Vec<(u64, Result<Vec<String>, &'static str>)> {
        let source = Source::new(bytes, Encoding::Utf8).unwrap();
        let mut records = Records::new(source, b',');
        records.columns = columns;
        let mut all = Vec::new();
        while let Some(found) = records.advance().unwrap() {
            all.push(match found {
                Found::Broken { line, problem, .. } => (line, Err(problem.name())),
                Found::Record { line } => {
                    let mut start = 0;
                    let cells = records.ends().iter().map(|end| {
                        let cell = &records.bytes()[start..*end];
                        start = *end;
                        String::from_utf8_lossy(cell).into_owned()
                    });
                    (line, Ok(cells.collect()))
                }
            });
        }
        all
    }

    fn cells(cells: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn lines_end_in_any_of_three_ways_and_blank_ones_are_none() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "\"c\",d", " , ", ",", "e,f"].join(end);
            let expected = [
                (1, cells(&["a", "b"])),
                (3, cells(&["c", "d"])),
                (6, cells(&["e", "f"])),
            ];
            assert_eq!(records(text.as_bytes(), None), expected, "{end:?}");
            assert_eq!(
                records(format!("{text}{end}").as_bytes(), None),
                expected,
                "{end:?}"
            );
        }
    }

    #[test]
    fn a_quoted_cell_may_span_lines() {
        let text = b"a,\"b\r\nc \"\"d\"\"\"\r\ne,f";
        assert_eq!(
            records(text, Some(2)),
            [(1, cells(&["a", "b\r\nc \"d\""])), (3, cells(&["e", "f"]))]
        );
    }

    #[test]
    fn an_open_quote_costs_its_line_alone() {
        let open = (2, Err("open-quote"));
        for line in ["\"x,y", "x,\"y", "\"x,\"y", "x\",\""] {
            let text = format!("a,b\n{line}\nc,d\n\"e\",\"f\"\ng,h\n");
            let rest = [
                (3, cells(&["c", "d"])),
                (4, cells(&["e", "f"])),
                (5, cells(&["g", "h"])),
            ];
            let all = records(text.as_bytes(), Some(2));
            assert_eq!(all[0], (1, cells(&["a", "b"])));
            assert_eq!(all[1], open, "{line}");
            assert_eq!(all[2..], rest, "{line}");
        }
        let long = format!("a,b\n\"x,y\n{}", "c,d\n".repeat(100_000));
        let all = records(long.as_bytes(), Some(2));
        assert_eq!((all.len(), &all[1]), (100_002, &open));
        assert_eq!(all.iter().filter(|(_, record)| record.is_err()).count(), 1);
    }

    #[test]
    fn what_is_too_long_costs_its_line_alone() {
        let long = "x".repeat(10 << 20);
        let columns = vec!["x"; 201].join(",");
        for (line, problem) in [
            (format!("{long},y"), "record-too-long"),
            (format!("\"{long}\",y"), "record-too-long"),
            (format!("\"{long}"), "record-too-long"),
            (format!("{},y", "x".repeat(MAX_CELL + 1)), "cell-too-long"),
            (format!("x,{}", "x".repeat(MAX_RECORD - 8)), "cell-too-long"),
            (columns, "ragged"),
            ("x,y,z".to_owned(), "ragged"),
            ("x,y,z,,".to_owned(), "ragged"),
            ("x".to_owned(), "ragged"),
            ("x,\0".to_owned(), "nul"),
        ] {
            let text = format!("a,b\n{line}\nc,d\n");
            let all = records(text.as_bytes(), Some(2));
            let expected = [
                (1, cells(&["a", "b"])),
                (2, Err(problem)),
                (3, cells(&["c", "d"])),
            ];
            assert_eq!(all, expected, "{problem}");
        }
        let fits = format!("{},y", "x".repeat(MAX_CELL));
        assert!(records(fits.as_bytes(), Some(2))[0].1.is_ok());
        let columns = |count| vec!["x"; count].join(",");
        assert!(records(columns(200).as_bytes(), None)[0].1.is_ok());
        let all = records(columns(201).as_bytes(), None);
        assert_eq!(all, [(1, Err("too-many-columns"))]);
    }

    #[test]
    fn hostile_quotes_do_not_multiply_the_work() {
        let text = "x\",\"\n".repeat(5_000);
        let all = records(text.as_bytes(), Some(2));
        assert_eq!(all.len(), 5_000);
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_reference_parser(
            rows in prop::collection::vec(prop::collection::vec("[a ,\"\r\nṣ]{0,6}", 2..4), 1..20),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            let rows: Vec<_> = rows.iter().map(|row| row[..2].to_vec()).collect();
            let rows: Vec<_> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let all = records(&bytes, Some(2));
            let read: Vec<_> = all.into_iter().map(|(_, record)| record.unwrap()).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn lines_rise_and_any_bytes_end(bytes in prop::collection::vec(prop::sample::select(&b"\"\"\",,\r\n\n\0a \xff"[..]), 0..300)) {
            let all = records(&bytes, Some(2));
            prop_assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let lines = line_ends(&bytes, None) + 1;
            prop_assert!(all.iter().all(|(line, _)| (1..=lines).contains(line)));
        }
    }
}
