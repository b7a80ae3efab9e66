//! A bridge in this process, on ports of its own.

use std::net::SocketAddr;

use smartchat_bridge::config::load::{Flag, Sources, load};
use smartchat_bridge::runtime::{self, Running, Stop};

use super::http::{Client, Response};

/// Runs until it is dropped.
pub struct Bridge {
    pub public: SocketAddr,
    pub admin: SocketAddr,
    stop: Stop,
    running: Option<Running>,
}

impl Bridge {
    /// In front of the bot at `url`, with more settings by key.
    pub fn start(url: &str, more: &[(&str, &str)]) -> Self {
        let fixed = [
            ("bots.default.url", url),
            ("listen", "127.0.0.1:0"),
            ("admin.listen", "127.0.0.1:0"),
            ("workers", "2"),
            ("grace", "100ms"),
        ];
        let flag = |(key, value): &(&str, &str)| Flag {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            name: format!("--{key}"),
        };
        let sources = Sources { flags: fixed.iter().chain(more).map(flag).collect(), ..Sources::default() };
        let settings = load(&sources).unwrap_or_else(|problems| panic!("{problems}")).settings;
        let running = runtime::start(settings).unwrap_or_else(|error| panic!("{error}"));
        Self { public: running.public(), admin: running.admin(), stop: running.stop_handle(), running: Some(running) }
    }

    pub fn client(&self) -> Client {
        Client::connect(self.public)
    }

    /// POSTs on a connection of its own.
    #[track_caller]
    pub fn post(&self, path: &str, body: &[u8]) -> Response {
        self.client().post(path, body).expect("a response")
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stop.signal();
        self.stop.signal();
        if let Some(running) = self.running.take() {
            running.wait();
        }
    }
}
