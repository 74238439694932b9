//! Request bodies and query parameters: JSON types by serde, then rules by the parsers of the domain.
//!
//! A struct describes each body and each set of parameters once: serde reads it, utoipa documents it,
//! and [`IntoDraft`] parses its fields into the domain's types. The first type error of a body ends
//! its reading; the violations of rules are collected, so that one answer names them all.

mod body;
mod error;
mod json;
mod query;
mod violations;

pub(crate) use body::{Body, Form, has_body};
pub(crate) use error::FieldError;
pub(crate) use json::present;
pub(crate) use query::{NoParameters, Query, flag, short_text, time, uuid};
pub(crate) use violations::{IntoDraft, Violations};
