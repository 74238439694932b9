//! Bodies and query parameters, read field by field so that one answer names every mistake.
//!
//! [`BodyFields`] and [`QueryFields`] hand out parsed fields and note what is wrong with the others.
//! The types that are read from them are the domain's own: past a handler's signature nothing is
//! unchecked.

mod body;
mod error;
mod form;
mod query;

pub(crate) use body::{Body, BodyFields, FromBody, whole_body};
pub(crate) use error::FieldError;
pub(crate) use form::Form;
pub(crate) use query::{FromQuery, QueryFields, flag, short_text, time, uuid};
