//! Where `alert.url` leads.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::http;

pub(crate) struct Alerts {
    url: String,
    states: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl Alerts {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let states = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&states);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let Some(request) = http::read(&mut stream).await else { continue };
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                // What Slack and Discord show.
                assert!(body["text"].as_str().unwrap().contains(body["bot"].as_str().unwrap()), "{body}");
                assert_eq!(body["content"], body["text"]);
                noted.lock().unwrap().push(body["state"].as_str().unwrap().to_owned());
                drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await);
            }
        });
        Self { url, states, listening }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    pub(crate) fn states(&self) -> Vec<String> {
        self.states.lock().unwrap().clone()
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
