//! Lines in the text format of COPY, into one buffer.

use std::io::Write;

use abu_domain::{ImportId, alumni::imports::CandidateRow};

const NULL: &[u8] = b"\\N";

/// One line of text for each row, its columns in the order of the table `import_rows`.
pub(super) fn of(import: ImportId, rows: &[CandidateRow]) -> Vec<u8> {
    let mut text = Vec::with_capacity(rows.len() * 200);
    let import = import.to_string();
    for row in rows {
        push_row(&mut text, &import, row);
    }
    text
}

fn push_row(text: &mut Vec<u8>, import: &str, row: &CandidateRow) {
    let (matric_raw, matric_norm) = row
        .matric
        .as_ref()
        .map(|matric| (matric.raw(), matric.norm()))
        .unzip();
    text.extend_from_slice(import.as_bytes());
    number(text, Some(row.line));
    let defects: Vec<String> = row.defects.iter().map(|defect| defect.stored()).collect();
    array(text, Some(defects.iter().map(String::as_str)));
    value(text, row.surname.as_deref());
    value(text, row.given_names.as_deref());
    array(
        text,
        row.name_tokens.as_deref().map(|tokens| tokens.split(' ')),
    );
    value(text, matric_raw);
    value(text, matric_norm);
    number(text, row.department.map(|id| id.get()));
    number(text, row.programme.map(|id| id.get()));
    number(text, row.degree.map(|id| id.get()));
    number(text, row.year);
    value(text, row.class_of_degree.as_deref());
    value(text, row.email.as_deref());
    value(text, row.phone.as_deref());
    number(text, row.date_of_birth);
    text.push(b'\n');
}

/// Writing to a vector cannot fail.
fn number(text: &mut Vec<u8>, number: Option<impl std::fmt::Display>) {
    text.push(b'\t');
    match number {
        Some(number) => drop(write!(text, "{number}")),
        None => text.extend_from_slice(NULL),
    }
}

fn value(text: &mut Vec<u8>, value: Option<&str>) {
    text.push(b'\t');
    match value {
        Some(value) => value.bytes().for_each(|byte| escaped(text, byte)),
        None => text.extend_from_slice(NULL),
    }
}

/// An array literal, each element in quotes, so that none reads as NULL.
fn array<'a>(text: &mut Vec<u8>, elements: Option<impl Iterator<Item = &'a str>>) {
    text.push(b'\t');
    let Some(elements) = elements else {
        text.extend_from_slice(NULL);
        return;
    };
    text.push(b'{');
    for (index, element) in elements.enumerate() {
        text.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
        for byte in element.bytes() {
            if matches!(byte, b'"' | b'\\') {
                escaped(text, b'\\');
            }
            escaped(text, byte);
        }
        text.push(b'"');
    }
    text.push(b'}');
}

fn escaped(text: &mut Vec<u8>, byte: u8) {
    let escape = match byte {
        b'\\' => b'\\',
        b'\t' => b't',
        b'\n' => b'n',
        b'\r' => b'r',
        _ => {
            text.push(byte);
            return;
        }
    };
    text.extend_from_slice(&[b'\\', escape]);
}

#[cfg(test)]
mod tests {
    use abu_domain::alumni::{
        imports::{Defect, Field, Problem},
        register::MatricNumber,
    };
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_copy_reads_as_syntax_is_escaped() {
        let row = CandidateRow {
            line: 7,
            defects: vec![Defect::unknown(Field::Degree, Problem::Unknown, "a\"b\\c")],
            surname: Some("Back\\slash\tTab".to_owned()),
            given_names: Some("\\N".to_owned()),
            name_tokens: Some("null or".to_owned()),
            matric: MatricNumber::parse("U15/CS").ok(),
            year: Some(2015),
            ..CandidateRow::default()
        };
        let text = String::from_utf8(of(ImportId::new(Uuid::nil()), &[row])).unwrap();
        let columns: Vec<&str> = text.trim_end_matches('\n').split('\t').collect();
        assert_eq!(columns.len(), 16);
        assert_eq!(
            columns[1..8],
            [
                "7",
                r#"{"degree:unknown:a\\"b\\\\c"}"#,
                r"Back\\slash\tTab",
                r"\\N",
                r#"{"null","or"}"#,
                "U15/CS",
                "U15CS",
            ]
        );
        assert_eq!(columns[8..12], [r"\N", r"\N", r"\N", "2015"]);
    }
}
