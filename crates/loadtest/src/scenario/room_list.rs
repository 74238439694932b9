//! Latency of the list of rooms of a person with many of them, over HTTP.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::Value;

use crate::{
    community::Community,
    histogram::Histogram,
    report::Measurement,
    stage::{Host, ScenarioError, Stage},
    stamp::MIN_TEXT,
    target::Kind,
};

const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Messages in each room; every tenth of them is deleted.
const MESSAGES: u32 = 20;
const FIRST_PAGE: &str = "/rooms?limit=20";
const LARGE_PAGE: &str = "/rooms?limit=100";
const SEARCH: &str = "/rooms?limit=20&q=room+1";
const BADGE: &str = "/me/unread-count";

/// How long the list of rooms takes, half of which are groups and half direct rooms.
#[derive(Args, Clone, Debug)]
pub(crate) struct RoomList {
    /// Rooms of the person.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(100..=10_000))]
    pub(crate) rooms: u32,
    /// How often each of four requests is made.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) requests: u32,
}

impl RoomList {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        if kind != Kind::Server {
            return Err(ScenarioError::Wrong("a floor has no rooms".to_owned()));
        }
        let community = Community {
            rooms: self.rooms,
            members: 2,
        };
        let mut stage = Stage::empty(host, kind, community, 1, 0, MIN_TEXT)?;
        if let Some(database) = &mut stage.target.database {
            database.give_all_rooms_to_one(community, MESSAGES)?;
        }
        let token = stage.target.token(0)?;
        let mut client = Client::connect(stage.target.address, token)?;
        self.check(&mut client)?;
        let times = self.ask(&mut client)?;
        let mut result = Measurement::default();
        let [first, large, search, badge] = &times;
        result.add("page of 20 p50", first.quantile_ms(0.5), "ms");
        result.add("page of 20 p99", first.quantile_ms(0.99), "ms");
        result.add("page of 100 p50", large.quantile_ms(0.5), "ms");
        result.add("page of 100 p99", large.quantile_ms(0.99), "ms");
        result.add("search p99", search.quantile_ms(0.99), "ms");
        result.add("unread count p99", badge.quantile_ms(0.99), "ms");
        stage.judge(&mut result)?;
        Ok(result)
    }

    /// Alternates between the requests, so that other load on the machine affects all of them.
    fn ask(&self, client: &mut Client) -> Result<[Histogram; 4], ScenarioError> {
        let mut times = [(); 4].map(|()| Histogram::default());
        for _ in 0..self.requests {
            for (path, times) in [FIRST_PAGE, LARGE_PAGE, SEARCH, BADGE]
                .iter()
                .zip(&mut times)
            {
                let begun = Instant::now();
                client.get(path)?;
                times.record(begun.elapsed().as_nanos() as u64);
            }
        }
        Ok(times)
    }

    /// Whether the answers hold what was stored.
    fn check(&self, client: &mut Client) -> Result<(), ScenarioError> {
        let parse = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).unwrap_or_default();
        let unread = u64::from(MESSAGES - MESSAGES / 10);
        let badge = parse(client.get(BADGE)?);
        let rooms = u64::from(self.rooms);
        let is_counted = badge["rooms"] == rooms && badge["messages"] == rooms * unread;
        let page = parse(client.get(LARGE_PAGE)?);
        let is_whole = |room: &Value| {
            let last = &room["last_message"];
            room["unread_count"] == unread
                && last["seq"] == MESSAGES
                && last["sender"]["lastname"].is_string()
                && room["other"].is_object() == (room["kind"] == "direct")
        };
        let items = page["items"].as_array();
        let is_listed = items.is_some_and(|items| items.len() == 100 && items.iter().all(is_whole));
        match is_counted && is_listed {
            true => Ok(()),
            false => {
                let page: String = page.to_string().chars().take(1_000).collect();
                Err(ScenarioError::Wrong(format!(
                    "wrong answers: {badge} {page}"
                )))
            }
        }
    }
}

/// One kept-alive connection with one user's token.
struct Client {
    stream: BufReader<TcpStream>,
    server: SocketAddr,
    token: String,
}

impl Client {
    fn connect(server: SocketAddr, token: String) -> std::io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        Ok(Self {
            stream,
            server,
            token,
        })
    }

    /// The body of the answer, which must be 200.
    fn get(&mut self, path: &str) -> Result<Vec<u8>, ScenarioError> {
        let Self {
            stream,
            server,
            token,
        } = self;
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200 ") {
            let line = line.trim_end();
            return Err(ScenarioError::Wrong(format!("{path} was answered {line}")));
        }
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Err(ScenarioError::Wrong(format!("{path} was cut off")));
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        Ok(body)
    }
}
