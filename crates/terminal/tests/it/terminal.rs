//! A terminal of a test's own: tmux, whose pane can be written to and read.

use std::{
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long anything may take before the test has failed.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How often the pane is looked at: tmux tells nobody that it changed.
const LOOK: Duration = Duration::from_millis(20);

/// The program in a terminal of 100 columns and 30 rows. It goes with the value.
pub(crate) struct Terminal {
    folder: TempDir,
}

impl Terminal {
    /// Starts the program with these arguments. Once it has ended, its exit code is shown and what is
    /// typed comes back: the terminal is as it was.
    pub(crate) fn run(arguments: &[&str]) -> Self {
        let terminal = Self {
            folder: TempDir::with_prefix("abu-tmux-").unwrap(),
        };
        // The shell becomes the program, so that its number is the program's.
        let program = "echo $$ >\"$0\"; exec \"$@\"";
        let script = "sh -c \"$@\"; echo \"left with $?\"; exec cat >/dev/null";
        let mut start = terminal.tmux(&["new-session", "-d", "-x", "100", "-y", "30"]);
        start
            .args(["--", "sh", "-c", script, "sh", program])
            .arg(terminal.number())
            .arg(env!("CARGO_BIN_EXE_abu-chat"))
            .args(arguments);
        output(start);
        terminal
    }

    /// Types this as it stands.
    pub(crate) fn types(&self, text: &str) {
        output(self.tmux(&["send-keys", "-l", "--", text]));
    }

    /// Presses a key, by its tmux name.
    pub(crate) fn presses(&self, key: &str) {
        output(self.tmux(&["send-keys", key]));
    }

    /// Sends the program the signal of an interruption, as others than its terminal may.
    pub(crate) fn interrupts_the_program(&self) {
        let number = std::fs::read_to_string(self.number()).unwrap();
        let mut kill = Command::new("kill");
        kill.args(["-INT", number.trim()]);
        output(kill);
    }

    /// What is on the screen once this is.
    pub(crate) async fn shows(&self, text: &str) -> String {
        self.looks_until(text, || {}).await
    }

    /// Presses the key for older messages until this is on the screen.
    pub(crate) async fn scrolls_up_to(&self, text: &str) -> String {
        self.looks_until(text, || self.presses("PageUp")).await
    }

    /// What is on the screen once the program is gone with this code. The screen of before is back,
    /// and what is typed is seen.
    pub(crate) async fn is_left_with(&self, code: i32) -> String {
        let screen = self.shows(&format!("left with {code}")).await;
        assert!(!screen.contains("Tab next room"), "{screen}");
        self.types("sannu");
        self.shows("sannu").await
    }

    async fn looks_until(&self, text: &str, between: impl Fn()) -> String {
        let began = Instant::now();
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            let screen = output(self.tmux(&["capture-pane", "-p"])).stdout;
            let screen = String::from_utf8(screen).unwrap();
            if screen.contains(text) {
                return screen;
            }
            assert!(
                began.elapsed() < TEST_TIMEOUT,
                "{text:?} is not on the screen:\n{screen}"
            );
            between();
        }
    }

    /// The file in which the number of the program's process stands.
    fn number(&self) -> PathBuf {
        self.folder.path().join("number")
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u")
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .args(["-f", "/dev/null"])
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .env_remove("ABU_CHAT_PASSWORD");
        tmux
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.tmux(&["kill-server"]).output());
    }
}

fn output(mut command: Command) -> Output {
    let output = command
        .output()
        .expect("tmux runs; scripts/setup --tests installs it");
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
