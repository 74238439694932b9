//! Asks who the user is, before the screen is taken.

use std::io::{self, BufRead, Write};

use abu_chat_client::{Client, LogIn, LogInError, Session};
use secrecy::{ExposeSecret, SecretString};

use crate::Problem;

/// Where the password may stand, for those who start the program from a script.
const PASSWORD: &str = "ABU_CHAT_PASSWORD";

/// Logs in, with what is asked for on the terminal.
pub(crate) async fn log_in(client: &Client, email: Option<String>) -> Result<Session, Problem> {
    let email = email.map_or_else(ask_email, Ok).map_err(Problem::Asking)?;
    let password = password().map_err(Problem::Asking)?;
    let log_in = || LogIn::new(email.clone(), password.clone());
    match client.log_in(log_in()).await {
        Err(LogInError::OneTimePasswordNeeded) => {
            let code = ask_secret("One-time password: ").map_err(Problem::Asking)?;
            let code = SecretString::from(code.expose_secret().trim());
            let again = log_in().one_time_password(code);
            client.log_in(again).await.map_err(Problem::LogIn)
        }
        other => other.map_err(Problem::LogIn),
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

fn password() -> io::Result<SecretString> {
    match std::env::var(PASSWORD) {
        Ok(password) => Ok(password.into()),
        Err(_) => ask_secret("Password: "),
    }
}

fn ask_secret(question: &str) -> io::Result<SecretString> {
    rpassword::prompt_password(question).map(SecretString::from)
}
