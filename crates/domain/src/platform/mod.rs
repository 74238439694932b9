//! Typed ids, enums with stable names, and validated text that every area uses.

pub mod ids;
mod named_enum;
pub mod text;
