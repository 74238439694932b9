//! Login prompts, before the terminal UI starts.

use std::io::{self, BufRead, Write};

use abu_chat_client::{Client, LogIn, LogInError, Session};
use rustix::{
    stdio,
    termios::{self, OptionalActions, Termios},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use crate::{Problem, signals::Stop};

/// The environment variable with the password, for scripts.
const PASSWORD: &str = "ABU_CHAT_PASSWORD";

/// Prompts for missing credentials, and logs in. Cancel-safe: a drop restores the terminal's settings.
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

/// Prompts on a separate thread, because a read of the terminal cannot be cancelled.
async fn answer_to<T: Send + 'static>(ask: fn() -> io::Result<T>) -> Result<T, Problem> {
    let _given_back = Settings::now();
    let (answer, answered) = oneshot::channel();
    std::thread::spawn(move || answer.send(ask()));
    match answered.await {
        Ok(Ok(answer)) => Ok(answer),
        // The password prompt disables the terminal's signals, and reports Ctrl-C as this error.
        Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Problem::Stopped(Stop::Interrupt))
        }
        Ok(Err(error)) => Err(Problem::Asking(error)),
        Err(_) => Err(Problem::Asking(io::Error::other(
            "the prompt ended without an answer",
        ))),
    }
}

/// The terminal's settings, such as echo; a drop restores them.
struct Settings(Option<Termios>);

impl Settings {
    fn now() -> Self {
        Self(termios::tcgetattr(stdio::stdin()).ok())
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        if let Some(settings) = &self.0 {
            // A closed terminal needs no restoring.
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
