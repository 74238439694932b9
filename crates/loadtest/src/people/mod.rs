//! The directory of members under load: latency beside naive queries, and recall of misspelt names.

mod bed;
mod client;
mod latency;
mod pick;
mod recall;
mod typos;

pub(crate) use latency::Latency;
pub(crate) use recall::Recall;
