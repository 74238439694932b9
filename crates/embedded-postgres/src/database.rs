//! Creation of the database that the URL names.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::account::quiet_command;
use crate::cluster::said;
use crate::error::{IoContext, StartError};
use crate::programs::Programs;
use crate::socket;

/// `:'name'` and `%I` quote; `\gexec` runs what the query returns, which is nothing where it exists.
const CREATE: &str = r"SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
";

/// PostgreSQL would cut a longer name silently.
const LONGEST_NAME: usize = 63;

/// Refuses a name that PostgreSQL cannot hold.
pub(crate) fn check_name(name: &str) -> Result<(), StartError> {
    if (1..=LONGEST_NAME).contains(&name.len()) && !name.contains('\0') {
        return Ok(());
    }
    let output = format!("a name has 1 to {LONGEST_NAME} bytes and no zero byte");
    Err(StartError::Database {
        name: name.replace('\0', ""),
        output,
    })
}

pub(crate) fn ensure(programs: &Programs, socket: &Path, name: &str) -> Result<(), StartError> {
    let psql = programs.psql();
    let mut child = quiet_command(&psql)
        .args([
            "--no-psqlrc",
            "--no-password",
            "--quiet",
            "--set",
            "ON_ERROR_STOP=1",
        ])
        .args([
            "--set",
            &format!("name={name}"),
            "--dbname",
            &socket::url(socket, "postgres"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("run", &psql)?;
    if let Some(mut input) = child.stdin.take() {
        // A failed write means that `psql` has ended; its output says why.
        let _ = input.write_all(CREATE.as_bytes());
    }
    let output = child.wait_with_output().context("run", &psql)?;
    if output.status.success() {
        return Ok(());
    }
    Err(StartError::Database {
        name: name.to_owned(),
        output: said(&output),
    })
}
