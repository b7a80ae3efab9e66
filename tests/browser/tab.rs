//! A tab as a person uses it: look, press, type. Whatever is looked for is waited for, as a person would.

use std::fmt::Debug;
use std::future::Future;
use std::sync::MutexGuard;
use std::time::Instant;

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use serde_json::{Value, json};
use url::Url;

use crate::driver::{self, Driver, Own};
use crate::support::{PATIENCE, ms};

/// Width and height in CSS pixels: a phone in the hand, and a small laptop.
pub const PHONE: (u32, u32) = (390, 844);
pub const LAPTOP: (u32, u32) = (1280, 800);

/// One test's tab, with cookies, cache and sizes of its own. When it is dropped, the browser must have had nothing to
/// complain of, and every request must have gone to an origin that the test visited on purpose.
pub struct Tab {
    driver: &'static Driver,
    /// Origins that the test went to.
    visited: Vec<String>,
    _turn: MutexGuard<'static, ()>,
}

/// What the browser said and did since it was asked last.
#[derive(Debug, Default)]
pub struct Diary {
    /// Errors of scripts, what the policy forbade, and what did not load.
    pub complaints: Vec<String>,
    /// Addresses that were asked for.
    pub requests: Vec<Url>,
}

impl Tab {
    /// A new one, or `None`, said on stderr, where there is no browser.
    pub fn open() -> Option<Self> {
        let (driver, turn) = driver::take()?;
        let tab = Self { driver, visited: Vec::new(), _turn: turn };
        let before = tab.run(driver.client.windows());
        let own = tab.run(driver.client.new_window(true)).handle;
        for other in before {
            tab.run(driver.client.switch_to_window(other));
            tab.run(driver.client.close_window());
        }
        tab.run(driver.client.switch_to_window(own));
        tab.cdp("Network.clearBrowserCookies", &json!({}));
        tab.cdp("Network.clearBrowserCache", &json!({}));
        tab.size(LAPTOP);
        tab.dark(false);
        tab.cdp("Emulation.setTimezoneOverride", &json!({ "timezoneId": "Asia/Seoul" }));
        tab.diary();
        Some(tab)
    }

    #[track_caller]
    fn run<T, E: Debug>(&self, work: impl Future<Output = Result<T, E>>) -> T {
        self.driver.runtime.block_on(work).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// Looks until it is so. What a page that is just being replaced has to say counts as nothing.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = attempt() {
                return found;
            }
            let place = || format!("{} shows {}", self.address(), self.words());
            assert!(started.elapsed() < PATIENCE, "waited {PATIENCE:?}: {what}; {}", place());
            std::thread::sleep(ms(20));
        }
    }

    /// Goes to an address.
    #[track_caller]
    pub fn go(&mut self, address: &str) {
        let origin = Url::parse(address).unwrap().origin().ascii_serialization();
        if !self.visited.contains(&origin) {
            self.visited.push(origin);
        }
        self.run(self.driver.client.goto(address));
    }

    /// Where it is.
    pub fn address(&self) -> Url {
        self.run(self.driver.client.current_url())
    }

    /// Waits until it is at this path.
    #[track_caller]
    pub fn arrives_at(&self, path: &str) {
        self.until(path, || (self.address().path() == path).then_some(()));
    }

    /// The browser's own button.
    pub fn reload(&self) {
        self.run(self.driver.client.refresh());
    }

    /// What a person can read on the page.
    pub fn words(&self) -> String {
        let words = self.attempt("return document.body ? document.body.innerText : ''", vec![]);
        words.and_then(|words| words.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    }

    /// Waits until the page says this.
    #[track_caller]
    pub fn says(&self, words: &str) {
        self.until(words, || self.words().contains(words).then_some(()));
    }

    /// Runs a script in the page.
    #[track_caller]
    pub fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.run(self.driver.client.execute(script, arguments))
    }

    /// The same where the page may be replaced meanwhile.
    fn attempt(&self, script: &str, arguments: Vec<Value>) -> Option<Value> {
        self.driver.runtime.block_on(self.driver.client.execute(script, arguments)).ok()
    }

    /// Waits until an expression is true in the page.
    #[track_caller]
    pub fn holds(&self, expression: &str) {
        self.until(expression, || {
            let held = self.attempt(&format!("return Boolean({expression})"), vec![]);
            (held == Some(Value::Bool(true))).then_some(())
        });
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> usize {
        let count = self.script("return document.querySelectorAll(arguments[0]).length", vec![json!(css)]);
        count.as_u64().unwrap() as usize
    }

    /// The words of the first element that matches, once there is one.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        self.until(css, || self.attempt_on(css, async |found| found.text().await))
    }

    #[track_caller]
    fn attempt_on<T>(&self, css: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> Option<T> {
        let client = &self.driver.client;
        self.driver.runtime.block_on(async { act(client.find(Locator::Css(css)).await?).await }).ok()
    }

    /// Presses the first element that matches, once it can be pressed.
    #[track_caller]
    pub fn press(&self, css: &str) {
        self.until(css, || self.attempt_on(css, async |found| found.click().await));
    }

    /// Presses the button, link or summary of these words.
    #[track_caller]
    pub fn press_words(&self, words: &str) {
        let kinds = "self::button or self::a or self::summary or self::label";
        let path = format!("//*[{kinds}][normalize-space()='{words}'][not(@hidden)]");
        self.until(words, || {
            let client = &self.driver.client;
            let pressed = async { client.find(Locator::XPath(&path)).await?.click().await };
            self.driver.runtime.block_on(pressed).ok()
        });
    }

    /// Writes into a field, in place of what stands there.
    #[track_caller]
    pub fn write(&self, css: &str, words: &str) {
        self.until(css, || {
            self.attempt_on(css, async |field| {
                field.clear().await?;
                field.send_keys(words).await
            })
        });
    }

    /// Types where the focus is.
    #[track_caller]
    pub fn type_keys(&self, keys: &str) {
        let client = &self.driver.client;
        self.run(async { client.active_element().await?.send_keys(keys).await });
    }

    /// Walks with the tabulator until the focus is on something that says this.
    #[track_caller]
    pub fn walk_to(&self, words: &str) {
        let tabulator = char::from(Key::Tab).to_string();
        for _ in 0..60 {
            self.type_keys(&tabulator);
            let focused = "const e = document.activeElement; \
                return [e.innerText, e.value, e.getAttribute('aria-label')].map(w => (w || '').trim())";
            let focused = self.script(focused, vec![]);
            if focused.as_array().unwrap().iter().any(|own| own == words) {
                let seen = "return getComputedStyle(document.activeElement).outlineStyle !== 'none'";
                assert_eq!(self.script(seen, vec![]), true, "nobody sees that the focus is on {words:?}");
                return;
            }
        }
        panic!("the tabulator never comes to {words:?} of {}", self.words());
    }

    /// Presses Enter.
    #[track_caller]
    pub fn enter(&self) {
        self.type_keys(&char::from(Key::Enter).to_string());
    }

    /// A command of the browser's own tools.
    #[track_caller]
    pub fn cdp(&self, command: &str, parameters: &Value) -> Value {
        let own = Own("goog/cdp/execute", json!({ "cmd": command, "params": parameters }));
        self.run(self.driver.client.issue_cmd(own))
    }

    /// Makes the window so large.
    pub fn size(&self, (width, height): (u32, u32)) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Whether its owner likes it dark.
    pub fn dark(&self, is_dark: bool) {
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.cdp("Emulation.setEmulatedMedia", &json!({ "media": "", "features": features }));
    }

    /// Whether the page is wider than the window.
    pub fn scrolls_sideways(&self) -> bool {
        let wide = "return document.scrollingElement.scrollWidth > window.innerWidth";
        self.script(wide, vec![]).as_bool().unwrap()
    }

    /// What the browser said and asked for since this was asked last.
    pub fn diary(&self) -> Diary {
        let read = |kind: &str| {
            let entries = self.run(self.driver.client.issue_cmd(Own("se/log", json!({ "type": kind }))));
            let Value::Array(entries) = entries else { panic!("{entries}") };
            entries.into_iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let requests = read("performance").into_iter().filter_map(|entry| {
            let entry: Value = serde_json::from_str(&entry).unwrap();
            let event = &entry["message"];
            let is_request = event["method"] == "Network.requestWillBeSent";
            is_request.then(|| Url::parse(event["params"]["request"]["url"].as_str().unwrap()).unwrap())
        });
        Diary { requests: requests.collect(), complaints: read("browser") }
    }

    /// The browser may have complained until here, of what the test did on purpose; the complaints.
    pub fn expected(&self) -> Vec<String> {
        self.diary().complaints
    }

    /// A picture of what the window shows.
    pub fn picture(&self) -> Vec<u8> {
        self.run(self.driver.client.screenshot())
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let Diary { complaints, requests } = self.diary();
        assert!(complaints.is_empty(), "{complaints:#?}");
        let foreign = |url: &&Url| {
            let origin = url.origin().ascii_serialization();
            url.scheme().starts_with("http") && !self.visited.contains(&origin)
        };
        let foreign: Vec<_> = requests.iter().filter(foreign).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
    }
}
