//! A bridge, started from a configuration file as an operator would write it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;
use smartchat_bridge::config::load::{Sources, load};
use smartchat_bridge::runtime::{self, Ending, Running, Stop};
use tempfile::TempDir;

use super::{Answer, Bot, Say, http, post};

pub(crate) struct Bridge {
    pub(crate) running: Option<Running>,
    stop: Stop,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
    _folder: TempDir,
}

/// The whole file: listeners on ports of the system's choice, and what the test adds.
pub(crate) fn file(rest: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.toml");
    let listen = if rest.starts_with("listen") { "" } else { "listen = \"127.0.0.1:0\"\n" };
    let top = "workers = 2\ngrace = \"5s\"\nadmin.listen = \"127.0.0.1:0\"\n";
    let text = format!("{listen}{top}{rest}\n");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

impl Bridge {
    /// Starts with the bots and settings of `rest`.
    #[track_caller]
    pub(crate) fn start(rest: &str) -> Self {
        super::super::logs::capture();
        let (folder, path) = file(rest);
        let loaded = load(&Sources { file: Some(&path), ..Sources::default() });
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
        let running = runtime::start(loaded.settings).unwrap();
        let (stop, public, admin) = (running.stop_handle(), running.public(), running.admin());
        Self { running: Some(running), stop, public, admin, _folder: folder }
    }

    /// One bot called `shop`, with these lines of its own.
    #[track_caller]
    pub(crate) fn of(bot: &Bot, own: &str) -> Self {
        Self::start(&shop(bot, own))
    }

    /// A skill call to `/skill`.
    #[track_caller]
    pub(crate) fn say(&self, say: &Say) -> Answer {
        let answer = self.post("/skill", &[], &say.body());
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        post(self.public, path, headers, body)
    }

    /// An event by the channel webhook, with the admin key `kakao-admin-key-of-shop`.
    #[track_caller]
    pub(crate) fn tell(&self, event: &Value) {
        let answer = self.post("/channel", &[("Authorization", "KakaoAK kakao-admin-key-of-shop")], &event.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// A number of the metrics page; 0 where the series is missing.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let page = http::get(self.admin, "/metrics").body;
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.parse().unwrap())
    }

    /// Stops gently and waits for the end.
    pub(crate) fn stop(self) -> Ending {
        self.stop_gently();
        self.wait()
    }

    pub(crate) fn stop_gently(&self) {
        self.stop.signal();
    }

    /// Waits for the end of a stop.
    pub(crate) fn wait(mut self) -> Ending {
        self.running.take().unwrap().wait()
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

/// The section of one bot called `shop`.
pub(crate) fn shop(bot: &Bot, own: &str) -> String {
    format!("[bots.shop]\nurl = \"{}\"\n{own}\n", bot.url())
}
