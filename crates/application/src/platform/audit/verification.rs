//! Integrity check of the audit log's hash chain.

use std::{fmt, str::FromStr};

use super::{ChainHash, FIRST_PREV_HASH, chain_hash};
use crate::{
    platform::ports::{AuditEntry, AuditHead, StoreError},
    store::Store,
};

/// Entries per read, which bounds the memory for a log of any length.
const CHUNK: u32 = 2_000;

/// An entry's place and hash. Stored out of reach of database writers, it later proves that the log
/// up to there is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// 0 is before the first entry.
    pub seq: i64,
    pub hash: ChainHash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be SEQ:HASH as it was printed: a number, a colon, 64 digits from 0 to f")]
pub struct NoMark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of checked entries.
    pub entries: u64,
    /// The last checked entry.
    pub head: Mark,
}

/// The first place where the chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} of the audit log {flaw}")]
pub struct Broken {
    pub seq: i64,
    pub flaw: Flaw,
}

/// The text completes a sentence whose subject is the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("is missing")]
    Missing,
    /// `prev_hash` is not the hash of the previous entry.
    #[error("was not written behind the entry before it")]
    Detached,
    /// `hash` does not match the content.
    #[error("does not say what it said when it was written")]
    Changed,
    /// A known mark has another hash for this place.
    #[error("is not the one whose hash was noted")]
    NotAsNoted,
    /// A stored witness of it bears no seal of the server's key.
    #[error("was noted under another seal than this server's")]
    Unsealed,
    /// The last entry's hash differs from the head's.
    #[error("is not the one that the head of the log names")]
    NotTheHead,
    /// The entry lies beyond the head.
    #[error("lies behind the head of the log")]
    BehindTheHead,
}

#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Verifies every entry from `from`, or from the first one, up to the head at the start of the
/// call. Also checks all `known` marks. Blocks for as long as the log takes to read.
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

/// The verified part of the chain.
struct Chain {
    next: i64,
    /// `None` before the first entry of a check that starts at a mark.
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

/// `known` is sorted by place.
fn is_as_noted(seq: i64, hash: ChainHash, known: &[Mark]) -> Result<(), Broken> {
    let flaw = Flaw::NotAsNoted;
    let first = known.partition_point(|mark| mark.seq < seq);
    let mut here = known[first..].iter().take_while(|mark| mark.seq == seq);
    match here.any(|mark| mark.hash != hash) {
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
    fn a_printed_mark_parses_to_itself() {
        let mut hash = [0xab; 32];
        hash[0] = 7;
        let mark = Mark { seq: 12, hash };
        assert!(mark.to_string().starts_with("12:07abab"));
        assert_eq!(mark.to_string().parse(), Ok(mark));
        let typed = format!(" {}\n", mark.to_string().to_uppercase());
        assert_eq!(typed.parse(), Ok(mark));
    }

    #[test]
    fn text_that_is_no_mark_is_refused() {
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
