//! States that are read at each scrape.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use abu_application::{
    Database,
    identity::{erasure::OVERDUE_AFTER, ports::ErasureBacklog},
    messaging::messages::Messaging,
    platform::{figures::StoredFigures, ports::StoreError, readiness::Readiness},
};
use metrics::gauge;
use metrics_process::Collector;
use tokio::sync::Mutex;

use crate::database::{GuardedStore, OwnPostgres};

/// A scrape more often than this gets the last figures from the database again.
const FRESH: Duration = Duration::from_secs(10);

pub(crate) struct Samples {
    readiness: Readiness,
    messaging: Messaging,
    store: Arc<GuardedStore>,
    own_postgres: Arc<OnceLock<OwnPostgres>>,
    process: Collector,
    stored_at: Mutex<Option<Instant>>,
}

impl Samples {
    pub(crate) fn new(
        readiness: Readiness,
        messaging: Messaging,
        store: Arc<GuardedStore>,
        own_postgres: Arc<OnceLock<OwnPostgres>>,
    ) -> Self {
        Self {
            readiness,
            messaging,
            store,
            own_postgres,
            process: Collector::default(),
            stored_at: Mutex::default(),
        }
    }

    pub(super) async fn take(&self) {
        self.process.collect();
        let is_ready = self.readiness.is_ready() && self.messaging.is_storing();
        gauge!("abu_ready").set(flag(is_ready));
        let backlog = self.messaging.backlog(Instant::now());
        gauge!("abu_writer_queue_length").set(backlog.length as f64);
        gauge!("abu_writer_oldest_seconds").set(backlog.oldest.as_secs_f64());
        if let Some(pool) = self.store.pool() {
            gauge!("abu_database_connections", "state" => "idle").set(f64::from(pool.idle));
            gauge!("abu_database_connections", "state" => "used").set(f64::from(pool.used));
        }
        if let Some(own) = self.own_postgres.get() {
            gauge!("abu_embedded_postgres_up").set(flag(own.is_running()));
        }
        if self.readiness.is_ready() {
            self.take_stored().await;
        }
    }

    /// One scrape at a time asks the database.
    async fn take_stored(&self) {
        let mut stored_at = self.stored_at.lock().await;
        if stored_at.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        let database: &Database = &self.messaging.context.database;
        let now = self.messaging.context.clock.now();
        let read = database.read::<_, StoreError>(move |tx| {
            let erasures = tx.erasure_backlog(now, now - OVERDUE_AFTER)?;
            let overdue_claims = tx.overdue_claims(now)?;
            Ok((StoredFigures::read(tx)?, erasures, overdue_claims))
        });
        match read.await {
            Ok((figures, erasures, overdue_claims)) => {
                set_stored(&figures);
                set_erasures(erasures);
                gauge!("abu_claims_overdue").set(overdue_claims as f64);
                *stored_at = Some(Instant::now());
            }
            Err(error) => log::debug!("figures for a scrape could not be read: {error}"),
        }
    }
}

fn set_stored(figures: &StoredFigures) {
    let mail = &figures.mail;
    gauge!("abu_mails_pending").set(mail.pending as f64);
    gauge!("abu_mails_dead").set(mail.dead as f64);
    gauge!("abu_mail_oldest_seconds").set(mail.oldest.as_secs_f64());
    for lane in &figures.jobs.lanes {
        let name = lane.lane.name();
        gauge!("abu_jobs_pending", "lane" => name).set(lane.pending as f64);
        gauge!("abu_job_oldest_seconds", "lane" => name).set(lane.oldest.as_secs_f64());
    }
    gauge!("abu_jobs_dead").set(figures.jobs.dead as f64);
    gauge!("abu_audit_head").set(figures.audit_head as f64);
}

fn set_erasures(erasures: ErasureBacklog) {
    gauge!("abu_erasures_scheduled").set(erasures.scheduled as f64);
    gauge!("abu_erasures_due").set(erasures.due as f64);
    gauge!("abu_erasures_overdue").set(erasures.overdue as f64);
}

fn flag(is_set: bool) -> f64 {
    f64::from(u8::from(is_set))
}
