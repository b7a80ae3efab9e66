//! The simulator (C4): a user of the operator's own, who talks with the bot through the same engine as everybody.
//!
//! Each step is a real turn: the bot is asked, and really acts. It runs in the process, without a socket, a secret or a
//! URL, on the operators' thread. Nothing that real users notice changes by it (`engine/simulated.rs`). A callback is
//! received in the process.
//!
//! One conversation belongs to one operator's session and one bot. It is bounded in steps and bytes, and forgotten when
//! nobody goes on with it.

pub(crate) mod replay;
mod script;
mod step;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::bot::Bot;
use crate::conversation::file::Recording;
use crate::engine::call::{Arrival, Call, CallbackTo};
use crate::engine::serve::serve;
use crate::engine::simulated::Stage;
use crate::exchange::{self, AnswerTo, Beginning, Budget, Exchange, Manner, Origin};
use crate::ids::{BotId, RequestId, UserKey};
use crate::mutex::lock;
use crate::net::CoreId;
use crate::shared::Shared;
use crate::term::draw::Press;
use crate::time::{self, Instant};
use crate::translate::inbound::{InboundRules, understand};
use crate::wire::skill::SkillCall;

pub(crate) use script::{Said, Switches};
pub(crate) use step::{Seen, Step};

/// Conversations at once: only people hold them.
const TALKS: usize = 16;
/// How long one that nobody goes on with is kept.
const IDLE: Duration = Duration::from_secs(1800);
/// Steps of one conversation that are kept.
const STEPS: usize = 100;
/// Bytes of their messages.
const BYTES: usize = 4 * 1024 * 1024;
/// Bytes of what the user says, or of a URL or a block's name.
const LONGEST: usize = 16 * 1024;

/// The conversations of all operators.
#[derive(Default)]
pub(crate) struct Simulator {
    talks: Mutex<Vec<Arc<Talk>>>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Simulator(…)")
    }
}

/// Why a step was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No bot of this name is configured.
    NoBot,
    /// The step before is still on its way.
    Busy,
    /// There are too many conversations, and all of them are on their way.
    Full,
    /// It is longer than anybody types.
    TooLong,
    /// The bridge stops.
    Stopping,
    /// No call can be made of it.
    NoCall,
}

/// One conversation.
pub(crate) struct Talk {
    owner: Box<str>,
    bot: BotId,
    user: UserKey,
    stage: Stage,
    budget: Arc<Budget>,
    is_busy: AtomicBool,
    steps: Mutex<Steps>,
}

struct Steps {
    done: VecDeque<Arc<Step>>,
    number: u64,
    used: Instant,
}

/// A conversation as a file for `test`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    /// The file.
    pub(crate) toml: String,
    /// Steps that such a file cannot say: of a tester, in a group room, from a block, by callback, or forgotten already.
    pub(crate) left_out: u64,
}

impl Simulator {
    /// The conversation of `owner` with this bot, new where there is none.
    ///
    /// # Errors
    /// [`Refusal::NoBot`], [`Refusal::Full`].
    pub(crate) fn talk(&self, shared: &Shared, owner: &str, bot: &BotId) -> Result<Arc<Talk>, Refusal> {
        let registry = shared.registry();
        let Some(real) = registry.named(bot.as_str()) else { return Err(Refusal::NoBot) };
        let now = time::instant();
        let mut talks = lock(&self.talks);
        talks.retain(|talk| talk.is_on_its_way() || now.saturating_duration_since(talk.used()) < IDLE);
        if let Some(talk) = talks.iter().find(|talk| *talk.owner == *owner && talk.bot == *bot) {
            return Ok(Arc::clone(talk));
        }
        if talks.len() >= TALKS {
            let idle = (0..).zip(&*talks).filter(|(_, talk)| !talk.is_on_its_way());
            let longest = idle.min_by_key(|(_, talk)| talk.used()).map(|(place, _): (usize, _)| place);
            drop(talks.swap_remove(longest.ok_or(Refusal::Full)?));
        }
        let talk = Arc::new(Talk::new(owner, real, registry.settings.limits.turns_per_user, now));
        talks.push(Arc::clone(&talk));
        Ok(talk)
    }

    /// Forgets the conversation of `owner` with this bot: the next one is somebody new's.
    pub(crate) fn forget(&self, owner: &str, bot: &BotId) {
        lock(&self.talks).retain(|talk| *talk.owner != *owner || talk.bot != *bot);
    }

    /// Forgets all of `owner`'s, who has signed out.
    pub(crate) fn forget_all(&self, owner: &str) {
        lock(&self.talks).retain(|talk| *talk.owner != *owner);
    }
}

impl Talk {
    fn new(owner: &str, real: &Bot, turns_per_user: usize, now: Instant) -> Self {
        let bot = real.settings.id.clone();
        // Somebody whom the bot has never seen, for it keeps its state by this key.
        let nonce = getrandom::u64().unwrap_or_else(|_| time::now().as_millis()).to_string();
        Self {
            owner: owner.into(),
            user: UserKey::derive(&bot, &["simulator", &nonce]),
            bot,
            stage: Stage::new(turns_per_user),
            budget: Budget::new(BYTES),
            is_busy: AtomicBool::new(false),
            steps: Mutex::new(Steps { done: VecDeque::new(), number: 0, used: now }),
        }
    }

    fn used(&self) -> Instant {
        lock(&self.steps).used
    }

    fn is_on_its_way(&self) -> bool {
        self.is_busy.load(Ordering::Acquire)
    }

    /// Does one thing and waits for the first answer, as long as KakaoTalk does. Dropped before that, it hangs up, and
    /// the turn goes on (I7).
    ///
    /// # Errors
    /// [`Refusal`]; nothing was done then.
    pub(crate) async fn step(
        &self,
        shared: &Arc<Shared>,
        core: CoreId,
        said: Said,
        switches: Switches,
    ) -> Result<Arc<Step>, Refusal> {
        let registry = shared.registry();
        let Some(real) = registry.named(self.bot.as_str()) else { return Err(Refusal::NoBot) };
        if !shared.is_ready() {
            return Err(Refusal::Stopping);
        }
        if is_too_long(&said, &switches) {
            return Err(Refusal::TooLong);
        }
        let _one = OnItsWay::begin(&self.is_busy).ok_or(Refusal::Busy)?;
        let settings = &real.settings;
        let body = script::body(&self.user, &said, &switches, settings);
        let decoded = SkillCall::parse(body.as_bytes()).map_err(|_| Refusal::NoCall)?;
        let rules = InboundRules {
            bot: &settings.id,
            welcome_blocks: &settings.welcome_blocks,
            media_hosts: &registry.settings.media_hosts,
        };
        let inbound = understand(decoded, script::endpoint(&said), &rules).map_err(|_| Refusal::NoCall)?;
        let arrived = time::instant();
        let request_id = request_id();
        let openbuilder_bot = script::openbuilder_bot(settings);
        let beginning = Beginning {
            origin: Origin::Simulator,
            at: time::moment_of(arrived),
            request_id: &request_id,
            call: body.as_bytes(),
            keys: [inbound.user.as_str(), inbound.session.as_str()],
            manner: Manner { openbuilder_bot: Some(openbuilder_bot.into()), room: inbound.room },
        };
        let exchange = self.room_for(beginning).ok_or(Refusal::Full)?;
        let arrival = Arrival {
            core,
            at: arrived,
            request_id,
            message_block: settings.message_block.get(openbuilder_bot).cloned(),
            // A tester's call has none (I9).
            callback: inbound.callback_url.is_some().then_some(CallbackTo::Simulated),
            peer: None,
            exchange: Some(Arc::clone(&exchange)),
        };
        let bot = self.stage.bot(real, time::now());
        let call = Call::new(shared, &bot, inbound, arrival, None);
        let step = self.note(said, switches, arrived, Arc::clone(&exchange));
        let answer = serve(call).await;
        exchange.answered(AnswerTo::Caller, &answer);
        lock(&self.steps).used = time::instant();
        Ok(step)
    }

    /// The oldest steps make room for the messages of a new one.
    fn room_for(&self, beginning: Beginning<'_>) -> Option<Arc<Exchange>> {
        let mut steps = lock(&self.steps);
        while (!self.budget.fits(exchange::MOST) || steps.done.len() >= STEPS) && steps.done.pop_front().is_some() {}
        drop(steps);
        Exchange::begin(beginning, &self.budget)
    }

    fn note(&self, said: Said, switches: Switches, at: Instant, exchange: Arc<Exchange>) -> Arc<Step> {
        let mut steps = lock(&self.steps);
        steps.number += 1;
        steps.used = at;
        let step = Arc::new(Step { number: steps.number, said, switches, at, exchange });
        steps.done.push_back(Arc::clone(&step));
        step
    }

    /// The steps that are kept, the oldest first.
    pub(crate) fn steps(&self) -> Vec<Arc<Step>> {
        lock(&self.steps).done.iter().map(Arc::clone).collect()
    }

    /// The button at this place of what was seen last of a step.
    pub(crate) fn press(&self, step: u64, place: usize) -> Option<Press> {
        self.steps().into_iter().find(|own| own.number == step)?.press(place)
    }

    /// The conversation as a file that `test` plays again; `alone`: there is no other bot.
    pub(crate) fn save(&self, bot: &str, alone: bool) -> Saved {
        let mut recording = Recording::default();
        let written = self.steps().iter().filter(|step| step.record(&mut recording)).count() as u64;
        Saved {
            toml: recording.to_toml(bot, (!alone).then_some(bot)),
            left_out: lock(&self.steps).number.saturating_sub(written),
        }
    }
}

/// One step at a time (C4).
struct OnItsWay<'a>(&'a AtomicBool);

impl<'a> OnItsWay<'a> {
    fn begin(is_busy: &'a AtomicBool) -> Option<Self> {
        (!is_busy.swap(true, Ordering::AcqRel)).then_some(Self(is_busy))
    }
}

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn is_too_long(said: &Said, switches: &Switches) -> bool {
    let words = match said {
        Said::Words(words) | Said::Photo(words) => words.len(),
        Said::Press(press) => press.words.len(),
        Said::Enter | Said::Leave => 0,
    };
    let blocks = [&switches.block, &switches.last_block].into_iter().flatten().map(|block| block.len());
    blocks.chain([words]).any(|bytes| bytes > LONGEST)
}

fn request_id() -> RequestId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    RequestId::Given(format!("simulator-{}", NEXT.fetch_add(1, Ordering::Relaxed)).into())
}
