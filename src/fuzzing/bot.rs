//! A bot that answers what the input says, and a bridge in front of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep_until;

use crate::config::settings::Settings;
use crate::config::{Flag, Sources, load};
use crate::fault::Sent;
use crate::ids::UserKey;
use crate::keyboards::{Keyboards, SessionMemory};
use crate::legacy::api::{BackendError, BoxFuture, LegacyApi, RawReply};
use crate::net::CoreId;
use crate::net::lease::{ConnectionLimit, Lease};
use crate::shared::{Lasting, Shared};
use crate::time::{self, Instant};
use crate::wire::legacy::{MessageCall, Notice};

/// What the bot does with one message.
pub(super) enum Act {
    /// It answers after so long.
    Say(Duration, Vec<u8>),
    /// It closes the connection.
    Cut,
}

/// The bot; without a reply left it answers `{}`.
pub(super) struct Bot {
    pub(super) home: Mutex<Vec<u8>>,
    pub(super) replies: Mutex<VecDeque<Act>>,
    /// The words of the messages that came.
    pub(super) asked: Mutex<Vec<String>>,
    connections: Arc<ConnectionLimit>,
}

impl Default for Bot {
    fn default() -> Self {
        Self {
            home: Mutex::new(br#"{"type":"text"}"#.to_vec()),
            replies: Mutex::default(),
            asked: Mutex::default(),
            connections: ConnectionLimit::new(usize::MAX),
        }
    }
}

fn raw(body: Vec<u8>) -> RawReply {
    RawReply { status: 200, body: Bytes::from(body), cut_short: false, location: None }
}

impl LegacyApi for Bot {
    fn connections(&self) -> &Arc<ConnectionLimit> {
        &self.connections
    }

    fn home<'a>(&'a self, _core: CoreId, _cut: Instant) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        Box::pin(async move { Ok(raw(self.home.lock().unwrap().clone())) })
    }

    fn message<'a>(
        &'a self,
        _core: CoreId,
        _lease: &'a Lease,
        call: MessageCall<'a>,
        cut: Instant,
    ) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(call.content.to_owned());
            let act = self.replies.lock().unwrap().pop_front();
            match act.unwrap_or(Act::Say(Duration::ZERO, b"{}".to_vec())) {
                Act::Cut => Err(BackendError::Cut { sent: Sent::Unknown, source: None }),
                Act::Say(after, body) => {
                    let ends = time::instant() + after;
                    sleep_until(ends.min(cut)).await;
                    if ends > cut { Err(BackendError::TimedOut { sent: Sent::Unknown }) } else { Ok(raw(body)) }
                }
            }
        })
    }

    fn notify<'a>(
        &'a self,
        _core: CoreId,
        _notice: Notice,
        _user_key: &'a UserKey,
        _cut: Instant,
    ) -> BoxFuture<'a, Result<u16, BackendError>> {
        Box::pin(async move { Ok(200) })
    }
}

/// The settings of production, and these keys, as variables say them.
pub(super) fn settings(keys: &[(&str, &str)]) -> Arc<Settings> {
    let flags = [("bots.fuzz.url", "http://127.0.0.1:1"), ("workers", "1")];
    let flag = |(key, value): (&str, &str)| Flag { key: key.into(), value: value.into(), name: format!("--{key}") };
    let variable = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let sources = Sources {
        flags: flags.map(flag).into(),
        environment: keys.iter().map(variable).collect(),
        ..Sources::default()
    };
    load(&sources).unwrap_or_else(|problems| panic!("{problems}")).settings
}

/// A bridge before `bot`, with an empty memory.
pub(super) fn bridge(settings: &Arc<Settings>, bot: &Arc<Bot>) -> Arc<Shared> {
    let bot = Arc::clone(bot);
    let connect = move |_: &_, _| Ok(Arc::clone(&bot) as Arc<dyn LegacyApi>);
    let keyboards = Arc::new(Keyboards::new(SessionMemory::new(settings.limits.session_bytes)));
    Shared::build(Arc::clone(settings), keyboards, Lasting::default(), Box::new(connect)).ok().unwrap()
}
