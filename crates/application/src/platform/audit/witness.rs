//! Sealed witnesses of the audit log's head.
//!
//! A writer of the database can rewrite the whole chain, which is then whole again. Earlier heads
//! under a key outside the database prove that it is another chain.

use chrono::{DateTime, Utc};

use super::{Broken, ChainHash, FIRST_PREV_HASH, Flaw, Mark};
use crate::{
    platform::ports::{AuditWitness, HeadSealer, StoreError},
    store::Store,
};

/// Stores the sealed head, and returns it; `None` while the log is empty. Blocks.
pub fn note_head(
    store: &dyn Store,
    sealer: &dyn HeadSealer,
    now: DateTime<Utc>,
) -> Result<Option<Mark>, StoreError> {
    store.transaction(|tx| {
        let head = tx.audit_head()?;
        if head.seq == 0 {
            return Ok(None);
        }
        let mark = Mark {
            seq: head.seq,
            hash: ChainHash::try_from(&*head.hash).unwrap_or(FIRST_PREV_HASH),
        };
        tx.insert_audit_witness(&AuditWitness {
            seq: mark.seq,
            hash: mark.hash.into(),
            noted_at: now,
            seal: sealer.seal(&mark).into(),
        })?;
        Ok(Some(mark))
    })
}

/// The heads of the witnesses, for [`verify`](super::verify).
///
/// # Errors
/// [`Flaw::Unsealed`] for the first one that does not bear the seal.
pub fn sealed_heads(
    witnesses: &[AuditWitness],
    sealer: &dyn HeadSealer,
) -> Result<Vec<Mark>, Broken> {
    let head = |witness: &AuditWitness| {
        let (seq, flaw) = (witness.seq, Flaw::Unsealed);
        let hash = ChainHash::try_from(&*witness.hash).map_err(|_length| Broken { seq, flaw })?;
        let mark = Mark { seq, hash };
        match sealer.key_of(&mark, &witness.seal) {
            Some(_) => Ok(mark),
            None => Err(Broken { seq, flaw }),
        }
    };
    witnesses.iter().map(head).collect()
}
