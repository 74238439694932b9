//! The second pass: rows as the import stages them.

use std::io::{self, Read};

use abu_application::alumni::ports::{CandidateRows, Encoding, ImportFileError, Inspection};
use abu_domain::alumni::imports::{CandidateRow, Defect, Mapping, RowReader, Vocabulary};

use crate::{
    inspection,
    records::{Found, Records},
    source::Source,
    text::{self, Decoded},
};

pub(crate) struct Rows<'a> {
    records: Records<Box<dyn Read + Send + 'a>>,
    reader: RowReader<Box<dyn Vocabulary + Send + 'a>>,
    encoding: Encoding,
    decoded: Decoded,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(
        file: Box<dyn Read + Send + 'a>,
        inspection: &Inspection,
        mapping: &Mapping,
        vocabulary: Box<dyn Vocabulary + Send + 'a>,
        latest_year: i16,
    ) -> Result<Self, ImportFileError> {
        let format = inspection.format;
        let source = Source::new(file, format.encoding)?;
        let mut records = Records::new(source, format.delimiter);
        let header = inspection::header(&mut records, format.encoding)?;
        records.require_columns(header.len());
        let reader = RowReader::new(mapping, &header, vocabulary, latest_year)
            .map_err(ImportFileError::Mapping)?;
        Ok(Self {
            records,
            reader,
            encoding: format.encoding,
            decoded: Decoded::default(),
        })
    }

    fn row(&mut self, found: Found) -> CandidateRow {
        let unreadable = |line, problem, detail: &str| {
            CandidateRow::unreadable(line, Defect::of_row(problem, detail))
        };
        match found {
            Found::Broken {
                line,
                problem,
                detail,
            } => unreadable(line_number(line), problem, &detail),
            Found::Record { line } => {
                let (bytes, ends) = (self.records.bytes(), self.records.ends());
                match text::cells(&mut self.decoded, self.encoding, bytes, ends) {
                    Ok(cells) => self.reader.read(line_number(line), cells),
                    Err(problem) => unreadable(line_number(line), problem, ""),
                }
            }
        }
    }
}

/// Files are limited to far fewer lines than this holds.
fn line_number(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

impl Iterator for Rows<'_> {
    type Item = io::Result<CandidateRow>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.records.advance() {
            Ok(found) => found.map(|found| Ok(self.row(found))),
            Err(error) => Some(Err(error)),
        }
    }
}

impl CandidateRows for Rows<'_> {
    fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}
