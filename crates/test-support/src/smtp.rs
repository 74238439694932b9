//! A scripted SMTP server (RFC 5321), with TLS and STARTTLS.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use abu_mail::{SmtpLogIn, SmtpSecurity, SmtpSettings};
use abu_settings::Settings;
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// A test fails where an awaited mail takes longer.
const MAIL_TIMEOUT: Duration = Duration::from_secs(60);

/// Pace of the lines of [`SmtpBehavior::Dribble`].
const DRIBBLE_PACE: Duration = Duration::from_millis(20);

/// The server's host, which its certificate names.
const HOST: &str = "localhost";

/// The server's reaction to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpBehavior {
    /// Accepts the mail.
    Accept,
    /// Rejects the recipient with this reply.
    Refuse(&'static str),
    /// Closes the connection within the message.
    BreakOff,
    /// Accepts the mail, and closes the connection instead of a reply.
    LoseAnswer,
    /// Sends no reply after the message until [`SmtpServer::release`], and then accepts the mail.
    Stall,
    /// Replies to the message with line after line, slowly and without an end.
    Dribble,
}

/// A mail that the server accepted.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// The message, in the format of RFC 5322.
    pub message: String,
    pub encrypted: bool,
    pub logged_in: bool,
}

/// An SMTP server on the loopback interface that follows a script. A drop stops it.
pub struct SmtpServer {
    address: SocketAddr,
    security: SmtpSecurity,
    log_in: Option<(String, String)>,
    certificate: String,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    tls: Arc<ServerConfig>,
    security: SmtpSecurity,
    log_in: Option<(String, String)>,
}

#[derive(Default)]
struct State {
    script: VecDeque<SmtpBehavior>,
    received: Vec<ReceivedMail>,
    stalled: usize,
    released: bool,
    /// Whether connections are greeted with line after line, without an end.
    greets_without_end: bool,
    stopping: bool,
}

impl SmtpServer {
    /// Starts a server without encryption or authentication.
    pub fn start() -> Self {
        Self::start_with(SmtpSecurity::None, None)
    }

    /// Starts a server with this encryption, and authentication if `log_in` has a name and a password.
    pub fn start_with(security: SmtpSecurity, log_in: Option<(&str, &str)>) -> Self {
        let (tls, certificate) = tls();
        let log_in = log_in.map(|(name, password)| (name.to_owned(), password.to_owned()));
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            tls,
            security,
            log_in: log_in.clone(),
        });
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the system has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let serving = Arc::clone(&shared);
        thread::spawn(move || serving.serve(&listener));
        Self {
            address,
            security,
            log_in,
            certificate,
            shared,
        }
    }

    /// Makes the application send its mail to this server, with a short poll interval.
    pub fn receive_from(&self, settings: &mut Settings) {
        settings.mail.smtp = Some(self.settings());
        settings.mail.poll_interval = Duration::from_millis(20);
    }

    /// The settings of a client of this server.
    pub fn settings(&self) -> SmtpSettings {
        let certificate = lettre::transport::smtp::client::Certificate::from_pem;
        SmtpSettings {
            host: HOST.to_owned(),
            port: self.address.port(),
            security: self.security,
            log_in: self.log_in.as_ref().map(|(username, password)| SmtpLogIn {
                username: username.clone(),
                password: password.as_str().into(),
            }),
            authority: Some(
                certificate(self.certificate.as_bytes()).expect("a certificate just made is one"),
            ),
            timeout: Duration::from_secs(20),
        }
    }

    /// The self-signed certificate, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Applies these behaviors to the next mails, one each. The server accepts all others.
    pub fn script(&self, behaviors: impl IntoIterator<Item = SmtpBehavior>) {
        self.shared.lock().script.extend(behaviors);
    }

    /// Greets connections with line after line, slowly and without an end.
    pub fn greet_without_end(&self) {
        self.shared.lock().greets_without_end = true;
    }

    /// Continues stalled mails.
    pub fn release(&self) {
        self.shared.lock().released = true;
        self.shared.changed.notify_all();
    }

    pub fn received(&self) -> Vec<ReceivedMail> {
        self.shared.lock().received.clone()
    }

    /// Waits until the server has accepted at least `mails` mails; returns all of them.
    pub fn wait_for(&self, mails: usize) -> Vec<ReceivedMail> {
        let state = self.wait_until(|state| state.received.len() >= mails);
        state.received.clone()
    }

    /// Waits until a mail stalls.
    pub fn wait_for_stall(&self) {
        drop(self.wait_until(|state| state.stalled > 0));
    }

    fn wait_until(&self, holds: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let (state, wait) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), MAIL_TIMEOUT, |state| !holds(state))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            !wait.timed_out(),
            "only {} mails came",
            state.received.len()
        );
        state
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        // Wakes the listener, which then ends; it may have ended already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.lock().stopping {
                return;
            }
            if let Ok(stream) = stream {
                let shared = Arc::clone(&self);
                // The test checks the outcome, so an error here is ignored.
                thread::spawn(move || Dialog::hold(shared, stream));
            }
        }
    }

    fn stall(&self) {
        let mut state = self.lock();
        state.stalled += 1;
        self.changed.notify_all();
        let waiting = |state: &mut State| !state.released && !state.stopping;
        let mut state = self
            .changed
            .wait_while(state, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        state.stalled -= 1;
    }

    fn stops_within(&self, time: Duration) -> bool {
        let serving = |state: &mut State| !state.stopping;
        let (state, _wait) = self
            .changed
            .wait_timeout_while(self.lock(), time, serving)
            .unwrap_or_else(PoisonError::into_inner);
        state.stopping
    }

    fn take(&self, mail: ReceivedMail) {
        self.lock().received.push(mail);
        self.changed.notify_all();
    }
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// One SMTP connection.
struct Dialog {
    shared: Arc<Shared>,
    stream: BufReader<Box<dyn Stream>>,
    encrypted: bool,
    logged_in: bool,
    from: String,
    to: String,
    behavior: SmtpBehavior,
}

/// The next step after a reply.
enum Next {
    Command,
    StartTls,
    End,
}

impl Dialog {
    fn hold(shared: Arc<Shared>, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        // STARTTLS continues on the plain stream.
        let bare = stream.try_clone()?;
        let encrypted = shared.security == SmtpSecurity::Tls;
        let stream: Box<dyn Stream> = match encrypted {
            true => Box::new(encrypt(&shared, stream)?),
            false => Box::new(stream),
        };
        let mut dialog = Self {
            shared,
            stream: BufReader::new(stream),
            encrypted,
            logged_in: false,
            from: String::new(),
            to: String::new(),
            behavior: SmtpBehavior::Accept,
        };
        if dialog.shared.lock().greets_without_end {
            return dialog.dribble("220-localhost is almost ready");
        }
        dialog.say("220 localhost ready")?;
        loop {
            let command = dialog.line()?;
            match dialog.answer(command.trim_end())? {
                Next::Command => {}
                Next::StartTls => {
                    let stream = encrypt(&dialog.shared, bare.try_clone()?)?;
                    dialog.stream = BufReader::new(Box::new(stream));
                    dialog.encrypted = true;
                }
                Next::End => return Ok(()),
            }
        }
    }

    fn answer(&mut self, command: &str) -> io::Result<Next> {
        let (verb, rest) = command.split_once([' ', ':']).unwrap_or((command, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.say(&self.extensions())?,
            "STARTTLS" if self.shared.security == SmtpSecurity::StartTls && !self.encrypted => {
                self.say("220 2.0.0 Go ahead")?;
                return Ok(Next::StartTls);
            }
            "AUTH" => self.log_in(rest)?,
            "MAIL" if self.shared.log_in.is_some() && !self.logged_in => {
                self.say("530 5.7.0 Authentication required")?;
            }
            "MAIL" => {
                self.from = address(rest);
                let next = self.shared.lock().script.pop_front();
                self.behavior = next.unwrap_or(SmtpBehavior::Accept);
                self.say("250 2.1.0 Ok")?;
            }
            "RCPT" => {
                self.to = address(rest);
                match self.behavior {
                    SmtpBehavior::Refuse(answer) => self.say(answer)?,
                    _ => self.say("250 2.1.5 Ok")?,
                }
            }
            "DATA" => return self.data(),
            "RSET" | "NOOP" => self.say("250 2.0.0 Ok")?,
            "QUIT" => {
                self.say("221 2.0.0 Bye")?;
                return Ok(Next::End);
            }
            _ => self.say("502 5.5.2 What?")?,
        }
        Ok(Next::Command)
    }

    fn extensions(&self) -> String {
        let mut lines = vec!["localhost", "8BITMIME"];
        if self.shared.security == SmtpSecurity::StartTls && !self.encrypted {
            lines.push("STARTTLS");
        }
        if self.shared.log_in.is_some() {
            lines.push("AUTH PLAIN");
        }
        let last = lines.pop().unwrap_or_default();
        let before: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        format!("{before}250 {last}")
    }

    fn log_in(&mut self, rest: &str) -> io::Result<()> {
        let expected = self.shared.log_in.as_ref();
        let expected = expected.map(|(name, password)| format!("\0{name}\0{password}"));
        let given = rest
            .strip_prefix("PLAIN ")
            .map(|text| STANDARD.decode(text));
        self.logged_in = match (expected, given) {
            (Some(expected), Some(Ok(given))) => given == expected.as_bytes(),
            _ => false,
        };
        match self.logged_in {
            true => self.say("235 2.7.0 Welcome"),
            false => self.say("535 5.7.8 Error: authentication failed"),
        }
    }

    fn data(&mut self) -> io::Result<Next> {
        self.say("354 Go on")?;
        let mut message = String::new();
        loop {
            let line = self.line()?;
            if line == ".\r\n" {
                break;
            }
            if self.behavior == SmtpBehavior::BreakOff {
                return Ok(Next::End);
            }
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        if self.behavior == SmtpBehavior::Stall {
            self.shared.stall();
        }
        if self.behavior == SmtpBehavior::Dribble {
            self.dribble("250-2.0.0 Almost taken")?;
            return Ok(Next::End);
        }
        self.shared.take(ReceivedMail {
            from: self.from.clone(),
            to: self.to.clone(),
            message,
            encrypted: self.encrypted,
            logged_in: self.logged_in,
        });
        if self.behavior == SmtpBehavior::LoseAnswer {
            return Ok(Next::End);
        }
        self.say("250 2.0.0 Taken")?;
        Ok(Next::Command)
    }

    /// Ends when the client closes the connection, or the server stops.
    fn dribble(&mut self, line: &str) -> io::Result<()> {
        while !self.shared.stops_within(DRIBBLE_PACE) {
            self.say(line)?;
        }
        Ok(())
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        stream.flush()
    }

    /// The next line, with its end.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    }
}

/// The text between `<` and `>`.
fn address(text: &str) -> String {
    let address = text
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    address
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

fn encrypt(
    shared: &Shared,
    stream: TcpStream,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(Arc::clone(&shared.tls)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

/// A TLS configuration with a new self-signed certificate, and that certificate in PEM.
fn tls() -> (Arc<ServerConfig>, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([HOST.to_owned()]).expect("a certificate can be made");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![cert.der().clone()], key)
        })
        .expect("a certificate just made serves");
    (Arc::new(config), cert.pem())
}
