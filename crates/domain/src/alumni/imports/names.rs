//! A person's name, from the cells of a row.

use super::{
    Field, NameOrder, Problem,
    cell::{is_formula, is_spreadsheet_error, unmarked, value},
};
use crate::platform::text::PersonName;

/// Characters of all given names together, at most.
const MAX_CHARS: usize = 100;

/// A surname and given names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) surname: String,
    pub(super) given_names: String,
}

/// The name of one cell, which must hold one.
pub(super) fn name(cell: &str) -> Result<String, Problem> {
    let text = value(cell).ok_or(Problem::Missing)?;
    if is_formula(unmarked(cell)) {
        return Err(Problem::Formula);
    }
    if is_spreadsheet_error(text) {
        return Err(Problem::SpreadsheetError);
    }
    match PersonName::parse(text) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(violation) => Err(violation.into()),
    }
}

/// The given names of several cells, joined by blanks. Cells without a value do not count.
pub(super) fn given_names<'a>(cells: impl Iterator<Item = &'a str>) -> Result<String, Problem> {
    let mut joined = String::new();
    for cell in cells {
        match name(cell) {
            Ok(name) if joined.is_empty() => joined = name,
            Ok(name) => {
                joined.push(' ');
                joined.push_str(&name);
            }
            Err(Problem::Missing) => {}
            Err(problem) => return Err(problem),
        }
    }
    match joined.len() {
        0 => Err(Problem::Missing),
        1..=MAX_CHARS => Ok(joined),
        _ if joined.chars().count() > MAX_CHARS => Err(Problem::Length),
        _ => Ok(joined),
    }
}

/// Parts a whole name. A comma ends the surname; without one the order says which word is the surname.
pub(super) fn part(cell: &str, order: NameOrder) -> Result<Names, (Field, Problem)> {
    let whole = whole_name(cell).map_err(|problem| (Field::FullName, problem))?;
    let parts = match whole.split_once(',') {
        Some(parts) => Some(parts),
        None if order == NameOrder::SurnameFirst => whole.split_once(' '),
        None => whole
            .rsplit_once(' ')
            .map(|(given, surname)| (surname, given)),
    };
    let (surname, given_names) = parts.ok_or((Field::GivenNames, Problem::Missing))?;
    Ok(Names {
        surname: name(surname).map_err(|problem| (Field::Surname, problem))?,
        given_names: name(given_names).map_err(|problem| (Field::GivenNames, problem))?,
    })
}

/// A whole name has up to the characters of both its parts, so only its form is checked here.
fn whole_name(cell: &str) -> Result<String, Problem> {
    let text = value(cell).ok_or(Problem::Missing)?;
    if is_formula(unmarked(cell)) {
        return Err(Problem::Formula);
    }
    if is_spreadsheet_error(text) {
        return Err(Problem::SpreadsheetError);
    }
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(cell: &str, order: NameOrder) -> (String, String) {
        let names = part(cell, order).unwrap();
        (names.surname, names.given_names)
    }

    #[test]
    fn a_whole_name_is_parted_by_its_comma_or_its_order() {
        use NameOrder::{SurnameFirst, SurnameLast};
        for (cell, order, surname, given) in [
            ("BELLO Musa  Ali", SurnameFirst, "BELLO", "Musa Ali"),
            ("Musa Ali BELLO", SurnameLast, "BELLO", "Musa Ali"),
            ("BELLO, Musa Ali", SurnameLast, "BELLO", "Musa Ali"),
            ("Abdul Kadir, Musa", SurnameFirst, "Abdul Kadir", "Musa"),
            (
                "Sa'adatu Birnin-Kudu",
                SurnameLast,
                "Birnin-Kudu",
                "Sa'adatu",
            ),
        ] {
            assert_eq!(
                parted(cell, order),
                (surname.to_owned(), given.to_owned()),
                "{cell}"
            );
        }
    }

    #[test]
    fn a_whole_name_of_one_word_lacks_given_names() {
        for cell in ["Bello", "Bello, -", ", Musa"] {
            let (_, problem) = part(cell, NameOrder::SurnameFirst).unwrap_err();
            assert_eq!(problem, Problem::Missing, "{cell}");
        }
    }

    #[test]
    fn a_name_cannot_begin_as_a_formula() {
        for cell in [
            "=HYPERLINK(\"http://x\")",
            " =1+1",
            "+Musa",
            "-Musa",
            "@Musa",
            "\tMusa",
            "＝Musa",
            "'=Musa",
            "\u{3000}＝Musa",
        ] {
            assert_eq!(name(cell), Err(Problem::Formula), "{cell:?}");
            assert!(given_names([cell].into_iter()).is_err());
            assert!(part(cell, NameOrder::SurnameFirst).is_err());
        }
    }

    #[test]
    fn cells_without_a_value_do_not_count_among_given_names() {
        let joined = given_names(["Musa", " ", "-", "Ali"].into_iter());
        assert_eq!(joined.unwrap(), "Musa Ali");
        assert_eq!(given_names(["", "nil"].into_iter()), Err(Problem::Missing));
        assert_eq!(
            given_names(["Musa", "\u{202e}x"].into_iter()),
            Err(Problem::InvisibleCharacter)
        );
    }
}
