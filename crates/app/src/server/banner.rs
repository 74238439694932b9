//! Start-up banner for the terminal. Shows no secret.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, absolute},
};

use abu_logging::Format;
use abu_security::StoredSecret;
use abu_settings::Environment;
use tokio::task::spawn_blocking;

use super::RunningServer;
use crate::{database, version::VERSION};

/// A log in JSON is read by programs, which need no banner.
pub(super) fn print(server: &RunningServer, demo: bool) {
    if server.settings.log.format == Format::Json {
        return;
    }
    let mut banner = Vec::new();
    // Writing to memory does not fail.
    let _ = write(&mut banner, server, demo);
    // On a thread of its own: a pipe that is not read would block this one.
    drop(spawn_blocking(move || {
        let mut out = io::stdout().lock();
        // Standard output may be closed.
        let _ = out.write_all(&banner).and_then(|()| out.flush());
    }));
}

fn write(out: &mut impl Write, server: &RunningServer, demo: bool) -> io::Result<()> {
    let settings = &server.settings;
    let site = format!("http://{}", reachable(server.address));
    writeln!(
        out,
        "\nABU Alumni Connect {VERSION}, {}",
        settings.environment
    )?;
    writeln!(out, "  listens on  {}", server.address)?;
    if settings.docs.enabled {
        writeln!(out, "  API         {site}/docs")?;
    }
    if settings.console.enabled {
        writeln!(out, "  console     {site}/console")?;
        writeln!(out, "  office      {site}/console/office")?;
    }
    if let Some(email) = &settings.superuser.email {
        writeln!(out, "  admin       {}", email.as_str())?;
        writeln!(out, "  password    {}", how_to_get_the_password(server))?;
    }
    if demo {
        writeln!(out, "  people      {} and 59 more", abu_demo::FIRST_EMAIL)?;
        writeln!(out, "  of office   {}", abu_demo::OFFICE_EMAIL)?;
        writeln!(out, "  password    {}", abu_demo::PASSWORD)?;
    }
    match &settings.database.url {
        Some(_) => writeln!(out, "  data        in the database of database.url")?,
        None => {
            let folder = database::folder(&settings.data.dir);
            writeln!(out, "  data        {}", full(&folder))?;
        }
    }
    if settings.mail.smtp.is_none() {
        writeln!(out, "  mail        {}", full(&settings.data.mail_folder()))?;
    }
    writeln!(out, "  stop it with Ctrl-C\n")
}

fn how_to_get_the_password(server: &RunningServer) -> String {
    let kept = server.secrets.path(StoredSecret::SuperuserPassword);
    let superuser = &server.settings.superuser;
    if superuser.password.is_none() && kept.exists() {
        return format!("cat {}", quoted(&full(&kept)));
    }
    if superuser.password.is_some() && server.settings.environment != Environment::Production {
        return "as configured (superuser.password), unless it was changed".to_owned();
    }
    let email = superuser
        .email
        .as_ref()
        .map_or("EMAIL", |email| email.as_str());
    format!("known to them; set another with: abu-admin reset-password {email}")
}

fn full(path: &Path) -> String {
    let absolute = absolute(path);
    absolute.as_deref().unwrap_or(path).display().to_string()
}

/// Quotes a path for a shell if needed.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// A connectable address: the loopback address in place of the unspecified one.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unspecified_address_becomes_the_loopback_address() {
        let reach = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reach("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reach("[::]:80"), "[::1]:80");
        assert_eq!(reach("192.0.2.1:80"), "192.0.2.1:80");
    }

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("/a/.b-c_d"), "/a/.b-c_d");
        assert_eq!(quoted("/it's here"), r"'/it'\''s here'");
    }
}
