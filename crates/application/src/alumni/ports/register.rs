/// Records, awards and imports, as they are read.
pub trait RegisterReads {}

/// Records, awards and imports, as they are written.
pub trait RegisterWrites {}
