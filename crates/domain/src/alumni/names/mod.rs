//! Fuzzy matching of names: folding, tokens, variant spellings, symmetric deletes, a phonetic key and edit distance.
//!
//! A [`Name`] holds the tokens of a person's name. A [`Query`] holds those of a search; its [`Lookup`] asks the
//! vocabulary of all tokens for candidates, and [`expand`] sorts the candidates into tiers. The database folds nothing.

mod deletes;
mod distance;
mod expansion;
mod fold;
mod lexicon;
mod query;
mod skeleton;
mod tokens;

pub use deletes::deletes;
pub use distance::distance;
pub use expansion::{Candidate, Expansion, TIER_SIZE, expand};
pub use fold::fold;
pub use lexicon::{Lexicon, LexiconError, VariantClass};
pub use query::{Lookup, Query};
pub use skeleton::skeleton;
pub use tokens::{Name, Token};

/// Version of what a database derives from names: keys, tokens, deletes and skeletons.
///
/// It rises with each change of their rules. Rows that a lower version made must be made again.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
