//! Whole files: encodings, delimiters, headers, and the account of every line.

use std::io::{self, Read};

use abu_application::alumni::ports::{
    Encoding, Extent, HeaderProblem, ImportFileError, ImportFiles,
};
use abu_domain::alumni::imports::{Mapping, UnknownValues};
use abu_register_csv::CsvFiles;
use proptest::prelude::*;

use crate::support::{FewEntries, inspect, rows, rows_by, verdicts};

const REGISTER: &str = "Surname,First name,Matric,Department,Degree,Year\r\n\
                        Adébáyọ̀,Ṣọlá,0012/85,CS,BSC,1985\r\n\
                        Ɗanjuma,Sa’adatu,U15CS1070,Law,B.Sc.,2015\r\n";

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(bytes).collect()
}

#[test]
fn one_register_reads_alike_in_every_encoding_and_delimiter() {
    let expected = rows(REGISTER.as_bytes());
    assert_eq!(
        verdicts(&expected),
        [(2, String::new()), (3, String::new())]
    );
    assert_eq!(expected[0].matric.as_ref().unwrap().raw(), "0012/85");
    for delimiter in [",", ";", "\t", "|"] {
        let text = REGISTER.replace(',', delimiter);
        let quoted = text.replacen("Surname", "\"Surname\"", 1);
        for (bytes, encoding) in [
            (text.clone().into_bytes(), Encoding::Utf8),
            (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8),
            (format!("\u{feff}{quoted}").into_bytes(), Encoding::Utf8),
            (utf16(&quoted, u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(&text, u16::to_be_bytes), Encoding::Utf16Be),
            (
                format!("sep={delimiter}\n{text}").into_bytes(),
                Encoding::Utf8,
            ),
        ] {
            let inspection = inspect(&bytes);
            assert_eq!(inspection.format.encoding, encoding);
            assert_eq!([inspection.format.delimiter], delimiter.as_bytes());
            assert_eq!(inspection.header[0], "Surname");
            assert_eq!(inspection.bytes, bytes.len() as u64);
            let mut read = rows(&bytes);
            let shift = read[0].line - 2;
            read.iter_mut().for_each(|row| row.line -= shift);
            assert_eq!(read, expected);
        }
    }
}

#[test]
fn what_is_no_utf8_is_windows_1252_from_its_first_line() {
    let mut file = b"Surname,First name,Matric,Degree,Year\n".to_vec();
    file.extend_from_slice(b"Bello,Musa,1,BSC,2015\nAndr\xe9,Ren\xe9e,2,BSC,2015\n");
    file.extend_from_slice("Ṣọlá,Musa,3,BSC,2015\n".as_bytes());
    let inspection = inspect(&file);
    assert_eq!(inspection.format.encoding, Encoding::Windows1252);
    assert_eq!(inspection.not_utf8_at, Some(3));
    let rows = rows(&file);
    assert_eq!(rows[1].surname.as_deref(), Some("André"));
    assert_eq!(
        verdicts(&rows),
        [
            (2, String::new()),
            (3, String::new()),
            (4, "row:mixed-encoding:".to_owned()),
        ]
    );
}

#[test]
fn a_file_without_a_usable_header_is_refused() {
    let wide = "x,".repeat(201);
    let utf16_unmarked: Vec<u8> = REGISTER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, problem) in [
        (&b""[..], HeaderProblem::Empty),
        (b"\xef\xbb\xbf", HeaderProblem::Empty),
        (b"\r\n\n,,,\n", HeaderProblem::Empty),
        (&utf16_unmarked, HeaderProblem::Nul),
        (wide.as_bytes(), HeaderProblem::Unreadable),
        (b"\xef\xbb\xbfa\xff,b\n", HeaderProblem::Unreadable),
        (b"\"a,b\nc,d\n", HeaderProblem::Unreadable),
    ] {
        match CsvFiles.inspect(&mut { bytes }, Extent::Whole) {
            Err(ImportFileError::Header(found)) => assert_eq!(found, problem, "{bytes:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_beginning_of_a_file_shows_whole_rows_alone() {
    let cut = "Surname,Year\nṢọlá,2015\nBello,2016\nṢọ".as_bytes();
    let mut beginning = &cut[..cut.len() - 1];
    let inspection = CsvFiles.inspect(&mut beginning, Extent::Beginning).unwrap();
    assert_eq!(inspection.format.encoding, Encoding::Utf8);
    assert_eq!(inspection.sample, [["Ṣọlá", "2015"], ["Bello", "2016"]]);
    let long = "Surname,Year\n".to_owned() + &"Bello,2016\n".repeat(100);
    assert_eq!(inspect(long.as_bytes()).sample.len(), 20);
}

#[test]
fn a_mapping_that_does_not_fit_names_every_reason() {
    let inspection = inspect(REGISTER.as_bytes());
    let mapping = Mapping::default();
    let file = Box::new(REGISTER.as_bytes());
    match CsvFiles.rows(file, &inspection, &mapping, Box::new(FewEntries), 2026) {
        Err(ImportFileError::Mapping(errors)) => assert_eq!(errors.len(), 5),
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn columns_that_are_mapped_to_nothing_are_not_kept() {
    let file = "Surname,First name,Religion,Matric,Degree,Year\nBello,Musa,secret,1,BSC,2015\n";
    assert!(!format!("{:?}", rows(file.as_bytes())).contains("secret"));
}

#[test]
fn unknown_values_are_counted_once_each() {
    let mut file = "Surname,First name,Department,Degree,Year\n".to_owned();
    for department in ["COMP SCI", "Law", "COMP SCI", "Astrology", "COMP SCI"] {
        file += &format!("Bello,Musa,{department},BSC,2015\n");
    }
    let mut unknown = UnknownValues::default();
    rows(file.as_bytes())
        .iter()
        .for_each(|row| unknown.add(row));
    let counts: Vec<_> = unknown
        .list()
        .into_iter()
        .map(|v| (v.value, v.rows))
        .collect();
    assert_eq!(
        counts,
        [("COMP SCI".to_owned(), 3), ("Astrology".to_owned(), 1)]
    );
}

#[test]
fn an_error_of_the_file_is_not_the_end_of_it() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let inspection = inspect(REGISTER.as_bytes());
    let file = Box::new(REGISTER.as_bytes().chain(Fails));
    let rows = CsvFiles.rows(
        file,
        &inspection,
        &inspection.proposal,
        Box::new(FewEntries),
        2026,
    );
    assert!(matches!(rows, Err(ImportFileError::Read(_))));
    assert!(matches!(
        CsvFiles.inspect(&mut Fails, Extent::Whole),
        Err(ImportFileError::Read(_))
    ));
}

#[test]
fn progress_is_counted_in_bytes_of_the_file() {
    let inspection = inspect(REGISTER.as_bytes());
    let file = Box::new(REGISTER.as_bytes());
    let mut rows = CsvFiles
        .rows(
            file,
            &inspection,
            &inspection.proposal,
            Box::new(FewEntries),
            2026,
        )
        .unwrap();
    while rows.next().is_some() {}
    assert_eq!(rows.bytes_read(), REGISTER.len() as u64);
}

proptest! {
    #[test]
    fn any_bytes_give_rows_and_never_a_panic(
        bytes in prop::collection::vec(prop::sample::select(&b"\"\"',;\t|\r\n\n\0=a1 \xff\xfe\xef\xbb\xbf\xe9"[..]), 0..400),
    ) {
        let file = [b"Surname,First name,Matric,Degree,Year\n", &bytes[..]].concat();
        let rows = rows(&file);
        let is_sound = |row: &abu_domain::alumni::imports::CandidateRow| {
            let states = [row.defects.is_empty(), row.is_malformed(), row.has_unknown_value()];
            states.iter().filter(|state| **state).count() == 1
        };
        prop_assert!(rows.iter().all(is_sound));
        prop_assert!(rows.windows(2).all(|pair| pair[0].line < pair[1].line));
    }

    #[test]
    fn the_verdicts_sum_to_the_lines(lines in prop::collection::vec("[a,\"=\0 ]{0,12}[a,\"]", 0..40)) {
        let lines: Vec<_> = lines.into_iter().filter(|line| line.contains('a')).collect();
        let file = format!("Surname,First name,Matric,Degree,Year\n{}", lines.join("\n"));
        let mapping = inspect(b"Surname,First name,Matric,Degree,Year\n").proposal;
        let found = rows_by(file.as_bytes(), &mapping);
        // Quotation marks may join lines into one record; each such line stands in its cells.
        let joined = found.iter().map(|row| row.line).max().unwrap_or(1) as usize;
        prop_assert!(found.len() <= lines.len() && joined <= lines.len() + 1);
        if !file.contains('"') {
            prop_assert_eq!(found.len(), lines.len());
        }
    }
}
