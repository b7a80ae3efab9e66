//! The waiting times of callers and turns (S1 to S3, I6, I7), at the times of production and without sockets: the clock
//! is paused, the bot is a script.

mod callbacks;
mod connections;
mod deadlines;
mod gone;
mod reloads;
mod shares;
mod shortage;
mod simulation;
mod taps;

use super::call::{Arrival, Call, CallbackTo};
use super::serve::serve;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::breaker::State;
use crate::callback::CallbackUrl;
use crate::config::load::{Flag, Sources, load};
use crate::config::settings::Settings;
use crate::events;
use crate::fault::Sent;
use crate::ids::RequestId;
use crate::ids::UserKey;
use crate::legacy::api::{BackendError, BoxFuture, LegacyApi, RawReply};
use crate::net::CoreId;
use crate::net::lease::{ConnectionLimit, Lease};
use crate::net::peer::Peer;
use crate::shared::{Lasting, Shared};
use crate::time::{self, Instant};
use crate::translate::inbound::{Endpoint, InboundRules, understand};
use crate::wire::legacy::{MessageCall, Notice};
use crate::wire::skill::SkillCall;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};

const WAIT: &str = "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.";
const RESEND: &str = "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.";
const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";
const NOTHING: &str = "보여 드릴 답변이 없습니다. 다시 말씀해 주세요.";

#[allow(clippy::disallowed_methods, reason = "a test's tasks are no turns: nothing drains them")]
pub(crate) fn spawn<F: Future<Output: Send> + Send + 'static>(work: F) -> JoinHandle<F::Output> {
    tokio::spawn(work)
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// How the bot answers one message.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Say(Value),
    Cut,
    Hang,
    Panic,
    /// The bridge has no file left for the connection.
    NoFiles,
    /// Nothing listens there.
    Unreachable,
}

pub(crate) type Script = dyn Fn(&str) -> (Duration, Act) + Send + Sync;

pub(crate) struct Bot {
    script: Box<Script>,
    pub(crate) home: Mutex<Option<Duration>>,
    asked: Mutex<Vec<String>>,
    /// The users whose messages came, each once.
    users: Mutex<BTreeSet<String>>,
    out: AtomicUsize,
    pub(crate) most_out: AtomicUsize,
    said: Mutex<Vec<String>>,
    pub(crate) told: Mutex<Vec<Notice>>,
    connections: Arc<ConnectionLimit>,
    /// For how many threads the bridge set itself up for this bot, each time that it did.
    set_up: Mutex<Vec<usize>>,
}

/// Counts a message as out for as long as it lives.
struct Out<'a>(&'a Bot);

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.out.fetch_sub(1, Ordering::SeqCst);
    }
}

fn raw(body: &Value) -> RawReply {
    RawReply { status: 200, body: Bytes::from(body.to_string()), cut_short: false, location: None }
}

impl LegacyApi for Bot {
    fn connections(&self) -> &Arc<ConnectionLimit> {
        &self.connections
    }

    fn home<'a>(&'a self, _core: CoreId, cut: Instant) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        let after = *self.home.lock().unwrap();
        Box::pin(async move {
            let Some(after) = after else { return Ok(raw(&json!({ "type": "text" }))) };
            sleep_until(cut.min(time::instant() + after)).await;
            Err(BackendError::TimedOut { sent: Sent::Unknown })
        })
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
            self.users.lock().unwrap().insert(call.user_key.as_str().to_owned());
            let out = self.out.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_out.fetch_max(out, Ordering::SeqCst);
            let _out = Out(self);
            let (after, act) = (self.script)(call.content);
            let ends = time::instant() + after;
            if matches!(act, Act::Hang) || ends > cut {
                sleep_until(cut).await;
                return Err(BackendError::TimedOut { sent: Sent::Unknown });
            }
            sleep_until(ends).await;
            match act {
                Act::Say(body) => {
                    self.said.lock().unwrap().push(call.content.to_owned());
                    Ok(raw(&body))
                }
                // Without the hook, which would fill the output.
                Act::Panic => std::panic::resume_unwind(Box::new("the client has a bug")),
                Act::NoFiles => Err(BackendError::NoFiles("no file is left".into())),
                Act::Unreachable => Err(BackendError::Unreachable("nothing listens".into())),
                Act::Cut | Act::Hang => Err(BackendError::Cut { sent: Sent::Unknown, source: None }),
            }
        })
    }

    fn notify<'a>(
        &'a self,
        _core: CoreId,
        notice: Notice,
        _user_key: &'a UserKey,
        _cut: Instant,
    ) -> BoxFuture<'a, Result<u16, BackendError>> {
        Box::pin(async move {
            let mut told = self.told.lock().unwrap();
            told.push(notice);
            if told.len() == 1 {
                drop(told);
                std::panic::resume_unwind(Box::new("the client has a bug"));
            }
            Ok(200)
        })
    }
}

pub(crate) fn says(text: &str) -> Act {
    Act::Say(json!({ "message": { "text": text } }))
}

pub(crate) fn says_with(text: &str, buttons: &[&str]) -> Act {
    Act::Say(json!({ "message": { "text": text }, "keyboard": { "type": "buttons", "buttons": buttons } }))
}

pub(crate) struct Bridge {
    pub(crate) shared: Arc<Shared>,
    pub(crate) bot: Arc<Bot>,
}

/// An answer as the user reads it, and when.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    json: Value,
    took: Duration,
}

impl Read {
    pub(crate) fn text(&self) -> String {
        let outputs = self.json["template"]["outputs"].as_array().cloned().unwrap_or_default();
        let text = outputs.iter().map(|output| output["simpleText"]["text"].as_str().unwrap_or_default().to_owned());
        text.collect::<Vec<_>>().join("\n")
    }

    fn offers(&self, label: &str) -> bool {
        let replies = self.json["template"]["quickReplies"].as_array();
        replies.is_some_and(|replies| replies.iter().any(|reply| reply["label"] == label))
    }
}

/// The settings of production, and these keys.
fn settings(keys: &[(&str, &str)]) -> Arc<Settings> {
    let mut flags = vec![("bots.default.url", "http://127.0.0.1:1"), ("workers", "1")];
    flags.retain(|(key, _)| keys.iter().all(|(own, _)| own != key));
    flags.extend(keys);
    let flag =
        |(key, value): (&str, &str)| Flag { key: key.to_owned(), value: value.to_owned(), name: format!("--{key}") };
    let sources = Sources { flags: flags.into_iter().map(flag).collect(), ..Sources::default() };
    load(&sources).unwrap_or_else(|problems| panic!("{problems}")).settings
}

impl Bridge {
    pub(crate) fn new(keys: &[(&str, &str)], script: impl Fn(&str) -> (Duration, Act) + Send + Sync + 'static) -> Self {
        let settings = settings(keys);
        let bot = Arc::new(Bot {
            script: Box::new(script),
            home: Mutex::new(None),
            asked: Mutex::default(),
            users: Mutex::default(),
            out: AtomicUsize::new(0),
            most_out: AtomicUsize::new(0),
            said: Mutex::default(),
            told: Mutex::default(),
            connections: ConnectionLimit::new(usize::MAX),
            set_up: Mutex::default(),
        });
        let api = Arc::clone(&bot);
        let connect = move |_: &_, cores| {
            api.set_up.lock().unwrap().push(cores);
            Ok(Arc::clone(&api) as Arc<dyn LegacyApi>)
        };
        let memory = crate::keyboards::SessionMemory::new(settings.limits.session_bytes);
        let keyboards = Arc::new(crate::keyboards::Keyboards::new(memory));
        let shared = Shared::build(settings, keyboards, Lasting::default(), Box::new(connect));
        Self { shared: shared.ok().unwrap(), bot }
    }

    /// One call, as the server makes it of a body; the mark is `clientExtra.sb`.
    fn call(&self, words: &str, mark: Option<&Value>, callback: Option<&str>) -> impl Future<Output = Read> + use<> {
        self.call_with(&json!({
            // As the secure image plugin brings them (openbuilder.md 1.8).
            "action": { "params": { "photos": words.starts_with("List(").then_some(words) }, "clientExtra": { "sb": mark } },
            "userRequest": {
                "utterance": words,
                "callbackUrl": callback,
                "user": { "properties": { "plusfriendUserKey": "Qw7-eRt_9YzA" } },
            },
        }))
    }

    /// One call, as the server makes it of this body.
    fn call_with(&self, body: &Value) -> impl Future<Output = Read> + use<> {
        let arrived = time::instant();
        let call = self.call_from(None, body);
        async move {
            let body = serve(call).await;
            Read { json: serde_json::from_slice(&body).unwrap(), took: arrived.elapsed() }
        }
    }

    /// One call of `peer`.
    fn call_from(&self, peer: Option<Peer>, body: &Value) -> Arc<Call> {
        let body = body.to_string();
        let bots = self.shared.registry();
        let bot = Arc::clone(bots.iter().next().unwrap());
        let decoded = SkillCall::parse(body.as_bytes()).ok().unwrap();
        let rules = InboundRules { bot: &bot.settings.id, welcome_blocks: &[], media_hosts: &[] };
        let inbound = understand(decoded, Endpoint::Skill, &rules).ok().unwrap();
        let callback = inbound.callback_url.as_deref();
        let callback =
            callback.map(|url| CallbackTo::Kakao(CallbackUrl::parse(url, &bots.settings.callback.origins).unwrap()));
        let arrival = Arrival {
            core: CoreId(0),
            at: time::instant(),
            request_id: RequestId::Given("request".into()),
            message_block: None,
            callback,
            peer,
            exchange: None,
        };
        Call::new(&self.shared, &bot, inbound, arrival, self.shared.try_acquire(&bot))
    }

    pub(crate) fn say(&self, words: &str) -> JoinHandle<Read> {
        spawn(self.call(words, None, None))
    }

    fn tap(&self, label: &str) -> JoinHandle<Read> {
        spawn(self.call(label, Some(&json!({ "v": 1, "w": label })), None))
    }

    fn ask_for_late(&self) -> JoinHandle<Read> {
        spawn(self.call("답변 보기", Some(&json!({ "v": 1, "l": true })), None))
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.bot.asked.lock().unwrap().clone()
    }

    /// Nothing is left: no turn, no task, no held session.
    #[track_caller]
    pub(crate) fn is_quiet(&self) {
        assert_eq!((self.shared.turns.count(), self.shared.tasks.running()), (0, 0));
        assert_eq!(self.bot.out.load(Ordering::SeqCst), 0);
    }
}

impl Bridge {
    fn say_with_callback(&self, words: &str) -> JoinHandle<Read> {
        spawn(self.call(words, None, Some(CALLBACK)))
    }

    pub(crate) fn breaker(&self) -> State {
        self.shared.registry().iter().next().unwrap().breaker.state()
    }
}

const CALLBACK: &str = "http://127.0.0.1:1/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/token";
const CALLBACK_HERE: (&str, &str) = ("callback.origins", "http://127.0.0.1:1");
