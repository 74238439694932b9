//! Key rotation: encrypts and seals anew what the previous key did.
//!
//! It can be interrupted at any time and repeated: what is done is recognized by its key.

use std::{error::Error, sync::Arc};

use crate::{
    identity::ports::TotpSealing,
    platform::{
        audit::{ChainHash, Mark},
        ports::{AuditWitness, HeadSealer, Ids, KeyAge, StoreError},
    },
    store::Store,
};

/// Secrets per transaction.
const BATCH: u32 = 200;

pub struct KeyRotation {
    pub store: Arc<dyn Store>,
    pub totp: Arc<dyn TotpSealing>,
    pub heads: Arc<dyn HeadSealer>,
    pub ids: Arc<dyn Ids>,
}

#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a secret cannot be encrypted: {0}")]
    Seal(#[source] Box<dyn Error + Send + Sync>),
}

/// Values of one kind by their key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCount {
    pub current: usize,
    pub previous: usize,
    pub neither: usize,
}

impl KeyCount {
    fn add(&mut self, key: Option<KeyAge>) {
        match key {
            Some(KeyAge::Current) => self.current += 1,
            Some(KeyAge::Previous) => self.previous += 1,
            None => self.neither += 1,
        }
    }
}

/// Everything that the key protects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    pub totp: KeyCount,
    /// Noted heads of the audit log.
    pub heads: KeyCount,
}

impl KeyRotation {
    /// Counts the values by their keys, and moves those of the previous key to the current one. Blocks.
    pub fn run(&self) -> Result<KeyCounts, RotationError> {
        self.walk(true)
    }

    /// Counts the values by their keys. Blocks.
    pub fn count(&self) -> Result<KeyCounts, RotationError> {
        self.walk(false)
    }

    fn walk(&self, renew: bool) -> Result<KeyCounts, RotationError> {
        Ok(KeyCounts {
            totp: self.totp_secrets(renew)?,
            heads: self.audit_heads(renew)?,
        })
    }

    fn totp_secrets(&self, renew: bool) -> Result<KeyCount, RotationError> {
        let mut count = KeyCount::default();
        let mut after = None;
        loop {
            let batch = self.store.read(|tx| tx.sealed_totp(after, BATCH))?;
            let Some((last, _)) = batch.last() else {
                return Ok(count);
            };
            after = Some(*last);
            let mut old = Vec::new();
            for (user, sealed) in batch {
                let key = self.totp.key_of(user, &sealed);
                count.add(key);
                if key == Some(KeyAge::Previous) {
                    old.push((user, sealed));
                }
            }
            if !renew || old.is_empty() {
                continue;
            }
            self.store.transaction(|tx| {
                for (user, sealed) in &old {
                    let again = self.totp.seal_again(*user, sealed, &*self.ids);
                    // A user who changed it meanwhile has a secret of a server.
                    tx.replace_sealed_totp(*user, sealed, &again.map_err(RotationError::Seal)?)?;
                }
                Ok::<_, RotationError>(())
            })?;
        }
    }

    fn audit_heads(&self, renew: bool) -> Result<KeyCount, RotationError> {
        let mut count = KeyCount::default();
        for witness in self.store.read(|tx| tx.audit_witnesses(0))? {
            let mark = mark(&witness);
            let key = mark.and_then(|mark| self.heads.key_of(&mark, &witness.seal));
            count.add(key);
            if let (true, Some(KeyAge::Previous), Some(mark)) = (renew, key, mark) {
                let seal = self.heads.seal(&mark);
                self.store
                    .transaction(|tx| tx.seal_audit_witness_again(mark.seq, &seal))?;
            }
        }
        Ok(count)
    }
}

/// `None` for a hash that is none: tampering is possible.
fn mark(witness: &AuditWitness) -> Option<Mark> {
    let hash = ChainHash::try_from(&*witness.hash).ok()?;
    Some(Mark {
        seq: witness.seq,
        hash,
    })
}
