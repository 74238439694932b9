//! Whether the audit log is whole.

use std::{fmt, str::FromStr};

use super::{ChainHash, FIRST_PREV_HASH, chain_hash};
use crate::{
    platform::ports::{AuditEntry, AuditHead, StoreError},
    store::Store,
};

/// How many entries are read at a time, so that a log of any length takes no more memory.
const CHUNK: u32 = 2_000;

/// An entry's place and hash. Noted where those who can write to the database cannot, it proves later
/// that the log up to this entry is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place; 0 is before the first entry.
    pub seq: i64,
    /// The hash of the entry there.
    pub hash: ChainHash,
}

/// The text is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be SEQ:HASH as it was printed: a number, a colon, 64 digits from 0 to f")]
pub struct NoMark;

/// A log that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries were looked at.
    pub entries: u64,
    /// The last of them.
    pub head: Mark,
}

/// Where the log is not whole: the first such place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} of the audit log {flaw}")]
pub struct Broken {
    /// The place of the entry.
    pub seq: i64,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// What is wrong with an entry; read after what names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is none at its place.
    #[error("is missing")]
    Missing,
    /// The entry before it is not the one that it was written behind.
    #[error("was not written behind the entry before it")]
    Detached,
    /// Its hash is not that of what it says.
    #[error("does not say what it said when it was written")]
    Changed,
    /// Another one was at its place when its hash was noted.
    #[error("is not the one whose hash was noted")]
    NotAsNoted,
    /// It is the last one, and the head of the log names another hash.
    #[error("is not the one that the head of the log names")]
    NotTheHead,
    /// It comes after the end of the log.
    #[error("lies behind the head of the log")]
    BehindTheHead,
}

/// Why a log was not found whole.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// It is not.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the log, up to where it ends when this begins, and proves that each entry is what was written,
/// right behind the one before. Begins at the entry `from`, or at the first one, and proves on the way
/// that the log holds all that is `known`. Blocks for as long as that takes.
///
/// # Errors
/// The first place where the log is not whole, or the store's failure.
pub fn verify(
    store: &dyn Store,
    from: Option<Mark>,
    known: &[Mark],
) -> Result<Verified, VerificationError> {
    let head = store.read(|tx| tx.audit_head())?;
    let mut known: Vec<Mark> = known.iter().copied().chain(from).collect();
    known.sort_unstable_by_key(|mark| mark.seq);
    let mut chain = Chain::from(from);
    is_as_noted(0, FIRST_PREV_HASH, &known)?;
    while chain.next <= head.seq {
        let chunk = store.read(|tx| tx.audit_chain(chain.next - 1, CHUNK))?;
        if chunk.is_empty() {
            break;
        }
        for entry in chunk.iter().take_while(|entry| entry.seq <= head.seq) {
            chain.add(entry, &known)?;
        }
    }
    chain.end(&head, &known)
}

/// What was found whole so far.
struct Chain {
    /// The place of the next entry.
    next: i64,
    /// The hash of the entry before it, where that was looked at.
    prev: Option<ChainHash>,
    entries: u64,
}

impl Chain {
    fn from(mark: Option<Mark>) -> Self {
        let first = mark.map_or(1, |mark| mark.seq.max(1));
        Self {
            next: first,
            prev: (first == 1).then_some(FIRST_PREV_HASH),
            entries: 0,
        }
    }

    fn add(&mut self, entry: &AuditEntry, known: &[Mark]) -> Result<(), Broken> {
        let seq = self.next;
        let broken = |flaw| Err(Broken { seq, flaw });
        if entry.seq != seq {
            return broken(Flaw::Missing);
        }
        let Ok(prev) = ChainHash::try_from(&*entry.prev_hash) else {
            return broken(Flaw::Detached);
        };
        if self.prev.is_some_and(|expected| expected != prev) {
            return broken(Flaw::Detached);
        }
        let hash = chain_hash(&prev, seq, &entry.row);
        if entry.hash != hash {
            return broken(Flaw::Changed);
        }
        is_as_noted(seq, hash, known)?;
        self.next += 1;
        self.prev = Some(hash);
        self.entries += 1;
        Ok(())
    }

    fn end(self, head: &AuditHead, known: &[Mark]) -> Result<Verified, VerificationError> {
        let broken = |seq, flaw| Err(Broken { seq, flaw }.into());
        if self.next <= head.seq {
            return broken(self.next, Flaw::Missing);
        }
        if let Some(beyond) = known.iter().find(|mark| mark.seq > head.seq) {
            return broken(beyond.seq, Flaw::Missing);
        }
        let hash = self.prev.unwrap_or(FIRST_PREV_HASH);
        if head.hash != hash {
            return broken(head.seq, Flaw::NotTheHead);
        }
        if head.last_seq > head.seq {
            return broken(head.seq + 1, Flaw::BehindTheHead);
        }
        Ok(Verified {
            entries: self.entries,
            head: Mark {
                seq: head.seq,
                hash,
            },
        })
    }
}

fn is_as_noted(seq: i64, hash: ChainHash, known: &[Mark]) -> Result<(), Broken> {
    let flaw = Flaw::NotAsNoted;
    match known
        .iter()
        .any(|mark| mark.seq == seq && mark.hash != hash)
    {
        true => Err(Broken { seq, flaw }),
        false => Ok(()),
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let (seq, digits) = text.trim().split_once(':').ok_or(NoMark)?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or(NoMark)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NoMark);
        }
        let mut hash = FIRST_PREV_HASH;
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = str::from_utf8(pair).map_err(|_no_text| NoMark)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_no_digits| NoMark)?;
        }
        Ok(Self { seq, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_as_it_was_printed() {
        let mut hash = [0xab; 32];
        hash[0] = 7;
        let mark = Mark { seq: 12, hash };
        assert!(mark.to_string().starts_with("12:07abab"));
        assert_eq!(mark.to_string().parse(), Ok(mark));
        let typed = format!(" {}\n", mark.to_string().to_uppercase());
        assert_eq!(typed.parse(), Ok(mark));
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        let zeros = "0".repeat(64);
        for text in [
            String::new(),
            zeros.clone(),
            format!("x:{zeros}"),
            format!("-1:{zeros}"),
            format!("1:{zeros}0"),
            format!("1:{}", &zeros[1..]),
            format!("1:+{}", &zeros[1..]),
            format!("1:{}é", &zeros[2..]),
        ] {
            assert_eq!(text.parse::<Mark>(), Err(NoMark), "{text}");
        }
    }
}
