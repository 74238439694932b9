//! Asks who the user is, before the screen is taken.

use std::io::{self, BufRead, Write};

use abu_chat_client::{Client, LogIn, LogInError, Session};
use rustix::{
    stdio,
    termios::{self, OptionalActions, Termios},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use crate::{Problem, signals::Stop};

/// Where the password may stand, for those who start the program from a script.
const PASSWORD: &str = "ABU_CHAT_PASSWORD";

/// Logs in, with what is asked for on the terminal. It may be dropped at any time: the terminal is
/// as it was then.
pub(crate) async fn log_in(client: &Client, email: Option<String>) -> Result<Session, Problem> {
    let email = match email {
        Some(email) => email,
        None => answer_to(ask_email).await?,
    };
    let password = password().await?;
    let log_in = || LogIn::new(email.clone(), password.clone());
    match client.log_in(log_in()).await {
        Err(LogInError::OneTimePasswordNeeded) => {
            let code = answer_to(|| ask_secret("One-time password: ")).await?;
            let code = SecretString::from(code.expose_secret().trim());
            let again = log_in().one_time_password(code);
            client.log_in(again).await.map_err(Problem::LogIn)
        }
        other => other.map_err(Problem::LogIn),
    }
}

/// Asks on a thread of its own, which waits at the terminal however the program goes on.
async fn answer_to<T: Send + 'static>(ask: fn() -> io::Result<T>) -> Result<T, Problem> {
    let _given_back = Settings::now();
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || answer.send(ask()));
    match answered.await {
        Ok(Ok(answer)) => Ok(answer),
        // A password is asked for without the terminal's own Ctrl-C; this is how it is told.
        Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Problem::Stopped(Stop::Interrupt))
        }
        Ok(Err(error)) => Err(Problem::Asking(error)),
        Err(_) => Err(Problem::Asking(io::Error::other("nobody asks any more"))),
    }
}

/// How the terminal was set, echo above all; so it is again once this is dropped.
struct Settings(Option<Termios>);

impl Settings {
    fn now() -> Self {
        Self(termios::tcgetattr(stdio::stdin()).ok())
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // Nothing is to be done if the terminal is gone.
            let _ = termios::tcsetattr(stdio::stdin(), OptionalActions::Now, settings);
        }
    }
}

fn ask_email() -> io::Result<String> {
    let mut terminal = io::stderr().lock();
    write!(terminal, "E-mail address: ")?;
    terminal.flush()?;
    let mut email = String::new();
    io::stdin().lock().read_line(&mut email)?;
    Ok(email.trim().to_owned())
}

async fn password() -> Result<SecretString, Problem> {
    match std::env::var(PASSWORD) {
        Ok(password) => Ok(password.into()),
        Err(_) => answer_to(|| ask_secret("Password: ")).await,
    }
}

fn ask_secret(question: &str) -> io::Result<SecretString> {
    rpassword::prompt_password(question).map(SecretString::from)
}
