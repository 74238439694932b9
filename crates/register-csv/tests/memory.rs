//! Memory is constant, whatever the file: a program of its own, since it counts every allocation.

use std::io::{self, Read};

use abu_application::alumni::ports::{Extent, ImportFiles};
use abu_domain::{
    DegreeId, DepartmentId,
    alumni::imports::{Found, Programme, Vocabulary},
};
use abu_register_csv::CsvFiles;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const HEADER: &[u8] = b"Surname,First name,Matric,Department,Degree,Year,Note\n";
/// What a pass over a file may allocate: its window, the text of a record, and chunks of the file.
const MOST_BYTES: usize = 2 << 20;

struct OneEntry;

impl Vocabulary for OneEntry {
    fn department(&self, _: &str) -> Found<DepartmentId> {
        Found::One(DepartmentId::new(1))
    }

    fn degree(&self, _: &str) -> Found<DegreeId> {
        Found::One(DegreeId::new(1))
    }

    fn programme(&self, _: &str, _: Option<DepartmentId>, _: Option<DegreeId>) -> Found<Programme> {
        Found::Nothing
    }
}

/// A header, and then one text over and over.
struct Repeated {
    header: &'static [u8],
    text: Vec<u8>,
    at: usize,
    left: usize,
}

impl Repeated {
    fn new(text: &str, bytes: usize) -> Self {
        Self {
            header: HEADER,
            text: text.as_bytes().to_vec(),
            at: 0,
            left: bytes,
        }
    }
}

impl Read for Repeated {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if !self.header.is_empty() {
            return self.header.read(target);
        }
        let rest = &self.text[self.at..];
        let length = target.len().min(rest.len()).min(self.left);
        target[..length].copy_from_slice(&rest[..length]);
        self.at = (self.at + length) % self.text.len();
        self.left -= length;
        Ok(length)
    }
}

#[test]
fn a_file_of_any_size_and_shape_takes_constant_memory() {
    let note = "x".repeat(4000);
    let row = format!("Bello,Sa'adatu Abdul-Rahman,U15CS1070,Computer Science,B.Sc.,2015,{note}\n");
    let different = (0..10_000).map(|n| format!("Bello,Musa,{n},Department {n},BSC,2015,\n"));
    for (text, bytes, rows) in [
        (row, 100 << 20, 25_000..26_000),
        (different.collect(), 1 << 20, 20_000..30_000),
        ("x".repeat(1 << 16), 10 << 20, 1..2),
        (format!("\"{}", "x".repeat(1 << 16)), 10 << 20, 1..2),
        ("x\",\"\n".repeat(1000), 200 << 10, 40_000..42_000),
    ] {
        let text_length = text.len();
        let file = Repeated::new(&text, bytes);
        drop(text);
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let mut first = Repeated::new(std::str::from_utf8(&file.text).unwrap(), bytes);
        let inspection = CsvFiles.inspect(&mut first, Extent::Whole).unwrap();
        drop(first);
        let found = CsvFiles
            .rows(
                Box::new(file),
                &inspection,
                &inspection.proposal,
                Box::new(OneEntry),
                2026,
            )
            .unwrap()
            .map(Result::unwrap)
            .count();
        let peak = ALLOCATOR.peak_usage() - before;
        assert!(rows.contains(&found), "{found} rows");
        assert!(peak <= MOST_BYTES + text_length, "{peak} bytes");
    }
}
