//! What every area builds on: typed ids, enums with stable names, and text that people type.

pub mod ids;
mod named_enum;
pub mod text;
