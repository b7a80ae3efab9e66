//! A bridge in this process, on ports of its own.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use smartchat_bridge::config::load::{Flag, Sources, load};
use smartchat_bridge::runtime::{self, Ending, Running, Stop};

use super::caller::{Answer, Caller, Skill, words};
use super::http;

/// What stands for 5 s: no answer may take longer, whatever happens, on a machine under load.
pub(crate) const AT_MOST: Duration = Duration::from_millis(1_500);

pub(crate) struct Bridge {
    running: Option<Running>,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    stop: Stop,
}

impl Bridge {
    /// A bridge in front of the bot at `url`: a deadline of 600 ms, held on to for 2 s.
    pub(crate) fn before(url: &str) -> Self {
        Self::with(url, &[])
    }

    /// The same, with these keys set.
    pub(crate) fn with(url: &str, keys: &[(&str, &str)]) -> Self {
        let mut flags = vec![
            ("listen", "127.0.0.1:0"),
            ("admin.listen", "127.0.0.1:0"),
            ("bots.default.deadline", "600ms"),
            ("bots.default.late", "2s"),
            ("callback.after", "400ms"),
            ("workers", "2"),
        ];
        if !url.is_empty() {
            flags.push(("bots.default.url", url));
        }
        flags.retain(|(key, _)| !keys.iter().any(|(own, _)| own == key));
        flags.extend(keys);
        let flag = |(key, value): (&str, &str)| Flag {
            key: key.to_owned(),
            value: value.to_owned(),
            name: format!("--{key}"),
        };
        let sources = Sources { flags: flags.into_iter().map(flag).collect(), ..Sources::default() };
        let loaded = load(&sources).unwrap_or_else(|problems| panic!("{problems}"));
        let running = runtime::start(loaded.settings).unwrap();
        let (address, admin, stop) = (running.public(), running.admin(), running.stop_handle());
        Self { running: Some(running), address, admin, stop }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// One call on a connection of its own.
    pub(crate) async fn call(&self, skill: &Skill) -> Answer {
        let mut caller = Caller::connect(self.address).await.unwrap();
        let answer = caller.try_call(skill).await.expect("the bridge closed without an answer");
        assert!(answer.took < AT_MOST, "answered after {:?}: {}", answer.took, answer.json);
        answer
    }

    pub(crate) async fn say(&self, user: &str, said: &str) -> Answer {
        self.call(&words(user, said)).await
    }

    /// Turns and tasks that are still there.
    pub(crate) fn busy(&self) -> (usize, usize) {
        self.running().in_flight()
    }

    /// Waits until no turn is left: what had to be parked is parked.
    pub(crate) async fn settled(&self) {
        super::eventually("no turn is left", || self.busy().0 == 0).await;
    }

    /// A page of the operators' listener.
    pub(crate) async fn look(&self, path: &str) -> String {
        http::get(self.admin, path).await
    }

    /// What `/readyz` says of a bot.
    pub(crate) async fn detail(&self, bot: &str) -> Value {
        let detail: Value = serde_json::from_str(&self.look("/readyz").await).unwrap();
        let bots = detail["bots"].as_array().unwrap();
        bots.iter().find(|own| own["bot"] == bot).unwrap().clone()
    }

    /// The sum of all samples of a metric whose labels hold `having`.
    pub(crate) async fn metric(&self, name: &str, having: &str) -> f64 {
        let page = self.look("/metrics").await;
        let samples = page.lines().filter(|line| line.starts_with(name) && line.contains(having));
        samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    pub(crate) fn signal(&self) {
        self.stop.signal();
    }

    /// Stops and waits for the end.
    pub(crate) async fn stopped(self) -> Ending {
        self.stop.signal();
        self.waited().await
    }

    /// Waits for the end.
    pub(crate) async fn waited(mut self) -> Ending {
        let running = self.running.take().unwrap();
        tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stop.signal();
        self.stop.signal();
    }
}
