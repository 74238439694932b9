//! Server settings as command-line arguments: every start sets all of them, so no old value persists.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::access::Access;
use crate::socket::PORT;

/// Details and statements of an error may hold personal data, so the log omits them.
const COMMON: [(&str, &str); 7] = [
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_line_prefix", "%m [%p] "),
    ("shared_buffers", "128MB"),
    ("max_connections", "100"),
];

/// The server flushes a commit to disk before it acknowledges it.
const DURABLE: [(&str, &str); 3] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
];

/// No data need to survive a crash. Many tests share one server.
const THROWAWAY: [(&str, &str); 4] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "1000"),
];

/// The last of two settings with one name wins. The caller's settings override the defaults, but not those
/// that keep the server private and its log in `postgres.log`.
pub(crate) fn arguments(
    cluster: &Path,
    socket: &Path,
    access: &Access,
    throwaway: bool,
    chosen: &[(String, String)],
) -> Vec<OsString> {
    let mut arguments = vec!["-D".into(), cluster.into()];
    let mut set = |name: &str, value: &[u8]| {
        arguments.push("-c".into());
        arguments.push(OsString::from_vec([name.as_bytes(), b"=", value].concat()));
    };
    let ours = COMMON.iter().chain(if throwaway {
        THROWAWAY.iter()
    } else {
        DURABLE.iter()
    });
    ours.for_each(|(name, value)| set(name, value.as_bytes()));
    chosen
        .iter()
        .for_each(|(name, value)| set(name, value.as_bytes()));
    set("listen_addresses", b"");
    set("port", PORT.to_string().as_bytes());
    set("unix_socket_directories", &quoted(socket));
    set("unix_socket_permissions", b"0700");
    set("hba_file", access.hba.as_os_str().as_bytes());
    set("ident_file", access.ident.as_os_str().as_bytes());
    set("external_pid_file", b"");
    set("logging_collector", b"off");
    set("log_destination", b"stderr");
    arguments
}

/// The setting is a list of folders; quotes keep a comma or a blank from splitting one.
fn quoted(folder: &Path) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in folder.as_os_str().as_bytes() {
        if byte == b'"' {
            quoted.push(byte);
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_settings_come_after_ours_and_before_what_keeps_the_server_private() {
        let access = Access {
            hba: "/h".into(),
            ident: "/i".into(),
        };
        let chosen = [
            ("max_connections".to_owned(), "7".to_owned()),
            ("listen_addresses".to_owned(), "*".to_owned()),
        ];
        let arguments = arguments(Path::new("/c"), Path::new("/s"), &access, false, &chosen);
        let place = |wanted: &str| {
            arguments
                .iter()
                .position(|argument| argument == wanted)
                .unwrap()
        };
        assert!(place("max_connections=100") < place("max_connections=7"));
        assert!(place("listen_addresses=*") < place("listen_addresses="));
    }

    #[test]
    fn folder_with_quotes_and_commas_stays_one_folder() {
        assert_eq!(quoted(Path::new("/a\"b, c")), b"\"/a\"\"b, c\"");
    }
}
