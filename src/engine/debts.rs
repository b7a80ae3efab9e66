//! Promised callbacks (P4).
//!
//! `useCallback` is a promise: it lies in the journal before Kakao reads it, and the answer lies there before it is POSTed.
//! So a process that dies leaves its debts behind, and the next one pays them: with the answer, or with
//! `texts.interrupted` where there is none. A token is good for one use: one that is refused counts as paid. With the
//! answer the user's session is written as if the callback had failed, the reply parked; where it arrives, that is taken
//! back. A process that dies in between has lost nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::call::Call;
use super::reply;
use crate::bot::Bot;
use crate::callback::{CallbackError, CallbackUrl};
use crate::failpoint::{Step, reach};
use crate::ids::UserKey;
use crate::net::CoreId;
use crate::session::{Session, StoredShown};
use crate::shared::Shared;
use crate::store::Turn;
use crate::store::journal::{Fact, FactKind, decode_labels, encode_keyboard};
use crate::stored::{Decoder, Encoder};
use crate::telemetry::metrics::StoreEvent;
use crate::time::{self, Moment};
use crate::translate::view::View;

/// When a debt is over, from the arrival of its call: Kakao's token is good for a minute (openbuilder.md 3).
const OVER: Duration = Duration::from_secs(50);
/// How long one try holds the user's line, as a callback in time does (S2).
const TRY: Duration = Duration::from_secs(3);
/// The wait between two tries.
const AGAIN: Duration = Duration::from_millis(500);
/// How often it is looked whether another process has left a debt.
const LOOK: Duration = Duration::from_secs(1);
/// The version of a debt's value.
const VERSION: u8 = 1;

/// Names a debt: when its call came, and a number of the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct DebtKey([u8; 16]);

/// What becomes of the session with an answer that is about to be called back.
#[derive(Debug)]
pub(super) struct Promise {
    /// When the bot was asked.
    pub(super) asked: Moment,
    /// As it is should the callback fail: the reply is parked.
    pub(super) failed: Session,
    /// As it is when the callback has arrived.
    pub(super) shown: Session,
}

/// A debt as it lies in the journal.
#[derive(Debug)]
struct Debt {
    url: Box<str>,
    user: UserKey,
    room: bool,
    arrived: Moment,
    answer: Option<Bytes>,
    after: Option<After>,
}

/// The session as it is when the callback has arrived.
#[derive(Debug)]
struct After {
    /// When the bot was asked.
    asked: Moment,
    shown: StoredShown,
    labels: Option<Vec<Box<str>>>,
    parked: Vec<u8>,
}

/// Whether promises outlast the process.
pub(super) fn keeps(bot: &Bot) -> bool {
    bot.sessions.journal().is_some() || bot.sessions.shared().is_some()
}

/// Notes that a callback is promised, and waits until that lies in the journal. Where it cannot, the promise is given all
/// the same: the store's trouble is not the user's (P6).
pub(super) async fn owe(call: &Call, url: &CallbackUrl) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if !keeps(&call.bot) {
        return;
    }
    let arrived = time::moment_of(call.arrival.at);
    let mut key = [0; 16];
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let parts = arrived.as_millis().to_be_bytes().into_iter().chain(number.to_be_bytes());
    key.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
    // Nobody else owes this call.
    let _first = call.debt.set(DebtKey(key));
    let value = value_of(call, url, None, None);
    reach(Step::Debt);
    if let Some(journal) = call.bot.sessions.journal() {
        journal.fact(FactKind::Debt, &key, Some((arrived.plus(OVER), value)));
        journal.settle().await;
    } else if let Some(store) = call.bot.sessions.shared() {
        store.owe(&key, value, None).await;
    }
    reach(Step::Acknowledge);
}

/// The answer of a promised callback lies in the journal when this returns, before it is POSTed.
pub(super) async fn answered(call: &Call, url: &CallbackUrl, body: &Bytes, promise: Option<&Promise>) {
    let Some(DebtKey(key)) = call.debt.get() else { return };
    let until = time::moment_of(call.arrival.at).plus(OVER);
    let value = value_of(call, url, Some(body), promise);
    reach(Step::KeepAnswer);
    if let Some(store) = call.bot.sessions.shared() {
        store.owe(key, value, promise.map(|promise| (call.input.session, &promise.failed))).await;
        return;
    }
    let Some(journal) = call.bot.sessions.journal() else { return };
    let debt = journal.fact_record(FactKind::Debt, key, Some((until, value)));
    let session = promise.map(|promise| journal.user_record(call.input.session, &promise.failed, None, true));
    journal.together(session.into_iter().chain([debt]).collect());
    journal.settle().await;
}

/// The callback was made, or has failed for good.
pub(super) fn settled(call: &Call) {
    let Some(DebtKey(key)) = call.debt.get() else { return };
    reach(Step::Settle);
    if let Some(journal) = call.bot.sessions.journal() {
        journal.fact(FactKind::Debt, key, None);
    } else if let Some(store) = call.bot.sessions.shared() {
        store.settle(key);
    }
    reach(Step::Settled);
}

fn value_of(call: &Call, url: &CallbackUrl, body: Option<&Bytes>, promise: Option<&Promise>) -> Vec<u8> {
    let mut value = Encoder::new(VERSION);
    value.bytes(url.as_str().as_bytes());
    value.bytes(call.input.session.as_str().as_bytes());
    value.number(call.input.room.into());
    value.number(time::moment_of(call.arrival.at).as_millis());
    value.number(body.is_some().into());
    value.bytes(body.map(|body| &body[..]).unwrap_or_default());
    value.number(promise.is_some().into());
    if let Some(Promise { asked, shown, .. }) = promise {
        value.number(asked.as_millis());
        value.bytes(&shown.encode_shown(None).unwrap_or_default());
        value.bytes(&shown.last_keyboard().map(|keyboard| encode_keyboard(keyboard)).unwrap_or_default());
        value.bytes(&shown.encode_parked().unwrap_or_default());
    }
    value.finish()
}

fn debt_of(value: &[u8], now: Moment) -> Option<Debt> {
    let mut value = Decoder::open(value, VERSION)?;
    let url = value.text()?.into();
    let user = UserKey::parse(value.text()?)?;
    let room = value.number()? != 0;
    let arrived = Moment::from_millis(value.number()?).min(now);
    let is_answered = value.number()? != 0;
    let answer = Some(Bytes::copy_from_slice(value.bytes()?)).filter(|_| is_answered);
    let after = if value.number()? == 0 {
        None
    } else {
        let asked = Moment::from_millis(value.number()?);
        let shown = StoredShown::decode(value.bytes()?, now).unwrap_or_default();
        let (labels, parked) = (decode_labels(value.bytes()?), value.bytes()?.to_vec());
        Some(After { asked, shown, labels, parked })
    };
    Some(Debt { url, user, room, arrived, answer, after })
}

/// Pays what the process before has promised.
pub(crate) async fn pay(shared: Arc<Shared>, bot: Arc<Bot>, core: CoreId, fact: Fact) {
    let event = match debt_of(&fact.value, time::now()) {
        Some(debt) => try_to_pay(&shared, &bot, core, debt).await,
        None => StoreEvent::CallbackMissed,
    };
    if let Some(journal) = bot.sessions.journal() {
        journal.fact(FactKind::Debt, &fact.key, None);
    }
    told_of(&shared, &bot, core, event);
}

/// Pays what processes that are silent have promised, again and again (P4).
pub(crate) async fn pay_for_others(shared: Arc<Shared>, core: CoreId) {
    loop {
        sleep(LOOK).await;
        let bots: Vec<Arc<Bot>> = shared.registry().iter().map(Arc::clone).collect();
        for bot in bots {
            let Some(store) = bot.sessions.shared().cloned() else { continue };
            for (name, value) in store.take_debts().await {
                let (shared, bot, store) = (Arc::clone(&shared), Arc::clone(&bot), Arc::clone(&store));
                let tasks = shared.tasks.clone();
                tasks.track(async move {
                    let event = match debt_of(&value, time::now()) {
                        Some(debt) => try_to_pay(&shared, &bot, core, debt).await,
                        None => StoreEvent::CallbackMissed,
                    };
                    store.settle_named(name);
                    told_of(&shared, &bot, core, event);
                });
            }
        }
    }
}

fn told_of(shared: &Shared, bot: &Bot, core: CoreId, event: StoreEvent) {
    shared.metrics.store(core, event);
    tracing::info!(bot = %bot.settings.id, result = event.as_str(), "a callback that was promised before the restart");
}

async fn try_to_pay(shared: &Arc<Shared>, bot: &Arc<Bot>, core: CoreId, debt: Debt) -> StoreEvent {
    // The origins may have been changed since.
    let origins = &shared.registry().settings.callback.origins;
    let Ok(url) = CallbackUrl::parse(&debt.url, origins) else { return StoreEvent::CallbackMissed };
    let view = View { policy: &bot.settings.policy, message_block: None, room: debt.room };
    let interrupted = || reply::words(&bot.settings.policy.texts.interrupted, None, 0, false, &view).body;
    let body = debt.answer.clone().unwrap_or_else(interrupted);
    let until = time::instant() + OVER.saturating_sub(time::now().since(debt.arrived));
    while time::instant() < until {
        let turn = bot.sessions.begin(debt.user, None).turn().await;
        let posted = shared.callbacks.post(&url, body.clone(), until.min(time::instant() + TRY)).await;
        let event = match &posted {
            Ok(_) => StoreEvent::CallbackPaid,
            Err(CallbackError::Refused { .. }) => StoreEvent::CallbackRefused,
            Err(CallbackError::Undelivered { .. } | CallbackError::Address) => {
                drop(turn);
                sleep(AGAIN).await;
                continue;
            }
        };
        // A refusal of nothing but `texts.interrupted` does not say that the user has read it: their next answer tells them.
        let may_be_read = event == StoreEvent::CallbackPaid || debt.answer.is_some();
        if let Some(turn) = turn.filter(|_| may_be_read) {
            was_read(shared, core, turn, debt).await;
        }
        return event;
    }
    StoreEvent::CallbackMissed
}

/// The user has read the answer, or that there is none: neither is told again.
async fn was_read(shared: &Arc<Shared>, core: CoreId, mut turn: Turn, debt: Debt) {
    let was_unread = turn.is_unread();
    // That the message was interrupted has just been told.
    let interrupted = if was_unread { turn.read().await } else { None };
    let now = time::now();
    match debt.after {
        Some(After { asked, shown, labels, parked }) => {
            let keyboard = labels.and_then(|labels| shared.keyboards.intern(&labels));
            let mut shown = shown.with_keyboard(keyboard);
            shown.decode_parked(&parked, now);
            turn.session.was_called_back(asked, shown, now);
        }
        None if interrupted.is_none() => return,
        None => shared.metrics.store(core, StoreEvent::Interrupted),
    }
    turn.commit(None, now);
}
