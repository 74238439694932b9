//! Entity tags (RFC 9110, 8.8.3).
//!
//! The tag of a versioned response has two parts, the version and the digest of the body. A change without
//! a new version, such as another message in a room, changes the digest alone. So caches revalidate, and
//! `If-Match`, which compares the version, still matches.

use abu_application::platform::versions::Version;
use actix_web::{
    HttpResponse,
    http::header::{ContentType, ETag, EntityTag},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Half of the hash is kept: 128 bits are enough to tell bodies apart.
const DIGEST_BYTES: usize = 16;

/// Answers 200 with the state of something that has versions.
pub(crate) fn versioned(body: &impl Serialize, version: Version) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(body).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::json())
        .insert_header(ETag(of_version(version, &body)))
        .body(body))
}

pub(super) fn of_body(body: &[u8]) -> EntityTag {
    EntityTag::new_strong(digest(body))
}

fn of_version(version: Version, body: &[u8]) -> EntityTag {
    EntityTag::new_strong(format!("{:x}-{}", version.micros(), digest(body)))
}

pub(super) fn version_in(tag: &EntityTag) -> Option<Version> {
    let (version, _digest) = tag.tag().split_once('-')?;
    let micros = i64::from_str_radix(version, 16).ok()?;
    Some(Version::from_micros(micros))
}

fn digest(body: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..DIGEST_BYTES])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_version_is_found_in_its_tag_whatever_the_body(micros in 0..=i64::MAX, body: Vec<u8>) {
            let version = Version::from_micros(micros);
            let tag = of_version(version, &body);
            prop_assert_eq!(version_in(&tag), Some(version));
            let sent: EntityTag = tag.to_string().parse().unwrap();
            prop_assert_eq!(version_in(&sent), Some(version));
        }

        #[test]
        fn no_other_tag_has_a_version(text in "[!#-~]{0,40}") {
            prop_assume!(!text.contains('-'));
            prop_assert_eq!(version_in(&EntityTag::new_strong(text)), None);
        }
    }
}
