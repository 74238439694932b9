use std::collections::{BTreeMap, BTreeSet};

use abu_domain::alumni::reference::{Content, DegreeLevel, Details, Kind, Zone, flaws};

use super::*;

fn file(kind: Kind) -> DataFile {
    parse(kind, text(kind)).unwrap_or_else(|error| panic!("{error}: {:?}", error))
}

fn codes(kind: Kind) -> BTreeSet<String> {
    let file = file(kind);
    file.entries
        .iter()
        .map(|entry| entry.code.to_string())
        .collect()
}

#[test]
fn every_file_is_read_and_has_no_flaw() {
    for &kind in Kind::ALL {
        let file = file(kind);
        assert_eq!(flaws(&file.entries), [], "{}", kind.name());
        assert!(!file.head.source.is_empty() && file.head.retrieved.is_some());
    }
    assert_eq!(files().unwrap().len(), Kind::ALL.len());
}

#[test]
fn lists_of_fixed_size_are_complete() {
    for (kind, count) in [
        (Kind::Countries, 249),
        (Kind::States, 37),
        (Kind::Industries, 21),
    ] {
        assert_eq!(file(kind).entries.len(), count, "{}", kind.name());
    }
    assert!(codes(Kind::Countries).contains("NG"));
    assert_eq!(codes(Kind::Industries).len(), 21);
}

#[test]
fn the_states_are_those_of_the_constitution_with_the_capital_territory() {
    const ISO_CODES: &str = "AB AD AK AN BA BE BO BY CR DE EB ED EK EN FC GO IM JI KD KE KN KO KT KW LA NA NI OG ON OS \
        OY PL RI SO TA YO ZA";
    let states = file(Kind::States);
    let iso_codes = states
        .entries
        .iter()
        .filter_map(|entry| match &entry.details {
            Details::State { iso_code, .. } => Some(iso_code.as_str().to_owned()),
            _ => None,
        });
    let expected = ISO_CODES.split(' ').map(|code| format!("NG-{code}"));
    assert_eq!(
        iso_codes.collect::<BTreeSet<_>>(),
        expected.collect::<BTreeSet<_>>()
    );
    let name_of = |iso: &str| {
        let is_it = |entry: &&Content| match &entry.details {
            Details::State { iso_code, .. } => iso_code.as_str() == iso,
            _ => false,
        };
        states
            .entries
            .iter()
            .find(is_it)
            .unwrap()
            .name
            .as_str()
            .to_owned()
    };
    assert_eq!(name_of("NG-NA"), "Nasarawa");
    assert!(name_of("NG-FC").contains("Capital Territory"));
}

#[test]
fn the_states_are_in_six_zones() {
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let file = file(Kind::States);
    for entry in &file.entries {
        if let Details::State { zone, iso_code } = &entry.details {
            *states.entry(zone.name()).or_default() += 1;
            assert!(iso_code.as_str().starts_with("NG-"), "{}", entry.code);
        }
    }
    assert_eq!(states.len(), Zone::ALL.len());
    let counts: Vec<usize> = states.into_values().collect();
    assert_eq!(counts, [7, 6, 7, 5, 6, 6], "in the order of their names");
}

#[test]
fn the_sections_of_industries_are_the_letters_a_to_u() {
    let file = file(Kind::Industries);
    let sections: Vec<&str> = file
        .entries
        .iter()
        .filter_map(|entry| match &entry.details {
            Details::Industry { section } => Some(section.as_str()),
            _ => None,
        })
        .collect();
    let letters: Vec<String> = ('A'..='U').map(String::from).collect();
    assert_eq!(sections, letters);
}

#[test]
fn each_department_has_a_faculty_and_each_programme_department_and_degree() {
    for kind in [Kind::Departments, Kind::Programmes] {
        for entry in &file(kind).entries {
            for (parent, code) in entry.details.parents() {
                assert!(
                    codes(parent).contains(code.as_str()),
                    "{} of {}",
                    code,
                    entry.code
                );
            }
        }
    }
}

#[test]
fn the_university_has_its_faculties_departments_and_degrees() {
    assert_eq!(
        codes(Kind::Faculties).len(),
        19,
        "18 faculties and the business school"
    );
    assert!(codes(Kind::Departments).len() >= 90);
    assert!((35..=50).contains(&codes(Kind::Degrees).len()));
    let programmes = file(Kind::Programmes);
    assert!(programmes.entries.len() >= 50);
    let levels: BTreeSet<&str> = file(Kind::Degrees)
        .entries
        .iter()
        .filter_map(|entry| match entry.details {
            Details::Degree { level, .. } => Some(level.name()),
            _ => None,
        })
        .collect();
    assert_eq!(levels.len(), DegreeLevel::ALL.len());
}

#[test]
fn only_lists_that_need_no_registry_are_confirmed() {
    for &kind in Kind::ALL {
        let file = file(kind);
        let confirmed = |entry: &Content| entry.confirmed_by.is_some();
        let is_public = matches!(kind, Kind::States | Kind::Countries | Kind::Industries);
        assert!(
            file.entries
                .iter()
                .all(|entry| confirmed(entry) == is_public),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn a_mistake_is_named_by_file_entry_and_field() {
    let head = "version = 1\nsource = \"s\"\nretrieved = 2026-12-01\nconfirmed_by = \"\"\n";
    for (kind, entry, expected) in [
        (
            Kind::Departments,
            "code = \"x\"\nname = \"X\"",
            "the data file departments.toml, entry x: faculty is missing",
        ),
        (
            Kind::Faculties,
            "code = \"x\"\nname = \"X\"\nfaculty = \"y\"",
            "the data file faculties.toml, entry x: faculty belongs to entries of another list",
        ),
        (
            Kind::Faculties,
            "code = \"x\"\nname = \"\"",
            "the data file faculties.toml, entry x: name must have 1 to 120 characters",
        ),
        (
            Kind::Faculties,
            "code = \"x\"\nname = \"X\"\nvalid_from = 2020-02-30T00:00:00Z",
            "the data file faculties.toml is not of the form of data files",
        ),
        (
            Kind::Faculties,
            "code = \"x\"\nname = \"X\"\nvalid_from = 2020-02-03T00:00:00Z",
            "the data file faculties.toml, entry x: valid_from must be a day",
        ),
        (
            Kind::Faculties,
            "code = \"x\"\nname = \"X\"\nvalid_from = 2020-02-03\nvalid_until = 2020-02-02",
            "the data file faculties.toml, entry x: valid_until must not be before valid_from",
        ),
        (
            Kind::Faculties,
            "code = \"x\"\nname = \"X\"\nlga = \"y\"",
            "the data file faculties.toml is not of the form of data files",
        ),
    ] {
        let error = parse(kind, &format!("{head}[[entry]]\n{entry}\n")).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_confirmation_of_the_file_holds_for_entries_without_their_own() {
    let text = "version = 2\nsource = \"s\"\nretrieved = 2026-12-01\nconfirmed_by = \"Registry\"\n\
                [[entry]]\ncode = \"x\"\nname = \"X\"\n\
                [[entry]]\ncode = \"y\"\nname = \"Y\"\nconfirmed_by = \"\"\n\
                [[entry]]\ncode = \"z\"\nname = \"Z\"\nconfirmed_by = \"Senate\"\n";
    let file = parse(Kind::Faculties, text).unwrap();
    let confirmed: Vec<Option<&str>> = file
        .entries
        .iter()
        .map(|entry| entry.confirmed_by.as_ref().map(|by| by.as_str()))
        .collect();
    assert_eq!(confirmed, [Some("Registry"), None, Some("Senate")]);
}
