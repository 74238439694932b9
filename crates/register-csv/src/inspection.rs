//! The first pass over a file: its encoding and delimiter, its header, and a sample of its rows.

use std::io::{self, Read};

use abu_application::alumni::ports::{
    Encoding, Extent, FileFormat, HeaderProblem, ImportFileError, Inspection,
};
use abu_domain::alumni::imports::{self, Problem, unmarked};

use crate::{
    delimiter::{delimiter, is_declaration},
    encoding::{Utf8Check, announced},
    records::{Found, Records},
    source::Source,
    text::{self, Decoded},
};

const CHUNK: usize = 64 * 1024;
/// How much of a file shows its delimiter, its header and a sample.
const BEGINNING: usize = 256 * 1024;
const SAMPLE: usize = 20;

pub(crate) fn inspect(file: &mut dyn Read, extent: Extent) -> Result<Inspection, ImportFileError> {
    let pass = Pass::over(file)?;
    let goes_on = extent == Extent::Beginning;
    let mark = announced(&pass.beginning).map(|(encoding, _)| encoding);
    let not_utf8_at = match mark {
        Some(_) => None,
        None => pass.utf8.first_invalid_line(goes_on),
    };
    let encoding = match (mark, not_utf8_at) {
        (Some(encoding), _) => encoding,
        (None, None) => Encoding::Utf8,
        (None, Some(_)) => Encoding::Windows1252,
    };
    let delimiter = delimiter(&pass.beginning, encoding)?;
    let format = FileFormat {
        encoding,
        delimiter,
    };
    let is_cut = goes_on || pass.bytes > pass.beginning.len() as u64;
    let (header, sample) = first_rows(&pass.beginning, format, is_cut)?;
    Ok(Inspection {
        format,
        proposal: imports::propose(&header, &sample),
        header,
        sample,
        bytes: pass.bytes,
        not_utf8_at,
    })
}

struct Pass {
    beginning: Vec<u8>,
    utf8: Utf8Check,
    bytes: u64,
}

impl Pass {
    fn over(file: &mut dyn Read) -> io::Result<Self> {
        let mut pass = Self {
            beginning: Vec::new(),
            utf8: Utf8Check::default(),
            bytes: 0,
        };
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = match file.read(&mut chunk) {
                Ok(0) => return Ok(pass),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = &chunk[..read];
            pass.bytes += read as u64;
            pass.utf8.add(bytes);
            let wanted = BEGINNING - pass.beginning.len();
            pass.beginning.extend_from_slice(&bytes[..read.min(wanted)]);
        }
    }
}

type Row = Vec<String>;

fn first_rows(
    beginning: &[u8],
    format: FileFormat,
    is_cut: bool,
) -> Result<(Row, Vec<Row>), ImportFileError> {
    let mut records = Records::new(Source::new(beginning, format.encoding)?, format.delimiter);
    let header = header(&mut records, format.encoding)?;
    records.require_columns(header.len());
    let mut sample = Vec::new();
    while sample.len() < SAMPLE {
        let Some(found) = records.advance()? else {
            break;
        };
        if is_cut && records.is_exhausted() {
            break;
        }
        if matches!(found, Found::Record { .. })
            && let Ok(row) = row(&records, format.encoding)
        {
            sample.push(row);
        }
    }
    Ok((header, sample))
}

/// The names of the columns: the first record, behind a declaration of the delimiter.
pub(crate) fn header<R: Read>(
    records: &mut Records<R>,
    encoding: Encoding,
) -> Result<Row, ImportFileError> {
    let unreadable = |problem| match problem {
        Problem::Nul => ImportFileError::Header(HeaderProblem::Nul),
        _ => ImportFileError::Header(HeaderProblem::Unreadable),
    };
    loop {
        match records.advance()? {
            None => return Err(ImportFileError::Header(HeaderProblem::Empty)),
            Some(Found::Broken { problem, .. }) => return Err(unreadable(problem)),
            Some(Found::Record { line: 1 }) if is_declaration(records.bytes(), records.ends()) => {}
            Some(Found::Record { .. }) => return row(records, encoding).map_err(unreadable),
        }
    }
}

fn row<R: Read>(records: &Records<R>, encoding: Encoding) -> Result<Row, Problem> {
    let mut decoded = Decoded::default();
    let cells = text::cells(&mut decoded, encoding, records.bytes(), records.ends())?;
    Ok(cells
        .iter()
        .map(|cell| unmarked(cell).trim().to_owned())
        .collect())
}
