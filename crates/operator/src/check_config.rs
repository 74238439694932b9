use std::io::{self, Write};

use super::AdminError;
use abu_settings::{Configuration, Sources};

pub(super) fn run(sources: &Sources) -> Result<(), AdminError> {
    let configuration = Configuration::read(sources);
    let mut out = io::stdout().lock();
    writeln!(out, "# environment: {}", configuration.environment)?;
    for setting in &configuration.effective {
        writeln!(out, "{setting}")?;
    }
    out.flush()?;
    configuration.settings?;
    Ok(())
}
