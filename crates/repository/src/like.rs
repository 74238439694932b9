//! Patterns of `LIKE`.

/// The pattern of texts that start with `prefix`; `None` where PostgreSQL holds no such text.
pub(crate) fn starting_with(prefix: &str) -> Option<String> {
    escaped(prefix).map(|prefix| format!("{prefix}%"))
}

/// The pattern of texts that contain `part`; `None` where PostgreSQL holds no such text.
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
