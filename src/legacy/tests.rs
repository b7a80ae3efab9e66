//! The bridge as HTTP client, over real sockets: against bots and a Kakao that are scripted down to the byte.

#![allow(clippy::disallowed_methods, reason = "a test looks at real time")]

mod bot;
mod callback;
mod connections;
mod crowd;
mod limit;
mod redirects;
mod requests;
mod responses;
mod tls;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::callback::{CallbackClient, CallbackError, CallbackUrl};
use crate::config::settings::{BotSettings, Breaker, FreeText, Trust};
use crate::fault::{Blame, Sent};
use crate::ids::{BotId, UserKey};
use crate::legacy::api::{BackendError, LegacyApi, RawReply};
use crate::legacy::http::HttpLegacy;
use crate::net::CoreId;
use crate::time::{self, Instant};
use crate::translate::view::{Overflow, Policy, Texts};
use crate::wire::legacy::{MessageCall, MessageType, Notice};
use crate::wire::limits;
use bot::Bot;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use tokio::sync::mpsc;
use tokio_rustls::rustls;
use url::Url;

const CORE: CoreId = CoreId(0);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"message\":null";

/// Far enough away that a test which runs into it has failed.
fn patience() -> Instant {
    time::instant() + Duration::from_secs(20)
}

fn in_millis(millis: u64) -> Instant {
    time::instant() + Duration::from_millis(millis)
}

fn settings(url: &str) -> BotSettings {
    let id = BotId::parse("shop").unwrap();
    BotSettings {
        id: id.clone(),
        url: Url::parse(url).unwrap(),
        connect: None,
        trust: Trust::default(),
        headers: Vec::new(),
        deadline: Duration::from_millis(4500),
        late: Duration::from_secs(15),
        free_text: FreeText::default(),
        policy: Arc::new(Policy {
            bot: id,
            overflow: Overflow::default(),
            handover: Box::default(),
            texts: Texts::default(),
            backend: None,
            public_url: None,
        }),
        welcome_blocks: Vec::new(),
        message_block: Default::default(),
        openbuilder_ids: Vec::new(),
        channel_ids: Vec::new(),
        channel_key: None,
        secret: None,
        allow: Vec::new(),
        open: false,
        one_at_a_time: false,
        friend_on_first_contact: false,
        rate: None,
        turns: 100,
        connections: 100,
        sessions: 100,
        breaker: Breaker { failures: 10, open: Duration::from_secs(10) },
    }
}

fn api(url: &str) -> HttpLegacy {
    HttpLegacy::new(&settings(url), 1).unwrap()
}

fn user() -> UserKey {
    UserKey::parse("Qw7-eRt_9YzA").unwrap()
}

async fn message(api: &HttpLegacy, cut: Instant) -> Result<RawReply, BackendError> {
    let user_key = user();
    let call = MessageCall { user_key: &user_key, kind: MessageType::Text, content: "급식" };
    let lease = api.connections().acquire().await;
    api.message(CORE, &lease, call, cut).await
}

fn body(reply: &RawReply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}
