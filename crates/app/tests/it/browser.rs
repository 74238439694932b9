//! Headless Chromium over WebDriver.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// As root there is no sandbox to be had, and nothing is to be asked of other hosts. What is opened is
/// our own.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,900",
];

/// Calls back as soon as the condition in its place holds; it is looked at whenever the page changes.
/// The page's policy lets no text be run, so the condition is in the script.
const WAIT: &str = "
    const done = arguments[0];
    const look = () => {
        if (!(CONDITION)) return;
        observer.disconnect();
        done(true);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, {
        attributes: true, characterData: true, childList: true, subtree: true,
    });
    look();";

/// A browser with a profile of its own, which goes with it.
pub(crate) struct Browser {
    client: Client,
    // Before the profile, into which it writes.
    driver: Driver,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let driver = Driver::start();
        // Where a packaged browser may write, too: a `/tmp` of its own is no use.
        let profile = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }) else {
            unreachable!("an object was made")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.address)
            .await
            .expect("Chromium starts; scripts/setup --tests installs it");
        Self {
            client,
            driver,
            _profile: profile,
        }
    }

    /// Makes the window as wide and as high as this, in pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    pub(crate) async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Waits until the condition, an expression of JavaScript, is true.
    pub(crate) async fn until(&self, condition: &str) {
        let script = WAIT.replace("CONDITION", condition);
        let outcome = self.client.execute_async(&script, vec![]).await;
        if let Err(error) = outcome {
            let source = self
                .client
                .execute("return document.body.innerText", vec![]);
            let page = source.await.unwrap_or_default();
            panic!("never came to be: {condition}\n{error}\non the page:\n{page}");
        }
    }

    /// What an expression of JavaScript is.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.client.execute(&script, vec![]).await.unwrap()
    }

    pub(crate) async fn click(&self, selector: &str) {
        loop {
            match self.element(selector).await.click().await {
                // Drawn anew since it was found: there is another one in its place.
                Err(error) if error.is_stale_element_reference() => {}
                clicked => return clicked.unwrap(),
            }
        }
    }

    /// Types into a field, after what is there.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        self.element(selector).await.send_keys(text).await.unwrap();
    }

    /// Types into a field in the place of what is there.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.element(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an entry of a list of choices.
    pub(crate) async fn choose(&self, selector: &str, value: &str) {
        let list = self.element(selector).await;
        list.select_by_value(value).await.unwrap();
    }

    /// What the browser complained of since this was last asked: scripts that failed, what a policy
    /// forbade, answers that were refusals.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let session = self.client.session_id().await.unwrap().unwrap();
        // Only Chromium has this, so WebDriver's own commands do not.
        let address = format!("{}session/{session}/se/log", self.driver.address);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = client.post(address).json(&json!({"type": "browser"}));
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        let entries = answer["value"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    async fn element(&self, selector: &str) -> Element {
        match self.client.find(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!("{selector}: {error}"),
        }
    }
}

/// The program that drives it.
struct Driver {
    process: Child,
    port: u16,
    /// Ends with a slash.
    address: String,
    /// Kept open: it may have more to say.
    _said: BufReader<ChildStdout>,
}

impl Driver {
    /// It takes a free port of IPv4 and ends if another program has the same one of IPv6.
    fn start() -> Self {
        const ATTEMPTS: usize = 5;
        (0..ATTEMPTS)
            .find_map(|_| Self::start_once())
            .expect("chromedriver says where it listens")
    }

    fn start_once() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a chromedriver; scripts/setup --tests installs it");
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let Some(port) = port(&mut said) else {
            process.wait().expect("it has ended");
            return None;
        };
        Some(Self {
            process,
            port,
            address: format!("http://127.0.0.1:{port}/"),
            _said: said,
        })
    }
}

fn port(said: &mut impl BufRead) -> Option<u16> {
    said.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    })
}

impl Drop for Driver {
    /// Its browsers go with it if it is asked to go, and stay if it is killed.
    fn drop(&mut self) {
        let asked = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut socket| {
            socket.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")
        });
        if asked.is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}
