//! Turns of the simulator (C4): real turns, by the same path as all others, that change nothing for real users.
//!
//! Such a turn has a [`Bot`] of its own around what may be shared: the address and its connections, the leave to ask one
//! at a time, the settings. All that a turn leaves behind is the simulator's own: sessions in memory, the home keyboard,
//! the breaker, counters that nobody reads. So nothing in the engine has to ask whether it is simulated, but for three
//! things that reach further: the alert, the record of a turn, and the event of somebody who leaves.

use std::sync::Arc;
use std::time::Duration;

use crate::bot::Bot;
use crate::concurrency::ConcurrencyLimit;
use crate::exchange::Exchange;
use crate::ids::UserKey;
use crate::keyboards::SessionMemory;
use crate::legacy::home::HomeCache;
use crate::net::CoreId;
use crate::shared::Shared;
use crate::store::contacts::Contacts;
use crate::store::local::LocalStore;
use crate::store::outbox::Outbox;
use crate::store::{ParkedLimit, ParkedShare, Store};
use crate::telemetry::metrics::BotMetrics;
use crate::time::{self, Moment};
use crate::wire::legacy::Notice;

/// Sessions of one stage: the user, the tester and the group room are three, and a block may make more.
const SESSIONS: usize = 16;
/// Bytes of late replies and rests, and of sessions, of one stage.
const BYTES: usize = 4 * 1024 * 1024;
/// How long the bot may take for an event: what the old server gave it (legacy.md 1).
const NOTICE: Duration = Duration::from_secs(5);

/// What the simulator keeps of a bot between two turns.
pub(crate) struct Stage {
    sessions: Arc<LocalStore>,
    parked: Arc<ParkedShare>,
    home: Arc<HomeCache>,
    outbox: Arc<Outbox>,
    contacts: Arc<Contacts>,
    metrics: Arc<BotMetrics>,
    limit: Arc<ConcurrencyLimit>,
}

impl Stage {
    /// An empty one; so many turns of its user may wait or run.
    pub(crate) fn new(turns_per_user: usize) -> Self {
        let parked = Arc::new(ParkedShare::new(&ParkedLimit::new(BYTES), 1));
        let memory = SessionMemory::new(BYTES);
        Self {
            sessions: Arc::new(LocalStore::new(SESSIONS, turns_per_user, Arc::clone(&parked), memory)),
            parked,
            home: Arc::default(),
            outbox: Arc::default(),
            contacts: Arc::new(Contacts::new(None)),
            metrics: BotMetrics::new(1),
            limit: ConcurrencyLimit::new(0),
        }
    }

    /// The bot for one turn, as real users meet it at `now`: out where it is out for them, with the home keyboard that
    /// they see.
    pub(crate) fn bot(&self, real: &Bot, now: Moment) -> Arc<Bot> {
        self.home.take_newer(&real.home);
        Arc::new(Bot {
            settings: Arc::clone(&real.settings),
            callback: Arc::clone(&real.callback),
            alert: None,
            api: Arc::clone(&real.api),
            home: Arc::clone(&self.home),
            breaker: Arc::new(real.breaker.as_it_is(now)),
            sessions: Store::Local(Arc::clone(&self.sessions)),
            turns: Arc::clone(&self.limit),
            turns_share: Arc::clone(&self.limit),
            events_share: Arc::clone(&self.limit),
            parked_share: Arc::clone(&self.parked),
            one_at_a_time: real.one_at_a_time.clone(),
            gate_of_all: real.gate_of_all.clone(),
            blocks: Arc::clone(&real.blocks),
            advice: Arc::default(),
            outbox: Arc::clone(&self.outbox),
            contacts: Arc::clone(&self.contacts),
            rate: Arc::default(),
            metrics: Arc::clone(&self.metrics),
            capture: Arc::default(),
            seen: Arc::default(),
        })
    }
}

/// Tells the bot of an event once, whatever comes of it (E4): it counts nowhere, and is not tried again.
pub(super) fn tell(
    shared: &Shared,
    bot: &Arc<Bot>,
    core: CoreId,
    notice: Notice,
    user: UserKey,
    exchange: Arc<Exchange>,
) {
    let (method, call) = match notice {
        Notice::FriendAdded => ("POST", "/friend".to_owned()),
        Notice::FriendBlocked => ("DELETE", format!("/friend/{}", user.as_str())),
        Notice::RoomLeft => ("DELETE", format!("/chat_room/{}", user.as_str())),
    };
    exchange.asks(method, &bot.settings.path_of(&call), &notice.to_body(&user).unwrap_or_default());
    let bot = Arc::clone(bot);
    shared.tasks.track(async move {
        match bot.api.notify(core, notice, &user, time::instant() + NOTICE).await {
            Ok(status) => exchange.replied(status, b"", false),
            Err(error) => exchange.failed(error.problem()),
        }
    });
}
