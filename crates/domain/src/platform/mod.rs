//! What every area builds on: typed ids, and text that people type.

pub mod ids;
pub mod text;
