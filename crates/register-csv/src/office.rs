//! CSV for the office: what spreadsheets open, and do not evaluate.

use std::io::{self, Write};

use abu_application::alumni::ports::OfficeFile;
use abu_domain::alumni::imports::marked;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A file that is being written: UTF-8 with its byte order mark, so that Excel shows `ẹ`, and CRLF (RFC 4180).
pub(crate) struct CsvFile<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvFile<W> {
    pub(crate) fn new(mut sink: W, header: &[&str]) -> io::Result<Self> {
        sink.write_all(BYTE_ORDER_MARK)?;
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(sink);
        let mut file = Self { writer };
        file.row(header)?;
        Ok(file)
    }
}

impl<W: Write> OfficeFile for CsvFile<W> {
    fn row(&mut self, cells: &[&str]) -> io::Result<()> {
        for cell in cells {
            self.writer.write_field(marked(cell).as_bytes())?;
        }
        // Ends the record.
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
