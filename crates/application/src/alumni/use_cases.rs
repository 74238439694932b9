use std::sync::Arc;

use super::{
    claims::Claims,
    imports::{CommitJob, ImportPolicy, Imports, JudgeJob, RollBackJob, TidyJob},
    records::{DuplicatesJob, Records},
    reference::Reference,
    register::Register,
};
use crate::{Context, platform::jobs::JobHandler};

/// What the operator decides.
pub struct Policies {
    pub imports: ImportPolicy,
}

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub reference: Reference,
    pub register: Register,
    pub records: Records,
    pub imports: Imports,
    pub claims: Claims,
}

impl UseCases {
    pub(crate) fn new(context: &Context, policies: Policies) -> Self {
        Self {
            reference: Reference {
                context: context.clone(),
            },
            register: Register {
                context: context.clone(),
            },
            records: Records {
                context: context.clone(),
            },
            imports: Imports {
                context: context.clone(),
                policy: policies.imports,
            },
            claims: Claims {
                context: context.clone(),
            },
        }
    }

    /// The handlers of this area's background jobs.
    pub(crate) fn job_handlers(&self) -> Vec<Arc<dyn JobHandler>> {
        let imports = || self.imports.clone();
        vec![
            Arc::new(JudgeJob(imports())),
            Arc::new(CommitJob(imports())),
            Arc::new(RollBackJob(imports())),
            Arc::new(TidyJob(imports())),
            Arc::new(DuplicatesJob(self.records.clone())),
        ]
    }
}
