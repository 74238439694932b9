//! Files for the office: harmless to spreadsheets, and read back as they were written.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use abu_application::alumni::ports::ImportFiles;
use abu_register_csv::CsvFiles;
use proptest::prelude::*;

use crate::support::inspect;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn written(header: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let sink = Sink::default();
    let mut file = CsvFiles.write(Box::new(sink.clone()), header).unwrap();
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        file.row(&cells).unwrap();
    }
    file.finish().unwrap();
    drop(file);
    let bytes = sink.0.lock().unwrap();
    bytes.clone()
}

#[test]
fn formulas_are_neutral_in_files_for_the_office() {
    let rows = [
        vec!["=HYPERLINK(\"http://x\")".to_owned(), "+1".to_owned()],
        vec!["-1".to_owned(), "@SUM(A1)".to_owned()],
        vec!["\tx".to_owned(), "＝1".to_owned()],
        vec!["Ṣọlá".to_owned(), "'Yaradua".to_owned()],
    ];
    let expected = "\u{feff}name,note\r\n\
                    \"'=HYPERLINK(\"\"http://x\"\")\",'+1\r\n\
                    '-1,'@SUM(A1)\r\n\
                    '\tx,'＝1\r\n\
                    Ṣọlá,'Yaradua\r\n";
    let bytes = written(&["name", "note"], &rows);
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

proptest! {
    #[test]
    fn what_is_written_reads_as_it_was(
        rows in prop::collection::vec(prop::array::uniform2("['=+@,;\"a\r\n\tṣ ＝-]{0,8}"), 1..15),
    ) {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.map(|cell| cell.trim().to_owned()).into())
            .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
            .collect();
        let bytes = written(&["one", "two"], &rows);
        let inspection = inspect(&bytes);
        prop_assert_eq!(inspection.format.delimiter, b',');
        prop_assert_eq!(&inspection.sample, &rows);
    }
}
