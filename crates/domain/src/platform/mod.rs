//! Typed ids and validated text that every area uses.

pub mod ids;
pub mod text;
