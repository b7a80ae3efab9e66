//! A skill call from its first byte to its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::admit::{admit, admit_address, caller_address, forwarded_for};
use super::facts::{learn, see, see_refusal};
use super::respond::{self, Refused, Reply};
use super::route::{Route, Target};
use super::{admin, captured, channel};
use crate::backend_problem::BackendProblem;
use crate::bot::Bot;
use crate::callback::CallbackUrl;
use crate::engine::call::{Arrival, Call, CallbackTo};
use crate::engine::serve::serve;
use crate::exchange::AnswerTo;
use crate::ids::{BotId, RequestId, UserKey};
use crate::net::CoreId;
use crate::net::body;
use crate::net::peer::Peer;
use crate::net::pending::{CallUnderWay, Caller};
use crate::registry::{BotRegistry, NoBot};
use crate::shared::Shared;
use crate::telemetry::metrics::Refusal;
use crate::telemetry::watch::{Watch, WatchedEnd};
use crate::time::{self, Instant};
use crate::translate::inbound::{self, Endpoint, Inbound, InboundRules};
use crate::wire::explain::{
    X_BRIDGE_DEGRADATIONS, X_BRIDGE_EXPLAIN, X_BRIDGE_OUTCOME, X_BRIDGE_PLAN, X_BRIDGE_PROBLEM,
};
use crate::wire::skill::{Named, SkillCall};
use crate::wire::text::printable;

/// How long a body may take to arrive. OpenBuilder sends it with the head; its own patience ends at 5 s.
const BODY: Duration = Duration::from_secs(5);
/// The same for a channel event: Kakao waits 3 s for its answer (openbuilder.md 5).
const EVENT_BODY: Duration = Duration::from_millis(2500);
/// How long, and for how many bytes, a refused caller may go on sending.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;
/// Characters of a refused path that the log gets.
const LOGGED_PATH: usize = 128;
/// Longest request id that is taken over; a longer one is replaced by our own.
const REQUEST_ID: usize = 128;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers every request at the public listener.
///
/// The request is taken apart at once: the future holds what its answer needs. Inlined, so that it is made in its box.
#[inline]
pub(crate) fn handle<'a>(
    shared: &'a Arc<Shared>,
    core: CoreId,
    peer: &'a Peer,
    caller: &'a Caller,
    request: Request<Incoming>,
) -> impl Future<Output = Reply> + Send + 'a {
    let arrived = time::instant();
    let (Parts { method, uri, mut headers, .. }, mut body) = request.into_parts();
    async move {
        let context = RequestContext { shared, core, peer, caller, arrived };
        let reply = match context.answer(&method, uri.path(), &mut headers, &mut body).await {
            Ok(reply) => reply,
            Err(refused) => context.refuse(&refused, uri.path(), &headers, body),
        };
        caller.answered();
        reply
    }
}

/// What surrounds a request: where it came in, from whom, and when.
struct RequestContext<'a> {
    shared: &'a Arc<Shared>,
    core: CoreId,
    peer: &'a Peer,
    caller: &'a Caller,
    /// When its head had come (S1).
    arrived: Instant,
}

impl<'c> RequestContext<'c> {
    async fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &mut HeaderMap,
        body: &mut Incoming,
    ) -> Result<Reply, Refused> {
        let Self { shared, core, peer, caller, arrived } = *self;
        let Route { target, bot } = Route::parse(method, path).map_err(Refused::Miss)?;
        match target {
            Target::Health => Ok(admin::health()),
            Target::Ready => Ok(admin::ready(shared)),
            Target::Channel | Target::Skill(_) if caller.is_on_reserve() => Err(Refused::Full),
            Target::Channel => {
                let body = read(shared, body, arrived + EVENT_BODY).await?;
                Box::pin(channel::receive(shared, core, bot, peer.ip(), headers, &body)).await
            }
            Target::Skill(endpoint) => {
                admit_head(shared, bot, peer.ip(), headers)?;
                let body = read(shared, body, arrived + BODY).await?;
                let begun = self.begin(endpoint, bot, headers, &body)?;
                drop(body);
                Ok(self.take_turn(begun, headers).await)
            }
        }
    }

    /// Counts a refusal, tells of it, and says it.
    fn refuse(&self, refused: &Refused, path: &str, headers: &HeaderMap, body: Incoming) -> Reply {
        let Self { shared, core, peer, .. } = *self;
        let kind = refused.kind();
        shared.metrics.refused(core, kind);
        see_refusal(shared, refused);
        if shared.metrics.is_worth_a_line(kind, time::now()) {
            let path = printable(path, LOGGED_PATH);
            tracing::warn!(
                reason = kind.as_str(),
                bot = refused.bot().map(BotId::as_str),
                path = &*path,
                peer = %peer.ip(),
                forwarded_for = forwarded_for(headers).as_deref(),
                error = %refused,
                detail = refused.detail(),
                "refused"
            );
        }
        // A caller who was too slow is not given more time.
        if !matches!(refused, Refused::Slow) {
            linger(shared, body);
        }
        refused.respond()
    }

    /// Reads a call, finds its bot, and notes what it tells besides its words. Nothing is waited for here, so that what a
    /// turn does not need is gone when the turn waits for its bot.
    fn begin(
        &self,
        endpoint: Endpoint,
        path: Option<&str>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<BegunCall<'c>, Refused> {
        let Self { shared, core, peer, caller, arrived } = *self;
        let bots = shared.registry();
        let Understood { bot, openbuilder_bot, inbound } = understand(&bots, endpoint, path, peer.ip(), headers, body)?;
        let openbuilder_id = inbound::openbuilder_id(openbuilder_bot.as_ref());
        let _under_way = caller.admit();
        let trial = headers.contains_key(&X_BRIDGE_EXPLAIN);
        if !trial {
            see(&bot, &inbound, arrived);
        }
        let learnt = learn(shared, core, &bot, &inbound, openbuilder_id, trial);
        let mut arrival = Arrival {
            core,
            at: arrived,
            request_id: request_id(headers, arrived),
            message_block: openbuilder_id.and_then(|id| bot.settings.message_block.get(id).cloned()),
            callback: callback(&bots, &inbound, &bot).map(CallbackTo::Kakao),
            peer: Some(peer.clone()),
            exchange: None,
        };
        let paired = bot.capture.is_on() && captured::look(shared, &bot, &inbound, openbuilder_id, &mut arrival, body);
        let permits = shared.try_acquire(&bot);
        let full = permits.is_none();
        let call = Call::new(shared, &bot, inbound, arrival, permits);
        Ok(BegunCall { call, _under_way, learnt, trial, paired, full })
    }

    /// Answers a call that has begun.
    async fn take_turn(&self, begun: BegunCall<'_>, headers: &mut HeaderMap) -> Reply {
        let BegunCall { call, _under_way, learnt, trial, paired, full } = begun;
        if let Some(learnt) = learnt {
            let _when_it_is_done = learnt.await;
        }
        let bot = Arc::clone(call.bot());
        bot.outbox.wake(&call.user());
        let watch = if trial { bot.metrics.watches.watch(call.request_id()) } else { None };
        let exchange = call.exchange().cloned();
        let too_often = match bot.settings.rate {
            Some(bound) => !is_within_rate(&bot, call.user(), bound).await,
            None => false,
        };
        let busy = full || too_often;
        let body = match (paired, busy) {
            (true, _) => call.paired(),
            (false, true) => call.busy(),
            (false, false) => serve(call).await,
        };
        if let Some(exchange) = exchange {
            exchange.answered(AnswerTo::Caller, &body);
        }
        if too_often {
            self.shared.metrics.refused(self.core, Refusal::Rate);
        }
        let given_id = headers.get(&X_REQUEST_ID).cloned();
        let mut reply = respond::answer(body, std::mem::take(headers));
        if let Some(end) = watch.as_ref().and_then(Watch::end) {
            explain(end, reply.headers_mut());
        }
        if busy {
            // A connection that is kept costs 17 KB of buffers: nine thousand refused callers must not hold them (S5).
            reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(id) = given_id {
            reply.headers_mut().insert(X_REQUEST_ID, id);
        }
        reply
    }
}

/// A skill call that was understood.
struct BegunCall<'a> {
    call: Arc<Call>,
    /// Until this is dropped the call is being answered.
    _under_way: CallUnderWay<'a>,
    /// Comes when the shared store has learnt who this user is.
    learnt: Option<oneshot::Receiver<()>>,
    /// Its caller wants to know what became of it.
    trial: bool,
    /// It is the code of an owner who pairs (C5).
    paired: bool,
    /// No permit was left for its turn (S5).
    full: bool,
}

/// Lets a refused caller finish sending, so that they read the refusal.
fn linger(shared: &Shared, body: Incoming) {
    if !body.is_end_stream() {
        shared.tasks.background(async move {
            let _too_slow = tokio::time::timeout(LINGER, body::discard(body, LINGER_BYTES)).await;
        });
    }
}

/// The check that needs the head alone, before a byte of the body is read: the bot's own rules where path or
/// configuration settle which bot it is, else whether any bot admits this address.
fn admit_head(shared: &Shared, path: Option<&str>, peer: IpAddr, headers: &HeaderMap) -> Result<(), Refused> {
    let bots = shared.registry();
    let access = &bots.settings.access;
    match path.map_or_else(|| bots.only(), |path| bots.named(path)) {
        Some(bot) => admit(access, &bot.settings, peer, headers),
        None if path.is_some() => Err(Refused::NoBot { why: NoBot::Unknown, openbuilder_id: None }),
        None => {
            let mut bots = bots.iter();
            if bots.any(|bot| admit_address(access, &bot.settings, peer, headers).is_ok()) {
                Ok(())
            } else {
                Err(Refused::Address { bot: None, caller: caller_address(access, peer, headers) })
            }
        }
    }
}

async fn read(shared: &Shared, body: &mut Incoming, until: Instant) -> Result<Bytes, Refused> {
    let bound = shared.registry().settings.limits.body;
    let whole = timeout_at(until, body::collect(body, bound)).await;
    Ok(whole.map_err(|_| Refused::Slow)??)
}

/// A call, and the bot it is for.
struct Understood<'a> {
    bot: Arc<Bot>,
    /// The OpenBuilder bot that called.
    openbuilder_bot: Option<Named<'a>>,
    inbound: Inbound<'a>,
}

/// Reads a call and finds its bot, which admits it or not. The call itself ends with this.
fn understand<'a>(
    bots: &BotRegistry,
    endpoint: Endpoint,
    path: Option<&str>,
    peer: IpAddr,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Result<Understood<'a>, Refused> {
    let mut decoded = SkillCall::parse(body)?;
    let openbuilder_bot = decoded.bot.take();
    let openbuilder_id = inbound::openbuilder_id(openbuilder_bot.as_ref());
    let found = bots.find(path, openbuilder_id);
    let found = found.map_err(|why| Refused::NoBot { why, openbuilder_id: openbuilder_id.map(Into::into) });
    let bot = Arc::clone(found?);
    admit(&bots.settings.access, &bot.settings, peer, headers)?;
    let rules = InboundRules {
        bot: &bot.settings.id,
        welcome_blocks: &bot.settings.welcome_blocks,
        media_hosts: &bots.settings.media_hosts,
    };
    let inbound = inbound::understand(decoded, endpoint, &rules)?;
    Ok(Understood { bot, openbuilder_bot, inbound })
}

/// Counts a call of `user`, here and among all processes that share the store.
async fn is_within_rate(bot: &Bot, user: UserKey, bound: u32) -> bool {
    let here = bot.rate.admit(user, bound, time::now());
    match bot.sessions.shared() {
        Some(store) if here => Box::pin(store.admit(&user, bound)).await.unwrap_or(true),
        Some(_) | None => here,
    }
}

/// Tells a caller who wants to know what became of their call.
fn explain(end: WatchedEnd, headers: &mut HeaderMap) {
    headers.insert(X_BRIDGE_PLAN, HeaderValue::from_static(end.plan.as_str()));
    headers.insert(X_BRIDGE_OUTCOME, HeaderValue::from_static(end.outcome.as_str()));
    if !end.degradations.is_empty()
        && let Ok(codes) = HeaderValue::from_str(&end.degradations.to_string())
    {
        headers.insert(X_BRIDGE_DEGRADATIONS, codes);
    }
    if let Some((problem, detail)) = end.problem {
        let status = detail.split(',').next().filter(|_| problem == BackendProblem::Status);
        let value = status.and_then(|status| HeaderValue::from_str(status).ok());
        headers.insert(X_BRIDGE_PROBLEM, value.unwrap_or(HeaderValue::from_static(problem.as_str())));
    }
}

/// Where a late answer of this call may go; an address that is not allowed counts as none (S2).
fn callback(bots: &BotRegistry, inbound: &Inbound<'_>, bot: &Bot) -> Option<CallbackUrl> {
    let url = inbound.callback_url.as_deref()?;
    CallbackUrl::parse(url, &bots.settings.callback.origins)
        .inspect_err(|error| tracing::warn!(bot = %bot.settings.id, %error, "this callbackUrl is not used"))
        .ok()
}

/// Kakao's own id of the call, to find it again in its logs; else one of ours.
fn request_id(headers: &HeaderMap, arrived: Instant) -> RequestId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let given = headers.get(&X_REQUEST_ID).map(HeaderValue::as_bytes).and_then(|id| std::str::from_utf8(id).ok());
    match given {
        Some(id) if !id.is_empty() && id.len() <= REQUEST_ID => RequestId::Given(id.into()),
        _ => RequestId::Own { at: time::moment_of(arrived).as_millis(), number: NEXT.fetch_add(1, Ordering::Relaxed) },
    }
}
