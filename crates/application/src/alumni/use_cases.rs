use std::sync::Arc;

use super::{claims::Claims, reference::Reference, register::Register};
use crate::{Context, platform::jobs::JobHandler};

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub reference: Reference,
    pub register: Register,
    pub claims: Claims,
}

impl UseCases {
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            reference: Reference {
                context: context.clone(),
            },
            register: Register {
                context: context.clone(),
            },
            claims: Claims {
                context: context.clone(),
            },
        }
    }

    /// The handlers of this area's background jobs.
    pub(crate) fn job_handlers(&self) -> Vec<Arc<dyn JobHandler>> {
        Vec::new()
    }
}
