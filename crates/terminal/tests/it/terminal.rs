//! A test terminal: tmux, which sends keys and captures the screen.

use std::{
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A test fails where an awaited screen takes longer.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The poll interval for the pane: tmux sends no event of a change.
const LOOK: Duration = Duration::from_millis(20);

/// The program in a terminal of 100 columns and 30 rows; a drop ends it.
pub(crate) struct Terminal {
    folder: TempDir,
}

impl Terminal {
    /// Starts the program with these arguments. After its end the screen shows its exit code, and the terminal echoes
    /// keys again.
    pub(crate) fn run(arguments: &[&str]) -> Self {
        let terminal = Self {
            folder: TempDir::with_prefix("abu-tmux-").unwrap(),
        };
        // `exec` keeps the process id, so that the shell's id is the program's.
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

    pub(crate) fn types(&self, text: &str) {
        output(self.tmux(&["send-keys", "-l", "--", text]));
    }

    /// Presses a key, by its tmux name.
    pub(crate) fn presses(&self, key: &str) {
        output(self.tmux(&["send-keys", key]));
    }

    /// Sends SIGINT to the program, as a process other than the terminal may.
    pub(crate) fn interrupts_the_program(&self) {
        let number = std::fs::read_to_string(self.number()).unwrap();
        let mut kill = Command::new("kill");
        kill.args(["-INT", number.trim()]);
        output(kill);
    }

    /// Waits for this text, and returns the screen.
    pub(crate) async fn shows(&self, text: &str) -> String {
        self.looks_until(text, || {}).await
    }

    /// Presses PageUp until the screen shows this text.
    pub(crate) async fn scrolls_up_to(&self, text: &str) -> String {
        self.looks_until(text, || self.presses("PageUp")).await
    }

    /// Waits for the program's end with this exit code, and asserts that the terminal is restored. Returns the screen.
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

    /// The file with the program's process id.
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
