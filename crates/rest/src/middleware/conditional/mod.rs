//! Conditional requests: what has not changed is not sent again, and what has changed is not
//! overwritten.
//!
//! Every answer to a GET has an `ETag`, made of its body; see [`not_modified()`]. An answer that is
//! [`versioned`] has in its tag also the version that a change may name in `If-Match`; a handler takes
//! that as [`IfMatch`] or [`RequiredIfMatch`] and hands it to the use case,
//! which compares.

mod if_match;
mod in_docs;
mod not_modified;
mod tag;

pub(crate) use if_match::{IfMatch, IfMatchParameter, RequiredIfMatch, RequiredIfMatchParameter};
pub(crate) use in_docs::{describe_change, describe_get};
pub(crate) use not_modified::{mark_encoded, not_modified};
pub(crate) use tag::versioned;
