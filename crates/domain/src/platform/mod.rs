//! Typed ids, enums with stable names, client networks, and validated text that every area uses.

pub mod ids;
mod named_enum;
pub mod network;
pub mod text;
