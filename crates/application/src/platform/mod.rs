//! Cross-cutting mechanisms: pagination, versions, outbox, background jobs, audit chain, rate limits, serving state,
//! blocking pool, clock and ids.

pub mod audit;
pub mod backoff;
pub mod blocking;
pub(crate) mod detached;
pub mod error_chain;
pub mod figures;
pub mod jobs;
pub mod keyed_buckets;
pub mod lists;
pub mod mail;
mod origin;
pub mod orphans;
pub mod ports;
pub mod rate_limits;
pub mod readiness;
pub mod retries;
pub mod system;
pub mod tidy;
pub mod token_bucket;
pub mod versions;
pub mod wake;

pub use origin::Origin;
