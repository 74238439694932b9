//! The kinds of problems and the responses that carry them.

use std::collections::BTreeSet;

use abu_rest::{Problem, ProblemKind};
use actix_web::{ResponseError, http::header};

#[test]
fn every_kind_has_its_own_slug_in_kebab_case_and_is_found_by_it() {
    let slugs: BTreeSet<_> = ProblemKind::ALL.iter().map(|kind| kind.slug()).collect();
    assert_eq!(slugs.len(), ProblemKind::ALL.len());
    for kind in ProblemKind::ALL {
        assert_eq!(ProblemKind::from_slug(kind.slug()), Some(*kind));
        let mut bytes = kind.slug().bytes();
        assert!(
            bytes.all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{kind:?}"
        );
    }
}

#[test]
fn every_401_carries_a_challenge_and_every_503_says_when_to_come_back() {
    for kind in ProblemKind::ALL {
        let response = Problem::new(*kind, kind.explanation()).error_response();
        for (name, status) in [(header::WWW_AUTHENTICATE, 401), (header::RETRY_AFTER, 503)] {
            let carries = response.headers().contains_key(name);
            assert_eq!(carries, kind.status().as_u16() == status, "{kind:?}");
        }
    }
}
