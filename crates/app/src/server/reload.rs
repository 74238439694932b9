//! SIGHUP: reads `log.filter` again.

use abu_logging::LogHandle;
use abu_settings::{Settings, Sources};
use tokio::{signal::unix::Signal, task::spawn_blocking};

pub(super) async fn on_hangup(mut hangups: Signal, log: LogHandle) {
    while hangups.recv().await.is_some() {
        let log = log.clone();
        // The panic hook has reported a panic.
        let _ = spawn_blocking(move || reload(&Sources::of_process(), &log)).await;
    }
}

fn reload(sources: &Sources, log: &LogHandle) {
    match Settings::load(sources) {
        Ok(settings) => log.set_filter(&settings.log.filter),
        Err(mistakes) => log::error!("log.filter stays as it was: {mistakes}"),
    }
}
