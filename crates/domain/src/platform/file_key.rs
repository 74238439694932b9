//! Keys of stored files: relative paths that cannot leave their folder.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Violation;

const MAX_BYTES: usize = 200;
const MAX_PARTS: usize = 5;

const INVALID: Violation = Violation {
    code: "file-key.invalid",
    rule: "must be up to 5 parts with slashes between them, each of a-z, 0-9, -, _ and dots, beginning with a letter or digit",
};

/// The key of a stored file, such as `imports/3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41.csv`.
///
/// Lower case alone, so that it names one file on every file system and in every object store. No
/// part begins with a dot, so no key climbs out of its folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileKey(String);

impl FileKey {
    /// Parses a key.
    ///
    /// # Errors
    /// `file-key.invalid` for more than 200 bytes or 5 parts, and for a part with another character
    /// than a-z, 0-9, `-`, `_` and `.`, or that begins with one of the last three.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let parts = text.split('/').count();
        let is_key = text.len() <= MAX_BYTES && parts <= MAX_PARTS && text.split('/').all(is_part);
        is_key.then(|| Self(text.to_owned())).ok_or(INVALID)
    }

    /// The key as text, its parts separated by slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_part(part: &str) -> bool {
    let first = part.bytes().next();
    let may_begin = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let may_follow = |byte: u8| may_begin(byte) || b"-_.".contains(&byte);
    first.is_some_and(may_begin) && part.bytes().all(may_follow)
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for FileKey {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        Self::parse(&text)
    }
}

impl From<FileKey> for String {
    fn from(key: FileKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_relative_paths_of_plain_parts() {
        for key in ["a", "imports/1.csv", "a/b/c/d/e", "0-_.x", "a..b/c"] {
            assert_eq!(FileKey::parse(key).map(String::from).as_deref(), Ok(key));
        }
        let long = "a".repeat(MAX_BYTES + 1);
        for text in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/.b",
            "-a",
            "A",
            "a b",
            "a\\b",
            "a\0",
            "ƙ",
            "a:b",
            "a/b/c/d/e/f",
            &long,
        ] {
            assert_eq!(FileKey::parse(text), Err(INVALID), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_key_climbs_out_of_its_folder(text in "[a-z./\\\\]{0,30}") {
            if let Ok(key) = FileKey::parse(&text) {
                let path = std::path::Path::new(key.as_str());
                let plain = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(path.components().all(plain));
            }
        }
    }
}
