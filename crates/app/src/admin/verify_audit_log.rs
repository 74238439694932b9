use std::io::{self, Write};

use abu_application::platform::audit::{Mark, verify};

use super::{AdminError, database::OpenDatabase};
use crate::{database::require_migrated, settings::Settings};

pub(super) fn run(
    settings: &Settings,
    from: Option<Mark>,
    known: &[Mark],
) -> Result<(), AdminError> {
    if let Some(from) = from
        && known.iter().any(|mark| mark.seq < from.seq)
    {
        let rule = "what lies before --from is not looked at; give no --known of an earlier place";
        return Err(AdminError::Usage(rule.to_owned()));
    }
    let database = OpenDatabase::of(settings)?;
    require_migrated(&database.url)?;
    let verified = verify(&*database.store(), from, known)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{} entries, whole", verified.entries)?;
    writeln!(out, "head {}", verified.head)?;
    Ok(())
}
