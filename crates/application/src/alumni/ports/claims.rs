/// Claims and invitations, as they are read.
pub trait ClaimReads {}

/// Claims and invitations, as they are written.
pub trait ClaimWrites {}
