//! chromedriver and the browser that it steers: one of each for all tests of this binary.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper::Method;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::support::skip;

/// Runs the driver until standard input ends, which it does with this process, however that ends. What a browser leaves
/// behind, its profile, goes with it.
const UNTIL_WE_ARE_GONE: &str = r#"
TMPDIR=$(mktemp -d) && export TMPDIR
chromedriver --port=0 </dev/null &
driver=$!
cat
kill "$driver"
wait "$driver"
for again in $(seq 100); do
  pgrep -f "$TMPDIR" >/dev/null || break
  sleep 0.1
done
rm -rf "$TMPDIR"
"#;
/// A display of no kind, Korean pages, and nothing that calls home.
const ARGUMENTS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ko",
    "--accept-lang=ko-KR,ko",
    "--hide-scrollbars",
    // Names that somebody has bent to this machine.
    "--host-resolver-rules=MAP *.example 127.0.0.1",
];

/// The one that all tests share.
pub struct Driver {
    pub runtime: Runtime,
    pub client: Client,
    /// Its standard input is held open.
    _child: Child,
}

/// Where the programs are, or why there is no browser.
fn driver() -> &'static Result<Driver, String> {
    static DRIVER: OnceLock<Result<Driver, String>> = OnceLock::new();
    DRIVER.get_or_init(start)
}

/// The driver and this test's turn at it; `None`, said on stderr, where there is no browser.
pub fn take() -> Option<(&'static Driver, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match driver() {
        Ok(driver) => Some((driver, turn)),
        Err(why) => {
            skip(why);
            None
        }
    }
}

fn start() -> Result<Driver, String> {
    let is_there = |program: &&str| {
        let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    // The driver finds either browser by itself.
    for one_of in [&["chromedriver"][..], &["chromium", "google-chrome"]] {
        if !one_of.iter().any(is_there) {
            return Err(format!("there is no {} (Debian: chromium, chromium-driver)", one_of.join(" or ")));
        }
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", UNTIL_WE_ARE_GONE]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = shell.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.strip_prefix("ChromeDriver was started successfully on port ").map(port_of));
    let port = port.expect("chromedriver says its port");
    // Nobody reads what else it says; it must not meet a closed pipe.
    std::thread::spawn(move || lines.for_each(drop));
    let capabilities = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": { "args": ARGUMENTS },
        "timeouts": { "pageLoad": 20_000, "script": 20_000 },
    });
    let Value::Object(capabilities) = capabilities else { unreachable!() };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
    let client = runtime.block_on(builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{port}")));
    Ok(Driver { runtime, client: client.expect("chromium starts"), _child: child })
}

fn port_of(rest: &str) -> u16 {
    rest.trim_end_matches('.').parse().unwrap()
}

/// A command of chromedriver's own, beside the standard ones: its path below the session, and its body.
#[derive(Debug)]
pub struct Own(pub &'static str, pub Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}
