/// Reference data, as they are read.
pub trait ReferenceReads {}

/// Reference data, as they are written.
pub trait ReferenceWrites {}
