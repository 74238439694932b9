//! `LIKE` patterns with escaped input.

/// Matches texts that start with `prefix`; `None` for a NUL, which PostgreSQL cannot store.
pub(crate) fn starting_with(prefix: &str) -> Option<String> {
    escaped(prefix).map(|prefix| format!("{prefix}%"))
}

/// Matches texts that contain `part`; `None` for a NUL, which PostgreSQL cannot store.
pub(crate) fn containing(part: &str) -> Option<String> {
    escaped(part).map(|part| format!("%{part}%"))
}

fn escaped(text: &str) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    let mut pattern = String::with_capacity(text.len() + 2);
    for letter in text.chars() {
        if matches!(letter, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    Some(pattern)
}
