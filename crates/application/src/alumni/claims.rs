//! Verification: a claim links an account to a record of the register.

use crate::Context;

/// The use cases of this resource.
#[derive(Clone)]
pub struct Claims {
    pub context: Context,
}
