use std::sync::Arc;

use super::{
    access_log::AccessLog,
    claims::{Claims, EvidenceJob, ExpiryJob, MailboxJob, RetentionJob},
    directory::{CheckJob, Directory, FacetsJob, SetsJob, VocabularyJob},
    imports::{CommitJob, ImportPolicy, Imports, JudgeJob, RollBackJob, TidyJob},
    invitations::{BatchJob, Invitations},
    ports::ClaimCodes,
    profiles::{CountUsesJob, FollowImportJob, FollowTermJob, Profiles, Vocabularies},
    records::{DuplicatesJob, Records},
    reference::Reference,
    relations::NoRelations,
};
use crate::{
    Context, Database, access::TotpPolicy, identity::ports::LinkTokens, platform::jobs::JobHandler,
};

/// What verification takes of the areas of accounts and rights.
pub struct Verification {
    pub links: Arc<dyn LinkTokens>,
    pub totp_policy: Arc<TotpPolicy>,
}

/// What the operator decides, and the cryptography of codes.
pub struct Policies {
    pub claim_codes: Arc<dyn ClaimCodes>,
    pub imports: ImportPolicy,
    /// The database as searches of the directory see it.
    pub searches: Database,
}

/// The use cases of this area.
#[derive(Clone)]
pub struct UseCases {
    pub access_log: AccessLog,
    pub reference: Reference,
    pub records: Records,
    pub imports: Imports,
    pub claims: Claims,
    pub invitations: Invitations,
    pub directory: Directory,
    pub profiles: Profiles,
    pub vocabularies: Vocabularies,
}

impl UseCases {
    pub(crate) fn new(context: &Context, policies: Policies, verification: Verification) -> Self {
        let claims = Claims {
            context: context.clone(),
            codes: policies.claim_codes,
            links: verification.links,
            totp_policy: verification.totp_policy,
            disk: policies.imports.disk.clone(),
        };
        Self {
            access_log: AccessLog {
                context: context.clone(),
            },
            reference: Reference {
                context: context.clone(),
            },
            records: Records {
                context: context.clone(),
            },
            imports: Imports {
                context: context.clone(),
                policy: policies.imports,
            },
            invitations: Invitations {
                claims: claims.clone(),
            },
            directory: Directory::new(context, policies.searches),
            profiles: Profiles {
                context: context.clone(),
                relations: Arc::new(NoRelations),
            },
            vocabularies: Vocabularies {
                context: context.clone(),
            },
            claims,
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
            Arc::new(MailboxJob(self.claims.clone())),
            Arc::new(ExpiryJob(self.claims.clone())),
            Arc::new(EvidenceJob(self.claims.clone())),
            Arc::new(RetentionJob(self.claims.clone())),
            Arc::new(BatchJob(self.invitations.clone())),
            Arc::new(DuplicatesJob(self.records.clone())),
            Arc::new(VocabularyJob),
            Arc::new(FacetsJob),
            Arc::new(SetsJob(self.directory.clone())),
            Arc::new(CheckJob(self.directory.clone())),
            Arc::new(FollowTermJob(self.profiles.clone())),
            Arc::new(FollowImportJob(self.profiles.clone())),
            Arc::new(CountUsesJob(self.profiles.clone())),
        ]
    }
}
