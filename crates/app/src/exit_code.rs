//! What the programs tell their caller at the end. `--help` lists these.

/// Done.
pub const OK: u8 = 0;
/// Failed, for a reason that has no number of its own.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// The configuration is wrong, or something it should hold is missing.
pub const CONFIGURATION: u8 = 3;
/// The database cannot be reached, or cannot be started.
pub const DATABASE: u8 = 4;
/// The database is not at this release's version.
pub const MIGRATIONS: u8 = 5;
/// The address to listen on cannot be had.
pub const ADDRESS: u8 = 6;
/// The audit log is not whole.
pub const AUDIT_LOG: u8 = 7;
/// Interrupted, by Ctrl-C, before all was done.
pub const INTERRUPTED: u8 = 130;
/// Told to terminate once more, before all was done.
pub const TERMINATED: u8 = 143;

/// The part of `--help` about them.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed, for another reason than these
  2  the command line is wrong
  3  the configuration is wrong or incomplete
  4  the database cannot be reached or started
  5  the database's migrations are not those of this release
  6  the address to listen on cannot be had
  7  the audit log is not whole
  130, 143  ended at once by a second Ctrl-C or SIGTERM";
