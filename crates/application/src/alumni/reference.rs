//! Reference data: faculties, departments, programmes, degrees, states, countries and industries.

use crate::Context;

/// The use cases of this resource.
#[derive(Clone)]
pub struct Reference {
    pub context: Context,
}
