//! Counters of ended sessions.

use abu_chat_protocol::CloseCode;

/// Counts each close code from zero, for a recorder that is installed: a counter that appears with its first
/// event hides it from rates.
pub fn begin_counters() {
    for code in CloseCode::NAMED {
        closed(*code).increment(0);
    }
}

pub(crate) fn closed(code: CloseCode) -> metrics::Counter {
    metrics::counter!("abu_chat_closed_total", "code" => u16::from(code).to_string())
}
