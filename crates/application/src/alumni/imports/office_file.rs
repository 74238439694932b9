//! `errors.csv`: the lines that stay out of the register, for a spreadsheet.

use std::{
    io::{self, Write},
    sync::Arc,
};

use parking_lot::Mutex;

use super::{Imports, reason_text};
use crate::alumni::ports::JudgedLine;

const HEADER: [&str; 14] = [
    "line",
    "verdict",
    "reason",
    "surname",
    "given_names",
    "matric",
    "department",
    "programme",
    "degree",
    "year",
    "class_of_degree",
    "email",
    "phone",
    "date_of_birth",
];

/// A buffer that the writer of a file and its reader share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Imports {
    /// A part of the file: the first begins with the header.
    pub fn report_part(&self, lines: &[JudgedLine], is_first: bool) -> io::Result<Vec<u8>> {
        let head = self.written(&[])?.len();
        let mut part = self.written(lines)?;
        if !is_first {
            part.drain(..head);
        }
        Ok(part)
    }

    fn written(&self, lines: &[JudgedLine]) -> io::Result<Vec<u8>> {
        let shared = Shared::default();
        let mut file = self
            .policy
            .parser
            .write(Box::new(shared.clone()), &HEADER)?;
        for line in lines {
            let cells = cells(line);
            file.row(&cells.each_ref().map(String::as_str))?;
        }
        file.finish()?;
        drop(file);
        let written = std::mem::take(&mut *shared.0.lock());
        Ok(written)
    }
}

fn cells(line: &JudgedLine) -> [String; HEADER.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let reasons: Vec<String> = line.reasons.iter().map(|r| reason_text(r)).collect();
    [
        line.line.to_string(),
        line.verdict.name().to_owned(),
        reasons.join("; "),
        text(&line.surname),
        text(&line.given_names),
        text(&line.matric),
        text(&line.department),
        text(&line.programme),
        text(&line.degree),
        line.year.map(|year| year.to_string()).unwrap_or_default(),
        text(&line.class_of_degree),
        text(&line.email),
        text(&line.phone),
        line.date_of_birth
            .map(|date| date.to_string())
            .unwrap_or_default(),
    ]
}
