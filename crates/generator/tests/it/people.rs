use std::collections::{HashMap, HashSet};

use abu_domain::{
    alumni::names::Name,
    identity::text::PhoneNumber,
    platform::text::{EmailAddress, PersonName},
};
use abu_generator::{
    BLOCK, Course, Department, Generator, Graduate, HEADER, Level, write_header, write_row,
};
use sha2::{Digest, Sha256};

/// Changes with the vocabulary, the lexicon and the model, and with nothing else.
const FINGERPRINT: &str = "f11133c59101dd131c3e45905816fd368874562e6f7414e2c85a36a44d923bf7";

fn departments() -> Vec<Department> {
    let course = |programme: &str, degree: &str, level, years| Course {
        programme: Some(programme.to_owned()),
        degree: degree.to_owned(),
        level,
        years,
        is_classified: level == Level::First,
    };
    let codes = ["computer-science", "law", "accounting", "civil-engineering"];
    codes
        .map(|code| Department {
            code: code.to_owned(),
            courses: vec![
                course(&format!("bsc-{code}"), "bsc", Level::First, 4),
                course(&format!("msc-{code}"), "msc", Level::Postgraduate, 2),
            ],
        })
        .into()
}

fn generator(seed: u64) -> Generator {
    Generator::new(seed, departments()).unwrap()
}

fn csv(generator: &Generator, count: usize) -> Vec<u8> {
    let mut csv = Vec::new();
    write_header(&mut csv).unwrap();
    for person in generator.people().take(count) {
        write_row(&person, &mut csv).unwrap();
    }
    csv
}

#[test]
fn the_people_of_a_seed_never_change() {
    let csv = csv(&generator(1), BLOCK);
    let hash: String = Sha256::digest(&csv)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let beginning = String::from_utf8_lossy(&csv[..1_000]).into_owned();
    assert_eq!(hash, FINGERPRINT, "{beginning}");
}

#[test]
fn a_block_depends_on_no_other_block() {
    let generator = generator(7);
    let later: Vec<Graduate<'_>> = generator.people().skip(BLOCK).take(50).collect();
    let alone: Vec<Graduate<'_>> = generator.block(1).take(50).collect();
    assert_eq!(later, alone);
    assert_eq!(alone[0].number, BLOCK as u64);
    assert_ne!(csv(&generator, 10), csv(&self::generator(8), 10));
}

#[test]
fn the_csv_reads_back_as_it_was_written() {
    let generator = generator(3);
    let csv = csv(&generator, BLOCK);
    let mut reader = csv::Reader::from_reader(&csv[..]);
    assert_eq!(
        reader.headers().unwrap(),
        &HEADER.split(',').collect::<Vec<_>>()[..]
    );
    for (record, person) in reader.records().zip(generator.people()) {
        let record = record.unwrap();
        assert_eq!(record[0], person.surname);
        assert_eq!(record[1], person.given_names);
        assert_eq!(&record[3], person.department);
        assert_eq!(record[6], person.year.to_string());
        assert_eq!(record[8], person.email.unwrap_or_default());
    }
}

#[test]
fn the_mapping_names_every_column() {
    let mapping = abu_generator::mapping();
    assert!(mapping.errors().is_empty());
    let written = format!("{mapping:?}");
    for column in HEADER.split(',') {
        assert!(written.contains(&format!("\"{column}\"")), "{column}");
    }
}

#[test]
fn every_value_is_one_that_the_register_takes() {
    let generator = generator(4);
    for person in generator.people().take(BLOCK) {
        PersonName::parse(&person.surname).unwrap();
        PersonName::parse(&person.given_names).unwrap();
        Name::parse(&person.given_names).unwrap();
        EmailAddress::parse(&person.account_email()).unwrap();
        if let Some(phone) = &person.phone {
            PhoneNumber::parse(phone).unwrap();
        }
        assert!((1965..=2024).contains(&person.year));
    }
}

#[test]
fn matriculation_numbers_and_addresses_are_unique() {
    let generator = generator(5);
    let (mut numbers, mut addresses) = (HashSet::new(), HashSet::new());
    for person in generator.people().take(3 * BLOCK) {
        let email = person.account_email();
        assert!(addresses.insert(email.clone()), "{email}");
        if let Some(matric) = person.matric {
            let norm = matric.replace('/', "");
            assert!(numbers.insert(norm), "{matric}");
        }
    }
    assert!(numbers.len() > 5 * BLOCK / 2);
}

#[test]
fn the_shares_are_those_of_the_model() {
    const COUNT: usize = 3 * BLOCK;
    let generator = generator(6);
    let mut given: HashMap<String, usize> = HashMap::new();
    let (mut three_parts, mut postgraduates, mut recent) = (0, 0, 0);
    let mut departments: HashMap<String, usize> = HashMap::new();
    for person in generator.people().take(COUNT) {
        for token in Name::parse(&person.given_names).unwrap().tokens() {
            *given.entry(token.as_str().to_owned()).or_default() += 1;
        }
        three_parts += usize::from(person.given_names.contains(' '));
        postgraduates += usize::from(person.degree == "msc");
        recent += usize::from(person.year >= 2015);
        *departments.entry(person.department.to_owned()).or_default() += 1;
    }
    let percent = |count: usize| count * 100 / COUNT;
    assert!((45..=55).contains(&percent(three_parts)), "{three_parts}");
    assert_eq!(percent(postgraduates + COUNT / 200), 25);
    // 1 - 1.07^-10, nearly.
    assert!((49..=52).contains(&percent(recent)), "{recent}");
    // 1 : 1/√2 : 1/√3 : 1/2
    assert!((35..=37).contains(&percent(departments["computer-science"])));
    assert!(given["muhammad"] > given["muhammed"]);
    assert!(percent(given["muhammad"]) >= 3, "{}", given["muhammad"]);
}

#[test]
fn without_courses_there_are_no_people() {
    let empty = Department {
        code: "law".to_owned(),
        courses: Vec::new(),
    };
    assert!(Generator::new(1, vec![empty]).is_err());
}
