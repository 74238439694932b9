//! The register of graduates, which the alumni office owns.

use crate::Context;

/// The use cases of this resource.
#[derive(Clone)]
pub struct Register {
    pub context: Context,
}
