//! Capture (C5): the four messages of real turns, of one user or of a whole bot, for ten minutes.
//!
//! In memory only, and bounded: 4 MiB a bot, the oldest turns go first. Who is captured is known by the keyed hash that
//! log lines have, never by their key. A pure state machine: every method takes `now`, whoever calls it tells the log.
//! While it is off a turn pays one relaxed load. While it is on, the turns of one bot meet at one short lock: that is for
//! ten minutes, and somebody has asked for it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::exchange::{self, Beginning, Budget, Exchange};
use crate::mutex::lock;
use crate::time::Moment;

/// How long it lasts (C5).
const LASTS: Duration = Duration::from_secs(600);
/// How long what was captured is kept after its end (C5).
const KEPT: Duration = Duration::from_secs(600);
/// How long a pairing code is good.
const CODE_LASTS: Duration = Duration::from_secs(600);
/// Bytes that are kept of one bot (C5).
const BYTES: usize = 4 * 1024 * 1024;
/// Characters of a pairing code; of 31 each, so that a guess hits once in 850 thousand million.
const CODE: usize = 8;
/// Without those that are read as another one.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Whose turns are captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// One user, by the hash that log lines have.
    User(u64),
    /// All users of the bot.
    Everybody,
}

/// The capture of one bot.
#[derive(Debug)]
pub(crate) struct Capture {
    /// Whether a turn has to be looked at, or a code may come.
    on: AtomicBool,
    budget: Arc<Budget>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pairing: Option<(Code, Moment)>,
    watch: Option<Watch>,
    /// When what was captured is erased.
    erase: Option<Moment>,
    kept: VecDeque<Arc<Exchange>>,
    /// What time has changed since the last sweep.
    news: Vec<Change>,
}

#[derive(Debug, Clone, Copy)]
struct Watch {
    whom: Whom,
    until: Moment,
}

/// What the owner sends from KakaoTalk to be captured themselves. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code([u8; CODE]);

/// What is to be done with a call.
#[derive(Debug)]
pub(crate) enum Looked {
    /// Nothing.
    Away,
    /// Its words are the code: its user is captured from now on, and the bot is not asked.
    Paired,
    /// Its turn is kept.
    Kept(Arc<Exchange>),
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Who is captured, and until when.
    pub(crate) watch: Option<(Whom, Moment)>,
    /// The code that is waited for, and until when.
    pub(crate) pairing: Option<(Code, Moment)>,
    /// When what was captured is erased; only after the end.
    pub(crate) erase: Option<Moment>,
    /// Turns that are kept.
    pub(crate) turns: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
}

/// What a sweep has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nobody is captured any more.
    Ended,
    /// What was captured is gone.
    Erased,
}

impl Default for Capture {
    fn default() -> Self {
        Self { on: AtomicBool::new(false), budget: Budget::new(BYTES), state: Mutex::default() }
    }
}

impl Code {
    /// A random one; `None` where the system has no randomness.
    pub(crate) fn random() -> Option<Self> {
        let mut code = [0; CODE];
        for place in &mut code {
            // 248 is the last multiple of 31 in a byte: without it some characters would come more often.
            let byte = loop {
                let mut byte = [0];
                getrandom::fill(&mut byte).ok()?;
                let [byte] = byte;
                if byte < 248 {
                    break byte;
                }
            };
            *place = *ALPHABET.get(usize::from(byte) % ALPHABET.len())?;
        }
        Some(Self(code))
    }

    /// As the owner types it.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether these words are the code and nothing else; a phone may write the first letter large, and the rest small.
    fn is(&self, words: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(words.trim())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

impl Capture {
    /// Whether a call has to be looked at.
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Captures `whom` from now on, in place of whoever was. What was captured of others goes.
    pub(crate) fn start(&self, whom: Whom, now: Moment) -> Moment {
        let mut state = lock(&self.state);
        let until = state.start(whom, now);
        self.on.store(true, Ordering::Relaxed);
        until
    }

    /// Waits for this code from now on, in place of another one.
    pub(crate) fn wait_for(&self, code: Code, now: Moment) {
        lock(&self.state).pairing = Some((code, now.plus(CODE_LASTS)));
        self.on.store(true, Ordering::Relaxed);
    }

    /// Ends it before its time, the wait for a code, too; true where somebody was captured.
    pub(crate) fn stop(&self, now: Moment) -> bool {
        let mut state = lock(&self.state);
        state.pairing = None;
        let was_on = state.end(now);
        self.on.store(false, Ordering::Relaxed);
        was_on
    }

    /// Erases at once what was captured; whoever is captured goes on to be.
    pub(crate) fn erase(&self) {
        let mut state = lock(&self.state);
        state.kept.clear();
        state.erase = None;
    }

    /// Looks at a call of `user`. `words` are those that were typed, where words were typed; `begin` tells the rest of
    /// a call that is kept.
    pub(crate) fn look<'a>(
        &self,
        user: u64,
        words: Option<&str>,
        begin: impl FnOnce() -> Beginning<'a>,
        now: Moment,
    ) -> Looked {
        let mut state = lock(&self.state);
        if let Some((code, until)) = &state.pairing
            && now < *until
            && words.is_some_and(|words| code.is(words))
        {
            state.pairing = None;
            state.start(Whom::User(user), now);
            return Looked::Paired;
        }
        let is_captured =
            |watch: &Watch| now < watch.until && (watch.whom == Whom::Everybody || watch.whom == Whom::User(user));
        if !state.watch.as_ref().is_some_and(is_captured) {
            return Looked::Away;
        }
        // Those that are over go first; turns in flight keep their bytes until they end.
        while !self.budget.fits(exchange::MOST) && state.kept.pop_front().is_some() {}
        match Exchange::begin(begin(), &self.budget) {
            Some(exchange) => {
                state.kept.push_back(Arc::clone(&exchange));
                Looked::Kept(exchange)
            }
            None => Looked::Away,
        }
    }

    /// The turns that are kept, the oldest first.
    pub(crate) fn kept(&self, now: Moment) -> Vec<Arc<Exchange>> {
        let mut state = lock(&self.state);
        state.pass(now);
        state.kept.iter().map(Arc::clone).collect()
    }

    /// How things stand.
    pub(crate) fn standing(&self, now: Moment) -> Standing {
        let mut state = lock(&self.state);
        state.pass(now);
        Standing {
            watch: state.watch.map(|watch| (watch.whom, watch.until)),
            pairing: state.pairing.clone(),
            erase: state.erase,
            turns: state.kept.len(),
            bytes: self.budget.used(),
        }
    }

    /// Lets time pass: capture ends by itself, and what was captured is erased by itself. Gives what has changed since it
    /// was asked last, whoever looked in between.
    pub(crate) fn sweep(&self, now: Moment) -> Vec<Change> {
        let mut state = lock(&self.state);
        state.pass(now);
        if state.watch.is_none() && state.pairing.is_none() {
            self.on.store(false, Ordering::Relaxed);
        }
        std::mem::take(&mut state.news)
    }
}

impl State {
    fn start(&mut self, whom: Whom, now: Moment) -> Moment {
        if self.watch.is_none_or(|watch| watch.whom != whom) {
            self.kept.clear();
        }
        let until = now.plus(LASTS);
        (self.watch, self.erase) = (Some(Watch { whom, until }), None);
        until
    }

    /// Ends it; what was captured is kept for a while.
    fn end(&mut self, at: Moment) -> bool {
        let was_on = self.watch.take().is_some();
        if was_on {
            self.erase = Some(at.plus(KEPT));
        }
        was_on
    }

    fn pass(&mut self, now: Moment) {
        if self.pairing.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.pairing = None;
        }
        if let Some(watch) = self.watch.filter(|watch| watch.until <= now) {
            self.end(watch.until);
            self.news.push(Change::Ended);
        }
        if self.erase.is_some_and(|erase| erase <= now) {
            self.erase = None;
            self.kept.clear();
            self.news.push(Change::Erased);
        }
    }
}
