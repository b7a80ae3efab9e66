//! A call's place with the store: a lease, or a ticket in the line (P5). Dropping it gives it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::Value;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use super::Remote;
use super::health::Trouble;
use super::link::{BEGIN, Command, END, RENEW};
use super::patience;
use super::value::{int, list, numbers, pairs, string, text};
use crate::store::TapId;
use crate::time::{self, Instant, Moment};

/// How long a lease is good by the store's clock: a dead replica's is over then (P5).
pub(super) const LEASE: Duration = Duration::from_secs(3);
/// What is left of a lease when nothing is sent on it any more: the way of a first byte, and the clocks' drift.
const MARGIN: Duration = Duration::from_millis(500);
/// An answer that took longer is worth a line for who looks closely. Begins of several replicas that come while the store does
/// not run are dealt with in no order, which no log of the store tells.
const SLOW: Duration = Duration::from_millis(100);
/// Behind the time at which the one before must be over.
const AFTER: Duration = Duration::from_millis(20);

/// A call as the store knows it: 16 digits of the replica, 12 of its calls.
pub(super) type CallId = Arc<str>;

/// Who waits for news of a call, and until when its lease is good.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) key: Arc<[u8]>,
    pub(super) link: usize,
    /// When it was last renewed, in milliseconds of this process's clock.
    pub(super) renewed: AtomicU64,
    pub(super) wake: Notify,
}

impl Standing {
    /// Whether a message may leave on this lease: counted from when it was asked for.
    pub(super) fn is_good(&self, now: Moment) -> bool {
        let renewed = Moment::from_millis(self.renewed.load(Ordering::Acquire));
        now.since(renewed) < LEASE.saturating_sub(MARGIN)
    }
}

/// What a begin came to.
#[derive(Debug)]
pub(super) enum Placed {
    /// The lease is this call's.
    Held(Held),
    /// Another call is the same tap.
    Follow(CallId),
    /// The line is full.
    Full,
    /// The store is in trouble.
    Alone,
}

/// What the store said with the lease.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The user was never here before.
    pub(super) is_new: bool,
    /// The fields of the user.
    pub(super) fields: Vec<(Vec<u8>, Vec<u8>)>,
}

type Asked = oneshot::Receiver<Result<Value, Trouble>>;

/// A call's place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) remote: Arc<Remote>,
    pub(super) call: CallId,
    pub(super) standing: Arc<Standing>,
    known: Arc<[u8]>,
    tap: Option<TapId>,
    bound: usize,
    known_for: Duration,
    is_over: bool,
}

impl Place {
    /// A place that nothing was asked for yet. `known` is the key of who is known; they stay so for `known_for`.
    pub(super) fn new(
        remote: &Arc<Remote>,
        key: Vec<u8>,
        known: (Vec<u8>, Duration),
        tap: Option<TapId>,
        bound: usize,
    ) -> Self {
        let call = remote.next_call();
        let standing = Arc::new(Standing {
            link: remote.link_of(&key),
            key: key.into(),
            renewed: AtomicU64::new(time::now().as_millis()),
            wake: Notify::new(),
        });
        remote.standing.insert(Arc::clone(&call), Arc::clone(&standing));
        let (known, known_for) = known;
        Self { remote: Arc::clone(remote), call, standing, known: known.into(), tap, bound, known_for, is_over: false }
    }

    /// Asks for the lease. The question is queued when this returns: the order of questions is the order of arrival.
    pub(super) fn ask(&self) -> Asked {
        let (remote, now) = (&self.remote, time::now());
        self.standing.renewed.store(now.as_millis(), Ordering::Release);
        let tap = self.tap.map(|tap| format!("{tap:032x}")).unwrap_or_default();
        let args = vec![
            self.standing.key.to_vec(),
            self.known.to_vec(),
            self.call.as_bytes().to_vec(),
            text(remote.health.by_its_clock(now.plus(patience::TURN))),
            text(LEASE.as_millis()),
            text(self.bound),
            tap.into_bytes(),
            vec![if remote.health.is_patient() { b'0' } else { b'1' }],
            text(self.known_for.as_millis()),
            remote.channel(""),
        ];
        let (reply, asked) = oneshot::channel();
        let done = move |answer| {
            // Whoever asked may have gone; dropping their place gives it back.
            let _gone = reply.send(answer);
        };
        remote.link(self.standing.link).send(Command::script(&BEGIN, 2, args, done));
        asked
    }

    /// Waits for the lease. `asked` is the first question.
    pub(super) async fn wait(&self, mut asked: Asked) -> Placed {
        let health = &self.remote.health;
        let mut tries = 0;
        loop {
            let answer = tokio::select! {
                biased;
                answer = patience::wait(patience::TURN, &mut asked) => answer,
                () = health.fallen() => return Placed::Alone,
            };
            let Some(Ok(Ok(value))) = answer else {
                if answer.is_none() {
                    // Whether the store is in trouble is not for one turn to say, which may have waited for a thread.
                    health.kept_waiting();
                }
                return Placed::Alone;
            };
            match Said::of(value) {
                Some((now, said)) => {
                    health.tells_time(now);
                    let took = time::now().since(Moment::from_millis(self.standing.renewed.load(Ordering::Acquire)));
                    if took > SLOW {
                        tracing::debug!(
                            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                            "a begin was answered slowly"
                        );
                    }
                    match said {
                        Said::Held(held) => return Placed::Held(held),
                        Said::Follow(of) => return Placed::Follow(of),
                        Said::Full => return Placed::Full,
                        // The clock was not known yet, or the question was on its way too long.
                        Said::Late if tries < 2 => tries += 1,
                        Said::Late => return Placed::Alone,
                        Said::Queued(until) => {
                            let left = u64::try_from(until.saturating_sub(now)).unwrap_or_default();
                            tokio::select! {
                                () = self.standing.wake.notified() => {}
                                () = sleep(Duration::from_millis(left) + AFTER) => {}
                                () = health.fallen() => return Placed::Alone,
                            }
                        }
                    }
                }
                None => return Placed::Alone,
            }
            asked = self.ask();
        }
    }

    /// The place was given back, or belongs to somebody else.
    pub(super) fn over(&mut self) {
        self.is_over = true;
        self.remote.standing.remove(&self.call);
    }

    /// Its end is told: it is over when the store has said so.
    pub(super) fn ends(&mut self) {
        self.is_over = true;
    }

    /// The arguments of an end up to what was shown.
    pub(super) fn leave(&self) -> Vec<Vec<u8>> {
        let (key, call) = (self.standing.key.to_vec(), self.call.as_bytes().to_vec());
        vec![
            key,
            call,
            b"0".to_vec(),
            text(LEASE.as_millis()),
            b"0".to_vec(),
            b"0".to_vec(),
            Vec::new(),
            b"0".to_vec(),
            b"1".to_vec(),
            self.remote.channel(""),
        ]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_over {
            self.over();
            let given_back = |_| {};
            self.remote.link(self.standing.link).send(Command::script(&END, 1, self.leave(), given_back));
        }
    }
}

/// Renews a lease or a ticket; `told` learns whether it was still there.
pub(super) fn renew(remote: &Remote, call: &CallId, standing: &Arc<Standing>, told: Option<oneshot::Sender<bool>>) {
    let args = vec![standing.key.to_vec(), call.as_bytes().to_vec(), text(LEASE.as_millis())];
    let (asked, standing_then): (Instant, _) = (time::instant(), Arc::clone(standing));
    let done = move |answer: Result<Value, Trouble>| {
        let held = answer.ok().and_then(|value| numbers(&value).next()) == Some(1);
        if held {
            standing_then.renewed.store(time::moment_of(asked).as_millis(), Ordering::Release);
        }
        if let Some(told) = told {
            let _nobody_waits = told.send(held);
        }
    };
    remote.link(standing.link).send(Command::script(&RENEW, 1, args, done));
}

enum Said {
    Late,
    Held(Held),
    Queued(i64),
    Follow(CallId),
    Full,
}

impl Said {
    fn of(value: Value) -> Option<(i64, Self)> {
        let mut parts = list(value)?.into_iter();
        let mut number = || int(&parts.next()?);
        let (kind, now) = (number()?, number()?);
        let said = match kind {
            0 => Self::Late,
            1 => Self::Held(Held { is_new: number()? == 1, fields: pairs(parts.next()?) }),
            2 => Self::Queued(number()?),
            3 => Self::Follow(string(parts.next()?)?.into()),
            _ => Self::Full,
        };
        Some((now, said))
    }
}
