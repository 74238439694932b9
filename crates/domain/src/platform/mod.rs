//! Typed ids, enums with stable names, client networks, tasks, keys of files, and validated text that every
//! area uses.

pub mod file_key;
pub mod ids;
mod named_enum;
pub mod network;
pub mod task;
pub mod text;
