//! Claims and invitations.

use abu_application::alumni::ports::{ClaimReads, ClaimWrites};

use crate::store::Session;

impl ClaimReads for Session<'_> {}

impl ClaimWrites for Session<'_> {}
