//! A transaction pooler, as PgBouncer is with `pool_mode = transaction`: all clients share one session of the
//! database, each for the time of a transaction.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use secrecy::{ExposeSecret, SecretString};

use crate::TestDatabase;

/// Codes of the requests for encryption, which come before the startup message.
const ENCRYPTION_REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// A pooler before the database of a test. A drop stops it.
pub struct TransactionPooler {
    address: SocketAddr,
    url: SecretString,
    shared: Arc<Shared>,
}

struct Shared {
    /// The folder of the database's Unix socket.
    socket: PathBuf,
    session: Mutex<Option<Session>>,
    stopping: AtomicBool,
}

/// The session that all clients share.
struct Session {
    stream: UnixStream,
    /// What the database said at the start, for each client.
    greeting: Vec<u8>,
}

impl TransactionPooler {
    pub fn before(database: &TestDatabase) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the system has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let direct = database.url();
        let (user, rest) = direct.expose_secret().split_once('@').expect("a user");
        let (folder, rest) = rest.split_once(':').expect("a port");
        let (_port, rest) = rest.split_once('/').expect("a database");
        let shared = Arc::new(Shared {
            socket: PathBuf::from(folder.replace("%2F", "/")).join(".s.PGSQL.5432"),
            session: Mutex::new(None),
            stopping: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || serving.serve(&listener));
        Self {
            address,
            url: format!("{user}@{address}/{rest}").into(),
            shared,
        }
    }

    /// The database's URL through the pooler.
    pub fn url(&self) -> SecretString {
        self.url.clone()
    }
}

impl Drop for TransactionPooler {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        // Wakes the listener, which then ends.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stopping.load(Ordering::Relaxed) {
                return;
            }
            if let Ok(stream) = stream {
                let shared = Arc::clone(&self);
                // The test checks the outcome, so an error here is ignored.
                thread::spawn(move || shared.relay(stream));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one client until it goes.
    fn relay(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let startup = startup(&mut client)?;
        client.write_all(&self.greeting(&startup)?)?;
        loop {
            let mut held = None;
            loop {
                let request = request(&mut client)?;
                let session = held.get_or_insert_with(|| self.lock());
                let session = session.as_mut().ok_or(io::ErrorKind::NotConnected)?;
                session.stream.write_all(&request)?;
                let (answer, in_transaction) = answer(&mut session.stream)?;
                client.write_all(&answer)?;
                if !in_transaction {
                    break;
                }
            }
        }
    }

    fn greeting(&self, startup: &[u8]) -> io::Result<Vec<u8>> {
        let mut session = self.lock();
        if let Some(session) = &*session {
            return Ok(session.greeting.clone());
        }
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.write_all(startup)?;
        let (greeting, _idle) = answer(&mut stream)?;
        *session = Some(Session {
            stream,
            greeting: greeting.clone(),
        });
        Ok(greeting)
    }
}

/// The startup message; refuses encryption.
fn startup(client: &mut impl ReadWrite) -> io::Result<Vec<u8>> {
    loop {
        let message = body(client)?;
        let code = message.get(4..8).and_then(|code| code.try_into().ok());
        let code = code.map(u32::from_be_bytes).unwrap_or_default();
        if !ENCRYPTION_REQUESTS.contains(&code) {
            return Ok(message);
        }
        client.write_all(b"N")?;
    }
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

/// Messages up to one that the database answers with `ReadyForQuery`.
fn request(client: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let (kind, message) = message(client)?;
        request.extend(message);
        match kind {
            b'Q' | b'S' => return Ok(request),
            b'X' => return Err(io::ErrorKind::ConnectionAborted.into()),
            _ => {}
        }
    }
}

/// Messages up to `ReadyForQuery`, and whether a transaction is open.
fn answer(database: &mut impl Read) -> io::Result<(Vec<u8>, bool)> {
    let mut answer = Vec::new();
    loop {
        let (kind, message) = message(database)?;
        let is_idle = message.last() == Some(&b'I');
        answer.extend(message);
        if kind == b'Z' {
            return Ok((answer, !is_idle));
        }
    }
}

/// A message with its kind.
fn message(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    let mut message = kind.to_vec();
    message.extend(body(stream)?);
    Ok((kind[0], message))
}

/// The length of a message, and what follows.
fn body(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let rest = u32::from_be_bytes(length).saturating_sub(4);
    let mut body = length.to_vec();
    stream.take(rest.into()).read_to_end(&mut body)?;
    match body.len() == rest as usize + 4 {
        true => Ok(body),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
