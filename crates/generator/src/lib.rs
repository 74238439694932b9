#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod clerical;
mod contact;
mod csv;
mod draw;
mod graduates;
mod mapping;
mod matric;
mod names;
mod reference;
mod studies;
mod vocabulary;

pub use csv::{HEADER, write_header, write_row};
pub use graduates::{BLOCK, Generator, Graduate};
pub use mapping::mapping;
pub use studies::{Course, Department, Level, NoCourses};
