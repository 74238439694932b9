//! A TCP proxy for fault injection: cuts, delays and redirects connections.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// Forwards connections to a server, and breaks them on request.
pub(crate) struct Proxy {
    address: SocketAddr,
    network: Arc<Network>,
}

struct Network {
    upstream: Mutex<SocketAddr>,
    /// A change cuts all connections.
    generation: watch::Sender<u32>,
    /// While true, no data of the server arrive.
    is_deaf: watch::Sender<bool>,
    /// The plan for cuts at random positions.
    plan: Mutex<Option<Plan>>,
    cuts: watch::Sender<u32>,
}

struct Plan {
    choices: StdRng,
    cuts: u32,
}

/// The number of bytes in each direction after which a connection breaks.
#[derive(Clone, Copy)]
struct Life {
    up: usize,
    down: usize,
}

impl Life {
    const LONG: Self = Self {
        up: usize::MAX,
        down: usize::MAX,
    };
}

impl Proxy {
    pub(crate) async fn new(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(Network {
            upstream: Mutex::new(upstream),
            generation: watch::Sender::new(0),
            is_deaf: watch::Sender::new(false),
            plan: Mutex::new(None),
            cuts: watch::Sender::new(0),
        });
        let accepting = Arc::clone(&network);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let network = Arc::clone(&accepting);
                tokio::spawn(async move { network.pass(client).await });
            }
        });
        Self { address, network }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        self.network.generation.send_modify(|now| *now += 1);
    }

    /// Forwards new connections to another server.
    pub(crate) fn lead_to(&self, upstream: SocketAddr) {
        *self.network.upstream.lock().unwrap() = upstream;
    }

    /// Holds back the server's data, or releases them.
    pub(crate) fn set_deaf(&self, is_deaf: bool) {
        self.network.is_deaf.send_replace(is_deaf);
    }

    /// Cuts each new chat connection after some hundreds or thousands of bytes, within a frame or between two, up
    /// to `cuts` times.
    pub(crate) fn cut_at_random(&self, cuts: u32, seed: u64) {
        let choices = StdRng::seed_from_u64(seed);
        *self.network.plan.lock().unwrap() = Some(Plan { choices, cuts });
    }

    /// The number of cuts so far.
    pub(crate) fn cuts(&self) -> watch::Receiver<u32> {
        self.network.cuts.subscribe()
    }
}

impl Network {
    async fn pass(&self, client: TcpStream) {
        let mut generation = self.generation.subscribe();
        let upstream = *self.upstream.lock().unwrap();
        let Ok(server) = TcpStream::connect(upstream).await else {
            return;
        };
        let (mut from_client, to_client) = client.into_split();
        let (from_server, mut to_server) = server.into_split();
        let mut beginning = [0; 512];
        let Ok(read @ 1..) = from_client.read(&mut beginning).await else {
            return;
        };
        let life = match beginning.starts_with(b"GET /chat ") {
            true => self.life(),
            false => Life::LONG,
        };
        if to_server.write_all(&beginning[..read]).await.is_err() {
            return;
        }
        let is_deaf = self.is_deaf.subscribe();
        let hearing = watch::Sender::new(false);
        // The first direction to end cancels the other.
        let is_cut = tokio::select! {
            // Checked first, so that a cut loses the data held back.
            biased;
            _ = generation.changed() => false,
            is_cut = pump(from_client, to_server, life.up, hearing.subscribe()) => is_cut,
            is_cut = pump(from_server, to_client, life.down, is_deaf) => is_cut,
        };
        if is_cut {
            self.cuts.send_modify(|cuts| *cuts += 1);
        }
    }

    fn life(&self) -> Life {
        let mut plan = self.plan.lock().unwrap();
        let Some(plan) = plan.as_mut() else {
            return Life::LONG;
        };
        if *self.cuts.borrow() >= plan.cuts {
            return Life::LONG;
        }
        Life {
            up: plan.choices.random_range(300..20_000),
            down: plan.choices.random_range(100..60_000),
        }
    }
}

/// Forwards up to a number of bytes; returns whether it reached that number.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut left: usize,
    mut is_deaf: watch::Receiver<bool>,
) -> bool {
    let mut buffer = [0; 2_048];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return false;
        };
        if is_deaf.wait_for(|is_deaf| !is_deaf).await.is_err() {
            return false;
        }
        let passed = read.min(left);
        if to.write_all(&buffer[..passed]).await.is_err() {
            return false;
        }
        left -= passed;
        if left == 0 {
            return true;
        }
    }
}
