use abu_application::alumni::ports::Batch;

use crate::areas::prelude::*;

json_form! {
    /// A batch of invitations.
    pub(in crate::areas::alumni) struct BatchForm from batch: Batch {
        #[schema(example = "3f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b41")]
        uuid: Uuid = batch.id.uuid(),
        /// `printed` or `email`.
        #[schema(example = "printed")]
        channel: &'static str = batch.channel.name(),
        /// `preparing`, `ready` or `failed`.
        #[schema(example = "ready")]
        state: &'static str = batch.state.name(),
        /// The codes of departments that it was narrowed to.
        #[schema(example = json!(["computer-science"]))]
        departments: Vec<String> = batch.segment.departments,
        /// The codes of faculties that it was narrowed to.
        #[schema(example = json!([]))]
        faculties: Vec<String> = batch.segment.faculties,
        #[schema(example = 2010)]
        year_from: Option<i16> = batch.segment.year_from,
        #[schema(example = 2015)]
        year_to: Option<i16> = batch.segment.year_to,
        /// How many records were named one by one.
        #[schema(example = 0)]
        records: usize = batch.segment.records.len(),
        /// How many invitations there are.
        #[schema(example = 1200)]
        made: u64 = batch.made,
        /// How many records have no address, or an owner who wants no mail.
        #[schema(example = 0)]
        skipped: u64 = batch.skipped,
        /// How many invitations were looked at.
        #[schema(example = 310)]
        opened: u64 = batch.opened,
        /// How many codes were used.
        #[schema(example = 254)]
        accepted: u64 = batch.accepted,
        #[schema(example = "2027-12-01T09:00:00Z")]
        expires_at: DateTime<Utc> = batch.expires_at,
        /// From when none of its codes is good; null while they are.
        #[schema(example = json!(null))]
        revoked_at: Option<DateTime<Utc>> = batch.revoked_at,
        /// When its codes were downloaded first; null where they were not.
        #[schema(example = "2026-12-01T09:10:00Z")]
        downloaded_at: Option<DateTime<Utc>> = batch.downloaded_at,
        /// Who made it; null where the account was erased.
        #[schema(example = "1c9a7a2e-6f0a-4c7e-9d57-6a1a5f0c2b43")]
        created_by: Option<Uuid> = batch.created_by.map(|user| user.uuid()),
        #[schema(example = "2026-12-01T09:00:00Z")]
        created_at: DateTime<Utc> = batch.created_at,
        #[schema(example = "2026-12-01T09:10:00Z")]
        last_modified: DateTime<Utc> = batch.last_modified,
    }
}
