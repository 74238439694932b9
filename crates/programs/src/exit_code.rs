//! Exit codes of both programs, as `--help` lists them.

pub const OK: u8 = 0;
/// A failure without a code of its own.
pub const FAILED: u8 = 1;
pub const USAGE: u8 = 2;
/// Invalid or incomplete settings, a database that cannot serve, or another server on it.
pub const CONFIGURATION: u8 = 3;
/// The database is unreachable or does not start.
pub const DATABASE: u8 = 4;
/// The database's migrations are not those of this release.
pub const MIGRATIONS: u8 = 5;
/// The address is in use, invalid, or privileged.
pub const ADDRESS: u8 = 6;
/// The audit log's hash chain is broken.
pub const AUDIT_LOG: u8 = 7;
/// A graceful shutdown left requests, mails or messages unfinished.
pub const WORK_LEFT: u8 = 8;
/// SIGINT cut a shutdown short: 128 + 2.
pub const INTERRUPTED: u8 = 130;
/// SIGQUIT cut a shutdown short: 128 + 3.
pub const QUIT: u8 = 131;
/// SIGTERM cut a shutdown short: 128 + 15.
pub const TERMINATED: u8 = 143;

pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed, for another reason than these
  2  the command line is wrong
  3  the configuration is wrong or incomplete, or another server runs on the database, or the database is one
     that cannot be used (its encoding is not UTF8, a transaction pooler stands before it)
  4  the database cannot be reached or started, or a lock in it is not released
  5  the database's migrations are not those of this release
  6  the address to listen on cannot be had
  7  the audit log is not whole
  8  stopped, but not everything was finished in time (server.shutdown_timeout)
  130, 131, 143  ended at once by a second Ctrl-C, SIGQUIT or SIGTERM";
