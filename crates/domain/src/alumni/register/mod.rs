//! The register of graduates: what a record holds, and how it is written.

mod matric;

pub use matric::MatricNumber;
