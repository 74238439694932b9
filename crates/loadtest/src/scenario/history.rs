//! Latency of history pages in a room with many messages.

use std::{
    num::NonZeroU64,
    time::{Duration, Instant},
};

use abu_chat_protocol::{ServerPacket, server::ListMessageResponse};
use clap::Args;

use crate::{
    community::Community,
    database::history_text,
    histogram::Histogram,
    packets,
    report::Measurement,
    stage::{Host, ScenarioError, Stage},
    stamp::MIN_TEXT,
    target::Kind,
};

const PAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a page takes, however far back.
#[derive(Args, Clone, Debug)]
pub(crate) struct History {
    /// Messages in the room.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    pub(crate) messages: u64,
    /// Messages on a page.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub(crate) limit: u64,
    /// Pages asked for at each of five places.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) pages: u32,
}

impl History {
    pub(super) fn run(&self, host: &Host, kind: Kind) -> Result<Measurement, ScenarioError> {
        if kind != Kind::Server {
            return Err(ScenarioError::Wrong("a floor has no history".to_owned()));
        }
        let community = Community {
            rooms: 1,
            members: 2,
        };
        let mut stage = Stage::empty(host, kind, community, 1, 0, MIN_TEXT)?;
        if let Some(database) = &mut stage.target.database {
            database.write_history(self.messages)?;
        }
        stage.connect(0..1, 1, None)?;
        let (all, times) = self.ask(&mut stage)?;
        let mut result = Measurement::default();
        let [near, .., far] = &times;
        result.add("page p50", all.quantile_ms(0.5), "ms");
        result.add("page p99", all.quantile_ms(0.99), "ms");
        result.add("page max", all.quantile_ms(1.0), "ms");
        result.add("newest page p50", near.quantile_ms(0.5), "ms");
        result.add("oldest page p50", far.quantile_ms(0.5), "ms");
        let ratio = far.quantile_ms(0.5) / near.quantile_ms(0.5);
        result.add("oldest to newest p50", ratio, "");
        stage.judge(&mut result)?;
        Ok(result)
    }

    /// Alternates between the places, so that other load on the machine affects all of them.
    fn ask(&self, stage: &mut Stage) -> Result<(Histogram, [Histogram; 5]), ScenarioError> {
        let last = self.messages - self.messages / 1_000;
        let skips = [
            0,
            self.messages / 1_000,
            self.messages / 10,
            self.messages / 2,
            last,
        ];
        let mut all = Histogram::default();
        let mut times = [(); 5].map(|()| Histogram::default());
        for _ in 0..self.pages {
            for (skip, times) in skips.into_iter().zip(&mut times) {
                let time = self.ask_for_page(stage, skip)?;
                times.record(time);
                all.record(time);
            }
        }
        Ok((all, times))
    }

    fn ask_for_page(&self, stage: &mut Stage, skip: u64) -> Result<u64, ScenarioError> {
        let limit = NonZeroU64::new(self.limit).unwrap_or(NonZeroU64::MIN);
        let begun = Instant::now();
        stage.swarm.ledger.page = None;
        stage
            .swarm
            .send(0, |out| packets::write_page_request(0, skip, limit, out));
        let came = |swarm: &crate::swarm::Swarm| swarm.ledger.page.is_some();
        stage
            .swarm
            .run_until(came, PAGE_TIMEOUT, "waiting for a page")?;
        let time = begun.elapsed().as_nanos() as u64;
        let page = stage.swarm.ledger.page.take().unwrap_or_default();
        match parse(&page).filter(|page| self.is_right(page, skip)) {
            Some(_) => Ok(time),
            None => Err(ScenarioError::Wrong(format!(
                "a wrong page at skip {skip}: {}",
                String::from_utf8_lossy(&page[..page.len().min(300)])
            ))),
        }
    }

    fn is_right(&self, page: &ListMessageResponse, skip: u64) -> bool {
        let newest = self.messages - skip;
        let expected = (0..self.limit.min(newest)).map(|back| history_text(newest - back));
        page.total_count == self.messages
            && page
                .messages
                .iter()
                .map(|message| &message.message)
                .eq(expected.collect::<Vec<_>>().iter())
    }
}

fn parse(packet: &[u8]) -> Option<ListMessageResponse> {
    let packet = ServerPacket::decode(std::str::from_utf8(packet).ok()?).ok()?;
    match packet.known()? {
        ServerPacket::ListMessageResponse(page) => Some(page),
        _ => None,
    }
}
