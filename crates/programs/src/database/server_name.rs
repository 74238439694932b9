use std::process;

use abu_application::platform::ports::Ids;
use nix::unistd::gethostname;

/// Fits into PostgreSQL's `application_name` with the rest of the name.
const MAX_HOST_CHARS: usize = 20;

/// Names this process to the operator of another one. The random part is for containers, which
/// share host names and process ids.
pub fn server_name(ids: &dyn Ids) -> String {
    let host = gethostname().unwrap_or_default();
    let host: String = host
        .to_string_lossy()
        .chars()
        .take(MAX_HOST_CHARS)
        .collect();
    let random = ids.random().as_fields().0;
    format!("abu-server {} on {host} {random:08x}", process::id())
}
