//! Health probe over HTTP, for containers without another client.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use abu_settings::Settings;
use actix_web::http::Uri;

use super::AdminError;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Enough for the status line.
const MAX_ANSWER_BYTES: u64 = 1_024;

/// The readiness endpoint of a server with these settings.
pub(super) fn usual_url(settings: &Settings) -> Result<Uri, AdminError> {
    let host = match settings.server.host {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(host, settings.server.port);
    format!("http://{address}/health/ready")
        .parse()
        .map_err(|error| AdminError::Usage(format!("no URL follows from the settings: {error}")))
}

pub(super) fn run(url: &Uri) -> Result<(), AdminError> {
    let (Some("http"), Some(host)) = (url.scheme_str(), url.host()) else {
        let rule = "the URL must start with http:// and name a host";
        return Err(AdminError::Usage(rule.to_owned()));
    };
    let port = url.port_u16().unwrap_or(80);
    let status = ask(url, host, port)
        .map_err(|error| AdminError::NotHealthy(format!("{url} does not answer: {error}")))?;
    match status {
        200 => Ok(writeln!(io::stdout(), "ready")?),
        503 => Err(AdminError::NotHealthy(format!("{url} is not ready"))),
        _ => Err(AdminError::NotHealthy(format!("{url} answers {status}"))),
    }
}

/// The response's status code.
fn ask(url: &Uri, host: &str, port: u16) -> io::Result<u16> {
    let bare_host = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = connect((bare_host, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer)?;
    status(&answer).ok_or_else(|| io::Error::other("that is no HTTP"))
}

fn connect(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn status(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line_alone() {
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 503"), Some(503));
        for no_answer in [
            &b""[..],
            b"HTTP/1.1",
            b"HTTP/1.1 2",
            b"SSH-2.0-OpenSSH",
            b"HTTP/1.1 abc",
        ] {
            assert_eq!(status(no_answer), None);
        }
    }
}
