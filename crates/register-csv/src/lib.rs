#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod delimiter;
mod encoding;
mod inspection;
mod office;
mod records;
mod rows;
mod source;
mod text;

use std::io::{self, Read, Write};

use abu_application::alumni::ports::{
    CandidateRows, Extent, ImportFileError, ImportFiles, Inspection, OfficeFile,
};
use abu_domain::alumni::imports::{Mapping, Vocabulary};

/// Files of registers as CSV.
#[derive(Clone, Copy, Debug, Default)]
pub struct CsvFiles;

impl ImportFiles for CsvFiles {
    fn inspect(&self, file: &mut dyn Read, extent: Extent) -> Result<Inspection, ImportFileError> {
        inspection::inspect(file, extent)
    }

    fn rows<'a>(
        &self,
        file: Box<dyn Read + Send + 'a>,
        inspection: &Inspection,
        mapping: &Mapping,
        vocabulary: Box<dyn Vocabulary + Send + 'a>,
        latest_year: i16,
    ) -> Result<Box<dyn CandidateRows + 'a>, ImportFileError> {
        let rows = rows::Rows::new(file, inspection, mapping, vocabulary, latest_year)?;
        Ok(Box::new(rows))
    }

    fn write<'a>(
        &self,
        sink: Box<dyn Write + Send + 'a>,
        header: &[&str],
    ) -> io::Result<Box<dyn OfficeFile + 'a>> {
        Ok(Box::new(office::CsvFile::new(sink, header)?))
    }
}
