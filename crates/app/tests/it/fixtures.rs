//! Golden files in `tests/fixtures`; `ABU_UPDATE_FIXTURES=1` rewrites them instead of comparing.

use std::{borrow::Cow, env, fs, path::Path};

use chrono::DateTime;
use uuid::Uuid;

/// How many differing lines a failure prints.
const SHOWN: usize = 5;

/// Compares `actual` with the fixture of this name, byte by byte.
#[track_caller]
pub(crate) fn assert_recorded(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    if env::var_os("ABU_UPDATE_FIXTURES").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        recorded == actual,
        "{name} differs:\n{}",
        first_difference(&recorded, actual)
    );
}

/// The lines from the first differing one on, with their number: `-` was recorded, `+` is actual.
fn first_difference(recorded: &str, actual: &str) -> String {
    let pairs = recorded.split('\n').zip(actual.split('\n'));
    let same = pairs.take_while(|(recorded, actual)| recorded == actual);
    let same = same.count();
    let lines = |sign, text: &str| -> Vec<String> {
        let lines = text.split('\n').skip(same).take(SHOWN);
        lines.map(|line| format!("{sign} {line}")).collect()
    };
    let lines = [lines('-', recorded), lines('+', actual)].concat();
    format!("line {}\n{}", same + 1, lines.join("\n"))
}

/// Replaces ids by names or numbers, and times by `<time>`: they differ from run to run.
#[derive(Clone, Default)]
pub(crate) struct Mask(Vec<(Uuid, String)>);

impl Mask {
    /// Shows this id as `<name>`, and any other as the number of its first appearance.
    pub(crate) fn name(&mut self, id: Uuid, name: &str) {
        self.0.push((id, format!("<{name}>")));
    }

    pub(crate) fn apply(&mut self, text: &str) -> String {
        let separates = |c: char| !c.is_ascii_alphanumeric() && !"-:.".contains(c);
        text.split_inclusive(separates)
            .map(|piece| {
                let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                let end = &piece[word.len()..];
                format!("{}{end}", self.masked(word))
            })
            .collect()
    }

    fn masked<'a>(&mut self, word: &'a str) -> Cow<'a, str> {
        if let Ok(id) = Uuid::try_parse(word) {
            self.shown(id).into()
        } else if word.ends_with('Z') && DateTime::parse_from_rfc3339(word).is_ok() {
            "<time>".into()
        } else {
            word.into()
        }
    }

    fn shown(&mut self, id: Uuid) -> String {
        if let Some((_, shown)) = self.0.iter().find(|(known, _)| *known == id) {
            return shown.clone();
        }
        let shown = format!("<id {}>", self.0.len());
        self.0.push((id, shown.clone()));
        shown
    }
}

#[test]
fn a_mask_hides_ids_and_times_and_nothing_else() {
    let mut mask = Mask::default();
    let amina = Uuid::from_u128(7);
    mask.name(amina, "amina");
    let other = Uuid::from_u128(8);
    let text = format!(
        r#"{{"by":"{amina}","of":"{other}: role_{}.","at":"2026-01-05T08:30:00.5Z"}} 12:30 a-b"#,
        other.simple()
    );
    assert_eq!(
        mask.apply(&text),
        r#"{"by":"<amina>","of":"<id 1>: role_<id 1>.","at":"<time>"} 12:30 a-b"#
    );
}

#[test]
fn a_difference_is_shown_from_its_first_line_on() {
    assert_eq!(first_difference("a\nb\n", "a\nc"), "line 2\n- b\n- \n+ c");
}
