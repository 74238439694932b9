use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::platform::text::any_text;

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn code(kind: Kind, text: &str) -> Code {
    Code::parse(kind, text).unwrap()
}

fn content(details: Details, text: &str, name: &str, aliases: &[&str]) -> Content {
    Content {
        code: code(details.kind(), text),
        name: label(name),
        aliases: aliases.iter().map(|alias| label(alias)).collect(),
        validity: Validity::default(),
        successor: None,
        confirmed_by: None,
        details,
    }
}

fn department(text: &str, name: &str, aliases: &[&str]) -> Content {
    let faculty = code(Kind::Faculties, "science");
    content(Details::Department { faculty }, text, name, aliases)
}

fn degree(text: &str, abbreviation: &str) -> Content {
    let details = Details::Degree {
        level: DegreeLevel::Bachelor,
        abbreviation: label(abbreviation),
    };
    content(details, text, &format!("Degree {text}"), &[])
}

fn programme(text: &str, name: &str, department: &str, degree: &str) -> Content {
    let details = Details::Programme {
        department: code(Kind::Departments, department),
        degree: code(Kind::Degrees, degree),
    };
    content(details, text, name, &[])
}

fn entries(contents: impl IntoIterator<Item = Content>) -> Vec<Entry> {
    let stored = |(id, content): (usize, Content)| Entry {
        id: id as i32,
        content,
        edited_at: None,
        created_at: DateTime::UNIX_EPOCH,
        last_modified: DateTime::UNIX_EPOCH,
    };
    contents
        .into_iter()
        .zip(1..)
        .map(|(content, id)| stored((id, content)))
        .collect()
}

fn catalogue() -> Catalogue {
    Catalogue::new(entries([
        department(
            "computer-science",
            "Computer Science",
            &["Comp. Sci.", "CSC"],
        ),
        department(
            "chemical",
            "Chemical and Petroleum Engineering",
            &["Science Education"],
        ),
        department("science-education", "Science Education", &[]),
        degree("bsc", "B.Sc."),
        degree("msc", "M.Sc."),
        programme("bsc-cs", "Computer Science", "computer-science", "bsc"),
        programme("msc-cs", "Computer Science", "computer-science", "msc"),
    ]))
}

#[test]
fn codes_have_one_form() {
    for text in ["cs", "computer-science", "1", "a-b-c", &"a".repeat(60)] {
        assert!(Code::parse(Kind::Departments, text).is_ok(), "{text}");
        assert!(Code::parse(Kind::Countries, text).is_err(), "{text}");
    }
    for text in [
        "",
        "-",
        "a-",
        "-a",
        "a--b",
        "A",
        "a b",
        "é",
        "a_b",
        &"a".repeat(61),
    ] {
        assert!(Code::parse(Kind::Departments, text).is_err(), "{text}");
    }
    assert!(Code::parse(Kind::Countries, "NG").is_ok());
    assert!(Code::parse(Kind::Countries, "ng").is_err());
}

#[test]
fn a_period_does_not_end_before_it_begins() {
    let day = |day| NaiveDate::from_ymd_opt(2017, 1, day);
    assert!(Validity::new(day(2), day(1)).is_err());
    let one_day = Validity::new(day(2), day(2)).unwrap();
    assert!(one_day.contains(day(2).unwrap()) && !one_day.contains(day(3).unwrap()));
    assert!(Validity::default().contains(day(1).unwrap()));
}

#[test]
fn spellings_of_a_name_share_a_key() {
    for (spellings, expected) in [
        (&["B.Sc.", "BSc", "b. sc", "B Sc"][..], "bsc"),
        (&["B.N.Sc.", "BNSc"], "bnsc"),
        (
            &[
                "Chemical & Petroleum Engineering",
                "Dept. of CHEMICAL AND PETROLEUM ENGINEERING",
            ],
            "chemicalpetroleumengineering",
        ),
        (&["Faculty of Arts", "ARTS", "Arts."], "arts"),
        (&["Côte d’Ivoire", "Cote d'Ivoire"], "cotedivoire"),
        (&["IN", "in"], "in"),
        (&["Department"], "department"),
        (&["", " & ", "—"], ""),
    ] {
        for spelling in spellings {
            assert_eq!(key(spelling), expected, "{spelling}");
        }
    }
}

#[test]
fn a_text_finds_an_entry_by_code_name_and_alias() {
    let catalogue = catalogue();
    let cs = catalogue.department_of_code("computer-science").unwrap();
    for text in [
        "computer-science",
        "COMPUTER  SCIENCE",
        "comp sci",
        "csc",
        "Dept of Computer Science",
    ] {
        assert_eq!(catalogue.find_department(text), Found::One(cs), "{text}");
    }
    assert_eq!(catalogue.find_department("Astrology"), Found::Nothing);
    assert_eq!(catalogue.find_department("  "), Found::Nothing);
    let bsc = catalogue.find_degree("b.sc").one().unwrap();
    assert_eq!(catalogue.degree(bsc).unwrap().content.code.as_str(), "bsc");
}

#[test]
fn an_ambiguous_text_is_reported_and_not_guessed() {
    let catalogue = catalogue();
    let both =
        ["chemical", "science-education"].map(|code| catalogue.department_of_code(code).unwrap());
    assert_eq!(
        catalogue.find_department("science education"),
        Found::Several(both.to_vec())
    );
}

#[test]
fn department_and_degree_tell_programmes_of_one_name_apart() {
    let catalogue = catalogue();
    let [bsc, msc] = ["bsc", "msc"].map(|code| catalogue.degree_of_code(code));
    let cs = catalogue.department_of_code("computer-science");
    let other = catalogue.department_of_code("chemical");
    let found =
        |department, degree| catalogue.find_programme("computer science", department, degree);
    assert_eq!(
        found(None, bsc).one(),
        catalogue.programme_of_code("bsc-cs")
    );
    assert_eq!(found(cs, msc).one(), catalogue.programme_of_code("msc-cs"));
    assert!(matches!(found(cs, None), Found::Several(both) if both.len() == 2));
    assert_eq!(found(other, bsc), Found::Nothing);
}

#[test]
fn flaws_of_a_list_are_named() {
    let mut list = vec![
        department("a", "Arabic", &["Arabic Studies"]),
        department("b", "Botany", &["ARABIC STUDIES", "—a—"]),
        department("a", "Zoology", &[]),
        department("c", "Chemistry", &["★"]),
    ];
    list[3].successor = Some(code(Kind::Departments, "missing"));
    let named: Vec<String> = flaws(&list).iter().map(ToString::to_string).collect();
    assert_eq!(
        named,
        [
            "two entries have the code a",
            "`—a—` means both b and a",
            "`ARABIC STUDIES` means both b and a",
            "`★` of c has no letter and no digit",
            "the successor of c is not in the list",
        ]
    );
}

#[test]
fn programmes_of_one_name_may_differ_by_degree_alone() {
    let two = |second| {
        [
            programme("x", "Physics", "p", "bsc"),
            programme("y", "Physics", "p", second),
        ]
    };
    assert_eq!(flaws(&two("msc")), []);
    assert_eq!(flaws(&two("bsc")).len(), 1);
}

#[test]
fn cycles_of_successors_are_found_and_chains_are_not() {
    let chain = |successors: &[Option<usize>]| {
        let codes: Vec<String> = (0..successors.len())
            .map(|number| format!("d{number}"))
            .collect();
        let list = successors.iter().zip(&codes).map(|(successor, own)| {
            let mut department = department(own, own, &[]);
            department.successor = successor.map(|to| code(Kind::Departments, &codes[to]));
            department
        });
        let list: Vec<Content> = list.collect();
        flaws(&list).len()
    };
    assert_eq!(chain(&[Some(1), Some(2), None]), 0);
    assert_eq!(chain(&[Some(0)]), 1);
    assert_eq!(chain(&[Some(1), Some(0)]), 2);
    assert_eq!(
        chain(&[Some(1), Some(2), Some(1)]),
        2,
        "the first is outside of the cycle"
    );
}

fn any_label() -> impl Strategy<Value = Label> {
    any_text().prop_filter_map("no label", |text| {
        Label::parse(&text)
            .ok()
            .filter(|label| !key(label.as_str()).is_empty())
    })
}

proptest! {
    #[test]
    fn each_label_of_a_list_without_flaws_finds_its_entry(
        labels in prop::collection::vec(prop::collection::vec(any_label(), 1..4), 1..6),
    ) {
        let contents: Vec<Content> = labels.iter().zip(0..).map(|(labels, number)| {
            let faculty = code(Kind::Faculties, "science");
            let mut content = department(&format!("code-{number}"), "x", &[]);
            content.details = Details::Department { faculty };
            content.name = labels[0].clone();
            content.aliases = labels[1..].to_vec();
            content
        }).collect();
        let is_flawless = flaws(&contents).is_empty();
        let catalogue = Catalogue::new(entries(contents.clone()));
        for content in &contents {
            let own = catalogue.department_of_code(content.code.as_str()).unwrap();
            for label in content.labels() {
                for written in [label.to_owned(), format!(" {label} "), format!("Department of {label}")] {
                    match catalogue.find_department(&written) {
                        Found::One(found) => prop_assert_eq!(found, own),
                        Found::Several(found) => prop_assert!(!is_flawless && found.contains(&own)),
                        Found::Nothing => prop_assert!(key(&written) != key(label), "{}", written),
                    }
                }
            }
        }
    }

    #[test]
    fn keys_ignore_case_and_blanks(text in any_text()) {
        prop_assert_eq!(key(&format!("  {text} ")), key(text.trim()));
        let key = key(&text);
        prop_assert!(!key.contains(' '));
    }

    #[test]
    fn whatever_a_text_holds_a_search_ends(text in any_text()) {
        let catalogue = catalogue();
        let _ = catalogue.find_department(&text);
        let _ = catalogue.find_programme(&text, None, None);
    }
}
