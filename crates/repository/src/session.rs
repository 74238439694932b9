//! Detection of transaction poolers, which hand a session to another client after each transaction.
//!
//! Session state, such as an advisory lock or `SET`, then stays with a client that knows nothing of it.

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, result::Error, sql_query, sql_types::Text,
};
use secrecy::SecretString;

use crate::connection::{ConnectError, open};

/// Turns of the two connections. A pooler that hands out the session used last shows at the second turn. One
/// that takes its sessions in turns shows at the latest when a connection has two turns in a row.
const TURNS: [usize; 8] = [0, 1, 0, 0, 1, 1, 0, 1];

#[derive(Debug, thiserror::Error)]
#[error(
    "a transaction pooler, such as PgBouncer with pool_mode = transaction, stands before the database; this \
     program needs sessions of its own: set database.url (ABU__DATABASE__URL) to PostgreSQL itself, or to a \
     pool with pool_mode = session"
)]
pub struct TransactionPooler;

#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Query(#[from] Error),
    #[error(transparent)]
    Pooler(#[from] TransactionPooler),
}

/// Connects with a session of its own.
pub(crate) fn open_session(url: &SecretString) -> Result<PgConnection, SessionError> {
    let mut connections = [open(url)?, open(url)?];
    let mut sessions = Sessions::default();
    for turn in TURNS {
        if !sessions.stay(turn, session(&mut connections[turn])?) {
            return Err(TransactionPooler.into());
        }
    }
    let [connection, _second] = connections;
    Ok(connection)
}

/// The session of each connection, as far as known.
#[derive(Default)]
struct Sessions([Option<String>; 2]);

impl Sessions {
    /// Whether the connection has the session that it had before, and the other connection has another one.
    fn stay(&mut self, turn: usize, session: String) -> bool {
        let other = &self.0[1 - turn];
        let shared = other.as_ref() == Some(&session);
        let known = self.0[turn].get_or_insert_with(|| session.clone());
        !shared && *known == session
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    session: String,
}

/// The time of the start tells sessions apart that have one process id on two machines.
///
/// The statement has no name: a pooler may run it on a session where another client has taken the name.
fn session(connection: &mut PgConnection) -> Result<String, Error> {
    let row: Row = sql_query(
        "SELECT pid || ' ' || backend_start AS session
         FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    )
    .get_result(connection)?;
    Ok(row.session)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a pool of sessions that `choose` numbers by the turn is recognized.
    fn is_recognized(choose: impl Fn(usize, usize) -> usize) -> bool {
        let mut sessions = Sessions::default();
        TURNS
            .into_iter()
            .enumerate()
            .any(|(number, turn)| !sessions.stay(turn, choose(number, turn).to_string()))
    }

    #[test]
    fn every_order_in_which_a_pooler_shares_sessions_is_recognized() {
        assert!(is_recognized(|_number, _turn| 0));
        for size in 2..20 {
            assert!(is_recognized(|number, _turn| number % size), "{size}");
        }
    }

    #[test]
    fn connections_with_sessions_of_their_own_are_no_pooler() {
        assert!(!is_recognized(|_number, turn| turn));
    }
}
