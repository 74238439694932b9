//! Limits of the machine: connections of PostgreSQL, open files of the server.

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use postgres::{Client, error::SqlState};

use super::{End, Row, TUNING};
use crate::faults::{
    FaultError,
    bed::{APPLICATION, Bed, Tuning},
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "too many connections",
        hold: [5, 15],
        tuning: Tuning {
            postgres: &[("max_connections", "40")],
            ..TUNING
        },
        begin: take_connections,
    },
    Row {
        name: "descriptor limit of the server",
        hold: [5, 20],
        tuning: Tuning {
            files: Some(320),
            ..TUNING
        },
        begin: take_descriptors,
    },
];

/// Takes all connections that PostgreSQL allows, the server's own included.
fn take_connections(bed: &mut Bed) -> Result<End, FaultError> {
    let mut taken = vec![bed.database()?];
    while take_more(bed, &mut taken)? {}
    Ok(super::end(move |_bed| {
        drop(taken);
        Ok(())
    }))
}

/// Ends the server's connections and takes their places; false once it has none.
fn take_more(bed: &Bed, taken: &mut Vec<Client>) -> Result<bool, FaultError> {
    loop {
        match bed.database() {
            Ok(client) => taken.push(client),
            Err(FaultError::Database(error))
                if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) =>
            {
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let ended = taken[0].query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND application_name <> $1",
        &[&APPLICATION],
    )?;
    Ok(!ended.is_empty())
}

/// More than the limit leaves.
const IDLE: usize = 500;
const REFILL_PERIOD: Duration = Duration::from_millis(500);

/// Keeps more connections open than the server has descriptors for, none of which sends anything.
fn take_descriptors(bed: &mut Bed) -> Result<End, FaultError> {
    let endpoint = bed.endpoint.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&stop);
    let flood = thread::spawn(move || {
        let mut idle: Vec<TcpStream> = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            idle.retain(is_open);
            let missing = IDLE - idle.len();
            let opened = (0..missing).map_while(|_| connect(endpoint.http()));
            idle.extend(opened);
            thread::sleep(REFILL_PERIOD);
        }
    });
    Ok(super::end(move |_bed| {
        stop.store(true, Ordering::Relaxed);
        // A panic would have left a message.
        let _ = flood.join();
        Ok(())
    }))
}

fn connect(server: std::net::SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&server, REFILL_PERIOD).ok()?;
    stream.set_nonblocking(true).ok()?;
    Some(stream)
}

fn is_open(stream: &TcpStream) -> bool {
    let mut stream = stream;
    matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
