//! Names fold in the database as in the program.

use abu_domain::platform::text::{PersonName, folded};
use abu_test_support::TestDatabase;
use diesel::{
    PgConnection, RunQueryDsl,
    dsl::sql,
    sql_types::{Array, Text},
};
use icu_normalizer::DecomposingNormalizerBorrowed;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};

/// The database's words of each text, with a space between them.
fn words(connection: &mut PgConnection, texts: &[String]) -> Vec<String> {
    sql::<Text>("SELECT array_to_string(folded_words(name), ' ') FROM unnest(")
        .bind::<Array<Text>, _>(texts)
        .sql(") WITH ORDINALITY AS given (name, number) ORDER BY number")
        .load(connection)
        .unwrap()
}

/// What the database decomposes each text into: a release of PostgreSQL knows one version of Unicode.
fn decomposed(connection: &mut PgConnection, texts: &[String]) -> Vec<String> {
    sql::<Text>("SELECT normalize(name, NFKD) FROM unnest(")
        .bind::<Array<Text>, _>(texts)
        .sql(") WITH ORDINALITY AS given (name, number) ORDER BY number")
        .load(connection)
        .unwrap()
}

fn may_be_in_a_name(c: char) -> bool {
    let names = [
        format!("Ada {c}"),
        format!("Ada {c}a"),
        format!("Ada a{c}a"),
    ];
    names.iter().any(|name| PersonName::parse(name).is_ok())
}

#[test]
fn every_character_of_names_folds_in_the_database_as_in_the_program() {
    /// Those that decompose since the version of Unicode that the oldest supported PostgreSQL knows.
    const NEWER: usize = 200;
    let database = TestDatabase::new();
    let connection = &mut database.connection();
    let characters: Vec<_> = ('\u{1}'..=char::MAX)
        .filter(|c| may_be_in_a_name(*c))
        .map(String::from)
        .collect();
    assert!(characters.len() > 100_000, "{}", characters.len());
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    let mut newer = 0;
    for characters in characters.chunks(20_000) {
        let texts: Vec<_> = characters.iter().map(|c| format!("A{c}b {c}")).collect();
        let by_database = words(connection, &texts);
        let decomposed = decomposed(connection, characters);
        for ((text, by_database), (c, decomposed)) in texts
            .iter()
            .zip(by_database)
            .zip(characters.iter().zip(decomposed))
        {
            if decomposed == *normalizer.normalize(c) {
                assert_eq!(by_database, folded(text), "{text} {}", c.escape_unicode());
            } else {
                newer += 1;
            }
        }
    }
    assert!(newer < NEWER, "{newer} characters");
}

/// Letters that people write names with, marks, and what stands between words.
fn name_like() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::char::range('A', 'z'),
        4 => prop::char::range('\u{a1}', '\u{24f}'),
        1 => prop::char::range('\u{250}', '\u{36f}'),
        1 => prop::char::range('\u{370}', '\u{52f}'),
        1 => prop::char::range('\u{600}', '\u{6ff}'),
        2 => prop::char::range('\u{1e00}', '\u{1fff}'),
        1 => prop::char::range('\u{2000}', '\u{206f}'),
        1 => prop::char::range('\u{a720}', '\u{a7bf}'),
        1 => prop::char::range('\u{ff01}', '\u{ffdc}'),
        1 => prop::char::range('\u{1e900}', '\u{1e95f}'),
        2 => prop::sample::select(vec![' ', '-', '\'', '’', '`', '´', '.', '\u{200d}']),
    ];
    vec(character, 0..24).prop_map(String::from_iter)
}

#[test]
fn any_name_folds_in_the_database_as_in_the_program() {
    let database = TestDatabase::new();
    let names = vec(name_like(), 100);
    let outcome = TestRunner::new(Config::with_cases(32)).run(&names, |names| {
        let names: Vec<_> = names
            .into_iter()
            .filter(|name| name.chars().all(may_be_in_a_name))
            .collect();
        let by_program: Vec<_> = names.iter().map(|name| folded(name)).collect();
        prop_assert_eq!(words(&mut database.connection(), &names), by_program);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_search_finds_letters_that_do_not_decompose_as_they_are_typed() {
    let database = TestDatabase::new();
    for (firstname, typed) in [
        ("Bjørn", "bjorn"),
        ("Łukasz", "lukasz"),
        ("Ðaniel", "daniel"),
        ("Weiß", "weiss"),
        ("Æthel", "aethel"),
        ("ĐORĐE", "dorde"),
    ] {
        let user = database.user().name(firstname, "Bello").create();
        let found = database.texts(&format!(
            "SELECT id::text FROM users WHERE folded_words(firstname) = folded_words('{typed}')"
        ));
        assert_eq!(found, [user.id.to_string()], "{firstname}");
    }
}
