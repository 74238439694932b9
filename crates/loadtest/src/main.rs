//! The binary `abu-loadtest`.

use std::process::ExitCode;

fn main() -> ExitCode {
    abu_loadtest::main()
}
