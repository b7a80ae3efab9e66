//! Where `alert.url` leads.

use super::*;

pub(crate) struct Alerts(Bot);

impl Alerts {
    pub(crate) fn start() -> Self {
        Self(Bot::new(|_| status(204, "")))
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/hook", self.0.url())
    }

    #[track_caller]
    pub(crate) fn states(&self) -> Vec<String> {
        let state = |body: serde_json::Value| {
            // What Slack and Discord show.
            assert!(body["text"].as_str().unwrap().contains(body["bot"].as_str().unwrap()), "{body}");
            assert_eq!(body["content"], body["text"]);
            body["state"].as_str().unwrap().to_owned()
        };
        self.0.calls().iter().map(|asked| state(asked.json())).collect()
    }
}
