//! Records, awards and imports.

use abu_application::alumni::ports::{RegisterReads, RegisterWrites};

use crate::store::Session;

impl RegisterReads for Session<'_> {}

impl RegisterWrites for Session<'_> {}
