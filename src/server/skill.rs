//! A skill call from its first byte to its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::admit::{admit, admit_address, caller_address, forwarded_for};
use super::respond::{self, Refused, Reply};
use super::route::{Route, Target};
use super::{admin, captured, channel};
use crate::backend_problem::BackendProblem;
use crate::bot::Bot;
use crate::callback::CallbackUrl;
use crate::engine::call::{Arrival, Call, CallbackTo};
use crate::engine::serve::serve;
use crate::events;
use crate::exchange::AnswerTo;
use crate::ids::{BotId, RequestId, UserKey};
use crate::net::CoreId;
use crate::net::body;
use crate::net::peer::Peer;
use crate::net::pending::Caller;
use crate::registry::{BotRegistry, NoBot};
use crate::shared::Shared;
use crate::telemetry::metrics::Refusal;
use crate::telemetry::sightings::Sight;
use crate::telemetry::watch::{Watch, WatchedEnd};
use crate::time::{self, Instant};
use crate::translate::inbound::{self, Endpoint, Inbound, InboundRules, UserInput};
use crate::wire::explain::{
    X_BRIDGE_DEGRADATIONS, X_BRIDGE_EXPLAIN, X_BRIDGE_OUTCOME, X_BRIDGE_PLAN, X_BRIDGE_PROBLEM,
};
use crate::wire::legacy::Notice;
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
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    core: CoreId,
    peer: &Peer,
    caller: &Caller,
    request: Request<Incoming>,
) -> Reply {
    let reply = answer_any(shared, core, peer, caller, request).await;
    caller.answered();
    reply
}

async fn answer_any(
    shared: &Arc<Shared>,
    core: CoreId,
    peer: &Peer,
    caller: &Caller,
    request: Request<Incoming>,
) -> Reply {
    let arrived = time::instant();
    let (mut head, mut body) = request.into_parts();
    let uri = std::mem::take(&mut head.uri);
    let answered = match Route::parse(&head.method, uri.path()) {
        Ok(Route { target: Target::Health, .. }) => return admin::health(),
        Ok(Route { target: Target::Ready, .. }) => return admin::ready(shared),
        Ok(_) if caller.is_on_reserve() => Err(Refused::Full),
        Ok(Route { target: Target::Channel, bot }) => match read(shared, &mut body, arrived + EVENT_BODY).await {
            Ok(body) => Box::pin(channel::receive(shared, core, bot, peer.ip(), &head.headers, &body)).await,
            Err(refused) => Err(refused),
        },
        Ok(Route { target: Target::Skill(endpoint), bot }) => match admit_head(shared, bot, peer.ip(), &head.headers) {
            Ok(()) => match read(shared, &mut body, arrived + BODY).await {
                Ok(body) => answer(shared, core, endpoint, bot, peer, caller, &mut head.headers, &body, arrived).await,
                Err(refused) => Err(refused),
            },
            Err(refused) => Err(refused),
        },
        Err(miss) => Err(Refused::Miss(miss)),
    };
    answered.unwrap_or_else(|refused| {
        let kind = refused.kind();
        shared.metrics.refused(core, kind);
        see_refusal(shared, &refused);
        if shared.metrics.is_worth_a_line(kind, time::now()) {
            let path = printable(uri.path(), LOGGED_PATH);
            tracing::warn!(
                reason = kind.as_str(),
                bot = refused.bot().map(BotId::as_str),
                path = &*path,
                peer = %peer.ip(),
                forwarded_for = forwarded_for(&head.headers).as_deref(),
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
    })
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

/// Reads a call and finds its bot, which admits it or not. Apart from [`answer`], whose future would carry the whole
/// call to its end.
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

#[allow(clippy::too_many_arguments, reason = "the call's own parts; a struct of them would live for one line")]
async fn answer(
    shared: &Arc<Shared>,
    core: CoreId,
    endpoint: Endpoint,
    path: Option<&str>,
    peer: &Peer,
    caller: &Caller,
    headers: &mut HeaderMap,
    body: &Bytes,
    arrived: Instant,
) -> Result<Reply, Refused> {
    let bots = shared.registry();
    let Understood { bot, openbuilder_bot, inbound } = understand(&bots, endpoint, path, peer.ip(), headers, body)?;
    let openbuilder_id = inbound::openbuilder_id(openbuilder_bot.as_ref());
    let _under_way = caller.admit();
    let trial = headers.contains_key(&X_BRIDGE_EXPLAIN);
    if !trial {
        see(&bot, &inbound, arrived);
    }
    learn(shared, core, &bot, &inbound, openbuilder_id, trial).await;

    let request_id = request_id(headers, arrived);
    let watch = if trial { bot.metrics.watches.watch(&request_id) } else { None };
    let mut arrival = Arrival {
        core,
        at: arrived,
        request_id,
        message_block: openbuilder_id.and_then(|id| bot.settings.message_block.get(id).cloned()),
        callback: callback(&bots, &inbound, &bot).map(CallbackTo::Kakao),
        peer: Some(peer.clone()),
        exchange: None,
    };
    let has_paired = bot.capture.is_on() && captured::look(shared, &bot, &inbound, openbuilder_id, &mut arrival, body);
    let exchange = arrival.exchange.clone();
    let user = inbound.user;
    let permits = shared.try_acquire(&bot);
    let too_often = match bot.settings.rate {
        Some(bound) => !is_within_rate(&bot, user, bound).await,
        None => false,
    };
    let busy = permits.is_none() || too_often;
    let call = Call::new(shared, &bot, inbound, arrival, permits);
    let body = match (has_paired, busy) {
        (true, _) => call.paired(),
        (false, true) => call.busy(),
        (false, false) => serve(call).await,
    };
    if let Some(exchange) = exchange {
        exchange.answered(AnswerTo::Caller, &body);
    }
    if too_often {
        shared.metrics.refused(core, Refusal::Rate);
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
    Ok(reply)
}

/// Counts a call of `user`, here and among all processes that share the store.
async fn is_within_rate(bot: &Bot, user: UserKey, bound: u32) -> bool {
    let here = bot.rate.admit(user, bound, time::now());
    match bot.sessions.shared() {
        Some(store) if here => Box::pin(store.admit(&user, bound)).await.unwrap_or(true),
        Some(_) | None => here,
    }
}

/// Notes what kind of call this is (C3). `say` makes its calls up, and they are not noted.
fn see(bot: &Bot, inbound: &Inbound<'_>, arrived: Instant) {
    let (seen, now) = (&bot.seen, time::moment_of(arrived));
    if inbound.tester {
        return seen.see(Sight::Tester, now);
    }
    seen.see(Sight::Real, now);
    if inbound.says == UserInput::Home {
        seen.see(Sight::Welcome, now);
    }
    // A group room's members have no key of the channel (I10).
    if inbound.is_key_made && !inbound.room {
        seen.see(Sight::Keyless, now);
    }
    if inbound.callback_url.is_some() {
        seen.see(Sight::Callback, now);
    }
}

/// Notes for the bot whose skill lacks its secret that it does.
fn see_refusal(shared: &Shared, refused: &Refused) {
    if let Refused::Secret(miss) = refused
        && let Some(bot) = shared.registry().named(miss.bot.as_str())
        // The webhook's key is another one.
        && bot.settings.secret.as_ref().is_some_and(|secret| secret.header == miss.header)
    {
        let sight = if miss.offered.is_none() { Sight::NoSecret } else { Sight::OtherSecret };
        bot.seen.see(sight, time::now());
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

/// Keeps the facts that a call brings besides its words: the shared id of this user (E2), and which blocks are ours
/// (I5). `trial`: the call is one of `say`'s, whose blocks are made up; no operator should paste their ids (K3).
async fn learn(
    shared: &Arc<Shared>,
    core: CoreId,
    bot: &Arc<Bot>,
    inbound: &Inbound<'_>,
    openbuilder_id: Option<&str>,
    trial: bool,
) {
    // Testers are no friends of a channel (I9), and the blocks of the skill page's tester are made up, too
    // (openbuilder.md 1.6).
    if let Some(block) = inbound.block.as_deref().filter(|_| !inbound.tester && !trial) {
        bot.own_block(block);
        if let Some(id) = openbuilder_id
            && inbound.says != UserInput::Home
        {
            bot.advise_message_block(id, block, inbound.last_block.as_deref());
        }
    }
    if let Some(app_user_id) = inbound.app_user_id.as_deref().filter(|_| !inbound.tester && !inbound.room) {
        let is_new = bot.sessions.shared().filter(|_| !bot.contacts.knows(app_user_id, inbound.user));
        let mut waited = bot.contacts.learn(app_user_id, inbound.user);
        match is_new.cloned() {
            None => send_on(shared, core, bot, inbound.user, app_user_id, waited),
            Some(store) => {
                let (shared_with, bot, user) = (Arc::clone(shared), Arc::clone(bot), inbound.user);
                let (told, has_learnt) = oneshot::channel::<()>();
                let id = app_user_id.to_owned();
                // What waited leaves the memory and the store with this: a caller who hangs up must not take it along.
                shared.tasks.track(async move {
                    match store.learn(&id, user).await {
                        Some(others) => waited.extend(others),
                        None => bot.contacts.unlearn(&id),
                    }
                    send_on(&shared_with, core, &bot, user, &id, waited);
                    drop(told);
                });
                let _when_it_is_done = has_learnt.await;
            }
        }
    }
    bot.outbox.wake(&inbound.user);
}

/// Delivers the events that waited for this user's first call (E2).
fn send_on(shared: &Arc<Shared>, core: CoreId, bot: &Arc<Bot>, user: UserKey, app_user_id: &str, waited: Vec<Notice>) {
    let any = !waited.is_empty();
    for notice in waited {
        events::deliver(shared, bot, core, notice, user);
    }
    if any {
        bot.contacts.delivered(app_user_id);
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
