//! `.env`: lines of `NAME=value`, in which dotenvy replaces a `$` outside of single quotes.

use std::{collections::BTreeMap, fs, io, path::Path};

use super::{
    config_error::ConfigError,
    sources::{BYTE_ORDER_MARK, Variable, without_mark},
    spelling::is_ours,
};

/// Stands for a `$` that dotenvy must not replace.
const DOLLAR: char = '\u{f8ff}';

pub(super) fn read(file: &Path, errors: &mut Vec<ConfigError>) -> BTreeMap<String, Variable> {
    let origin = file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => {
            let problem = format!("cannot be read: {error}");
            errors.push(ConfigError::in_source(origin, problem));
            return BTreeMap::new();
        }
    };
    if text.starts_with(BYTE_ORDER_MARK) {
        errors.push(without_mark(&origin));
    }
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    let mut variables = BTreeMap::new();
    for (line, plain) in lines(text).zip(lines(&without_substitution(text))) {
        let (name, plain) = match plain {
            Ok((name, plain)) => (name, plain.replace(DOLLAR, "$")),
            Err(problem) => {
                let problem = format!("cannot be read: {problem}");
                errors.push(ConfigError::in_source(origin, problem));
                return BTreeMap::new();
            }
        };
        let origin = format!("{name} in {origin}");
        let value = match line {
            Ok((_, value)) if value == plain || !is_ours(&name) => value,
            _ => {
                let problem = "has a $ that stands for a variable: put the value in single quotes";
                errors.push(ConfigError::in_source(&origin, problem));
                plain
            }
        };
        let value = value.into();
        variables.insert(name, Variable { value, origin });
    }
    variables
}

/// Names and values. The error quotes no line, which may hold a secret.
fn lines(text: &str) -> impl Iterator<Item = Result<(String, String), String>> {
    dotenvy::from_read_iter(text.as_bytes()).map(move |item| match item {
        Ok(line) => Ok(line),
        Err(dotenvy::Error::LineParse(end, _)) => {
            // Of a line whose value is wrong, the error has the value alone.
            let others = text
                .lines()
                .take_while(|line| !line.trim_end().ends_with(end.trim_end()));
            Err(format!("line {} is no NAME=value", others.count() + 1))
        }
        Err(error) => Err(error.to_string()),
    })
}

/// Leaves an escaped `$`, which dotenvy keeps.
fn without_substitution(text: &str) -> String {
    let mut escaped = false;
    let keep = |c| {
        let replaced = if c == '$' && !escaped { DOLLAR } else { c };
        escaped = c == '\\' && !escaped;
        replaced
    };
    text.chars().map(keep).collect()
}
