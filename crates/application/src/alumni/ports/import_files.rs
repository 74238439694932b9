use std::io::{self, Read, Write};

use abu_domain::alumni::imports::{CandidateRow, Mapping, MappingError, Vocabulary};

/// Files of registers: text in rows and columns, of any usual encoding and delimiter.
///
/// Memory is constant, whatever the file: no record over 64 KB is kept.
pub trait ImportFiles: Send + Sync {
    /// Finds out how a file is written, in one pass over it.
    ///
    /// # Errors
    /// [`ImportFileError::Read`] if the file cannot be read, [`ImportFileError::Header`] if it has no header to go by.
    fn inspect(&self, file: &mut dyn Read, extent: Extent) -> Result<Inspection, ImportFileError>;

    /// The rows of the file, from its beginning. `format` and `header` are those of its inspection; awards after
    /// `latest_year` are out of range.
    ///
    /// # Errors
    /// [`ImportFileError::Mapping`] if the mapping does not fit the header.
    fn rows<'a>(
        &self,
        file: Box<dyn Read + Send + 'a>,
        inspection: &Inspection,
        mapping: &Mapping,
        vocabulary: Box<dyn Vocabulary + Send + 'a>,
        latest_year: i16,
    ) -> Result<Box<dyn CandidateRows + 'a>, ImportFileError>;

    /// A file for the office, in the form that spreadsheets open: UTF-8 with its byte order mark, lines that end in
    /// CRLF, and no cell that a spreadsheet evaluates.
    ///
    /// # Errors
    /// Those of the sink.
    fn write<'a>(
        &self,
        sink: Box<dyn Write + Send + 'a>,
        header: &[&str],
    ) -> io::Result<Box<dyn OfficeFile + 'a>>;
}

/// How much of a file is there to inspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Its beginning: the last record may be cut off.
    Beginning,
}

/// How a file is written, and what it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The encoding and the delimiter.
    pub format: FileFormat,
    /// The names of the columns, in order.
    pub header: Vec<String>,
    /// The first rows under the header, at most 20.
    pub sample: Vec<Vec<String>>,
    /// The mapping that the header and the sample suggest.
    pub proposal: Mapping,
    /// Bytes that were read.
    pub bytes: u64,
    /// The first line that is no UTF-8, where that decided for Windows-1252.
    pub not_utf8_at: Option<u64>,
}

/// The encoding and the delimiter of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFormat {
    /// How characters are written.
    pub encoding: Encoding,
    /// The byte between cells.
    pub delimiter: u8,
}

abu_domain::named_enum! {
    /// How a file writes characters.
    pub enum Encoding {
        /// UTF-8, with a byte order mark or without.
        Utf8 => "utf-8",
        /// UTF-16, the low byte first, as its byte order mark says.
        Utf16Le => "utf-16le",
        /// UTF-16, the high byte first, as its byte order mark says.
        Utf16Be => "utf-16be",
        /// Windows-1252: what is no UTF-8 and has no byte order mark.
        Windows1252 => "windows-1252",
    }
}

/// The rows of a file, in order. Blank lines are none.
///
/// An error ends the rows.
pub trait CandidateRows: Iterator<Item = io::Result<CandidateRow>> {
    /// How many bytes of the file the rows so far were read from.
    fn bytes_read(&self) -> u64;
}

/// A file for the office that is being written.
pub trait OfficeFile {
    /// Appends a row.
    ///
    /// # Errors
    /// Those of the sink.
    fn row(&mut self, cells: &[&str]) -> io::Result<()>;

    /// Writes what is buffered. Without it the end of the file may be missing.
    ///
    /// # Errors
    /// Those of the sink.
    fn finish(&mut self) -> io::Result<()>;
}

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportFileError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    /// The first row cannot be a header.
    #[error("the header {0}")]
    Header(HeaderProblem),
    /// The mapping does not fit the header.
    #[error("the mapping does not fit the file")]
    Mapping(Vec<MappingError>),
}

abu_domain::named_enum! {
    /// Why the first row of a file cannot be its header.
    pub enum HeaderProblem {
        /// There is no row.
        Empty => "is missing: the file is empty",
        /// The row holds NUL, as text in UTF-16 without a byte order mark does.
        Nul => "holds the character NUL: save the file as CSV in UTF-8",
        /// The row is too long, has too many columns, or holds bytes that are no text.
        Unreadable => "cannot be read as names of columns: save the file as CSV in UTF-8",
    }
}

impl std::fmt::Display for HeaderProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
