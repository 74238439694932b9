//! Reference data.

use abu_application::alumni::ports::{ReferenceReads, ReferenceWrites};

use crate::store::Session;

impl ReferenceReads for Session<'_> {}

impl ReferenceWrites for Session<'_> {}
