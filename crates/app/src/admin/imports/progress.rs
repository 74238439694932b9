//! Progress on standard error: a bar on a terminal, a line every five seconds elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use abu_application::alumni::imports::Watch;
use abu_domain::platform::task::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;

const BETWEEN_LINES: Duration = Duration::from_secs(5);
const TEMPLATE: &str = "{msg:>10} {wide_bar} {percent:>3} % {elapsed_precise}";

pub(super) struct Shown(Form);

enum Form {
    Bar(ProgressBar),
    Lines(Mutex<Option<Instant>>),
}

impl Shown {
    pub(super) fn start() -> Self {
        if !io::stderr().is_terminal() {
            return Self(Form::Lines(Mutex::new(None)));
        }
        let bar = ProgressBar::new(100);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(Form::Bar(bar))
    }
}

impl Watch for Shown {
    fn progress(&self, progress: Progress) -> bool {
        match &self.0 {
            Form::Bar(bar) => {
                bar.set_length(progress.total.unwrap_or(progress.done).max(1));
                bar.set_position(progress.done);
                bar.set_message(progress.phase);
            }
            Form::Lines(written_at) => {
                let mut written_at = written_at.lock();
                if written_at.is_none_or(|at| at.elapsed() >= BETWEEN_LINES) {
                    *written_at = Some(Instant::now());
                    let total = progress.total.unwrap_or(progress.done);
                    // An operator who closed standard error sees no progress.
                    let _ = writeln!(
                        io::stderr(),
                        "{}: {} of {total} {}",
                        progress.phase,
                        progress.done,
                        progress.unit
                    );
                }
            }
        }
        true
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Form::Bar(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
