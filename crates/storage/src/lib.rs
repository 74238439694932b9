#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod entries;
mod folder;
mod partial;

pub use folder::FolderStore;
