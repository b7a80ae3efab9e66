//! One skill call, admitted and understood, and its times (S1).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use super::debts::{self, DebtKey};
use super::delivery::{Delivery, HalfClosed, Reader};
use super::finish::call_back;
use super::reply;
use crate::bot::Bot;
use crate::callback::CallbackUrl;
use crate::concurrency::Permit;
use crate::exchange::Exchange;
use crate::ids::{RequestId, UserKey};
use crate::net::CoreId;
use crate::net::peer::Peer;
use crate::session::Current;
use crate::shared::Shared;
use crate::store::TapId;
use crate::telemetry::log;
use crate::telemetry::record::{Outcome, TurnEnd, TurnRecord};
use crate::time::{self, Instant};
use crate::translate::inbound::{Inbound, UserInput};
use crate::translate::view::{Texts, View};
use crate::wire::mark::Mark;

/// A message that leaves so soon after its call has not waited in a line: a thread's delay, and no more.
const AT_ONCE: Duration = Duration::from_millis(100);

/// How a call came in.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// On which core.
    pub(crate) core: CoreId,
    /// Its first byte.
    pub(crate) at: Instant,
    /// `X-Request-Id`, or one of our own.
    pub(crate) request_id: RequestId,
    /// Quick replies by block, for this call's `bot.id` (K3).
    pub(crate) message_block: Option<Box<str>>,
    /// Where a late answer may go (S2).
    pub(crate) callback: Option<CallbackTo>,
    /// The peer; `None` where there is no connection that could end.
    pub(crate) peer: Option<Peer>,
    /// Where the turn's messages are kept, where somebody looks at it (C4, C5).
    pub(crate) exchange: Option<Arc<Exchange>>,
}

/// Where a late answer goes (S2).
#[derive(Debug)]
pub(crate) enum CallbackTo {
    /// It is POSTed to Kakao.
    Kakao(CallbackUrl),
    /// It stays in the exchange, where the simulated user reads it (C4): nothing is called, and nothing is owed.
    Simulated,
}

/// The part of a call that its turn needs. It owns its words: a turn may outlive the call it came with (I7).
pub(super) struct TurnInput {
    /// The user who speaks, by the key that the bot knows (I1).
    pub(super) user: UserKey,
    /// Under which key their keyboard and late answers are kept (I10).
    pub(super) session: UserKey,
    /// Their words or action.
    pub(super) says: UserInput<'static>,
    /// A group room (I10).
    pub(super) room: bool,
    /// A tester of the console (I9).
    pub(super) tester: bool,
    /// How many media were left out because there were too many (I4).
    pub(super) dropped: usize,
    /// A block that is not ours spoke last (I5, K3).
    pub(super) unbound: bool,
    /// A friend of the channel (E3).
    pub(super) is_friend: bool,
}

/// One call, admitted and understood.
pub(crate) struct Call {
    /// The parts that all bots share.
    pub(super) shared: Arc<Shared>,
    /// For whom.
    pub(super) bot: Arc<Bot>,
    /// The meaning of the call.
    pub(super) input: TurnInput,
    /// How it came in.
    pub(super) arrival: Arrival,
    /// When the bot is given up.
    give_up: Instant,
    /// For whom the answer is.
    pub(super) delivery: Delivery,
    /// Whether the caller has closed their sending side, and the answer for them then.
    pub(super) half_closed: HalfClosed,
    /// Where its callback is promised, if it is (P4).
    pub(super) debt: OnceLock<DebtKey>,
    /// Among the turns in flight (S5), given back when the turn ends.
    _permits: Option<[Permit; 3]>,
}

impl Call {
    /// A call, where it stays: its turn may outlive its caller. Where all permits are taken, only [`Call::busy`] may be
    /// said to it.
    #[must_use]
    pub(crate) fn new(
        shared: &Arc<Shared>,
        bot: &Arc<Bot>,
        inbound: Inbound<'_>,
        arrival: Arrival,
        permits: Option<[Permit; 3]>,
    ) -> Arc<Self> {
        let held_on = if arrival.callback.is_some() { bot.callback.give_up } else { bot.settings.late };
        Arc::new(Self {
            give_up: arrival.at + held_on,
            shared: Arc::clone(shared),
            bot: Arc::clone(bot),
            input: TurnInput {
                user: inbound.user,
                session: inbound.session,
                says: inbound.says.into_owned(),
                room: inbound.room,
                tester: inbound.tester,
                dropped: inbound.dropped,
                is_friend: inbound.is_friend,
                unbound: inbound.last_block.is_some_and(|block| bot.foreign_block(&block)),
            },
            arrival,
            delivery: Delivery::default(),
            half_closed: HalfClosed::default(),
            debt: OnceLock::new(),
            _permits: permits,
        })
    }

    /// The bot that it is for.
    #[must_use]
    pub(crate) fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    /// The user who speaks, by the key that the bot knows (I1).
    #[must_use]
    pub(crate) fn user(&self) -> UserKey {
        self.input.user
    }

    /// Its id in logs.
    #[must_use]
    pub(crate) fn request_id(&self) -> &RequestId {
        &self.arrival.request_id
    }

    /// Where its messages are kept, where somebody looks at it (C4, C5).
    #[must_use]
    pub(crate) fn exchange(&self) -> Option<&Arc<Exchange>> {
        self.arrival.exchange.as_ref()
    }

    /// How this call's answers are shown.
    pub(super) fn view(&self) -> View<'_> {
        let message_block = self.arrival.message_block.as_deref();
        View { policy: &self.bot.settings.policy, message_block, room: self.input.room }
    }

    /// Words of ours.
    pub(super) fn texts(&self) -> &Texts {
        &self.bot.settings.policy.texts
    }

    /// When the caller is answered at the latest: with the acknowledgement of a callback, or with words of ours.
    pub(super) fn first_answer_by(&self) -> Instant {
        match &self.arrival.callback {
            Some(_) => self.arrival.at + self.bot.callback.after,
            None => self.arrival.at + self.bot.settings.deadline,
        }
    }

    /// The last moment at which a message may leave: from then on less than a full deadline remains before the bot is
    /// given up (S1). A call that has not been answered yet may always ask within its own deadline.
    pub(super) fn last_send(&self) -> Instant {
        let deadline = self.bot.settings.deadline;
        let own = self.arrival.at + deadline;
        self.give_up.checked_sub(deadline).map_or(own, |last| last.max(own))
    }

    /// When a bot that is asked at `asked` has had a full deadline (S4). A message that left at once shares the
    /// caller's own deadline.
    pub(super) fn overdue_after(&self, asked: Instant) -> Instant {
        let since = if asked <= self.arrival.at + AT_ONCE { self.arrival.at } else { asked };
        since + self.bot.settings.deadline
    }

    /// When the bot is given up that is asked at `asked`: it has a full deadline in any case (S1).
    pub(super) fn give_up_after(&self, asked: Instant) -> Instant {
        self.give_up.max(asked + self.bot.settings.deadline)
    }

    /// When the bot is given up.
    pub(super) fn give_up(&self) -> Instant {
        self.give_up
    }

    /// Names the tap that this call is, of any button (I3).
    pub(super) fn tap(&self) -> Option<TapId> {
        match &self.input.says {
            UserInput::Tap(mark) => Some(self.shared.tap_id(mark)),
            UserInput::Words(_) | UserInput::Media(_) | UserInput::Home | UserInput::Nothing | UserInput::Leave => None,
        }
    }

    /// Whether it wants nothing but what is late: tapped, or typed where nothing can be tapped (I10).
    pub(super) fn waits_for_late(&self) -> bool {
        match &self.input.says {
            UserInput::Tap(mark) => *mark == Mark::Late,
            UserInput::Words(words) => **words == *self.texts().late_label,
            UserInput::Media(_) | UserInput::Home | UserInput::Nothing | UserInput::Leave => false,
        }
    }

    /// Words of ours alone.
    pub(super) fn words(&self, text: &str) -> Bytes {
        reply::words(text, None, 0, false, &self.view()).body
    }

    /// Words of ours while this user's turn goes on: beside `답변 보기`, where `late` offers it, stands the keyboard that
    /// counts, so that a bot that hangs on one path does not lock its user out of the others (S3).
    pub(super) fn words_meanwhile(&self, text: &str, late: bool) -> Bytes {
        let session = self.bot.sessions.local().peek(&self.input.session);
        let (keyboard, page) = match session.current(time::now()) {
            Current::Free => (None, 0),
            Current::Shown(keyboard) => (Some(Arc::clone(keyboard)), session.page()),
            Current::Home(_) => (self.bot.home.last(), 0),
        };
        reply::words(text, keyboard.as_deref(), page, late, &self.view()).body
    }

    /// Gives words of ours to a callback, where the answer is for one and there is no turn that would.
    ///
    /// False where a callback failed.
    pub(super) async fn deliver_alone(&self, body: &Bytes) -> bool {
        match (self.delivery.claim(), &self.arrival.callback) {
            (Reader::Callback, Some(to)) => {
                let arrived = call_back(self, to, body, None).await;
                debts::settled(self);
                arrived
            }
            (Reader::Callback | Reader::Caller | Reader::Nobody, _) => true,
        }
    }

    /// The answer past a bound (S5), and its record.
    #[must_use]
    pub(crate) fn busy(&self) -> Bytes {
        self.record(TurnEnd::of(Outcome::Busy));
        self.words(&self.texts().busy)
    }

    /// The answer to the owner who has just paired (C5). There is no turn: the code never reaches the bot, and the log line
    /// of the capture is its record.
    #[must_use]
    pub(crate) fn paired(&self) -> Bytes {
        self.words_meanwhile(&self.texts().captured, false)
    }

    /// Whether it is the simulator's own, which counts for nothing that real users notice (C4).
    pub(super) fn is_simulated(&self) -> bool {
        self.arrival.exchange.as_ref().is_some_and(|exchange| exchange.is_simulated())
    }

    /// Leaves what is known of this turn's end: metrics and a log line; of a simulated turn neither.
    pub(super) fn record(&self, end: TurnEnd) {
        let elapsed = |until: Instant| until.saturating_duration_since(self.arrival.at);
        let now = time::instant();
        let record = TurnRecord {
            request_id: self.arrival.request_id.clone(),
            bot: self.bot.settings.id.clone(),
            user: self.shared.log_name(&self.input.user),
            total: elapsed(now),
            answered: elapsed(self.delivery.answered_early().unwrap_or(now)),
            end,
        };
        if let Some(exchange) = &self.arrival.exchange {
            exchange.ended(&record);
            if exchange.is_simulated() {
                return;
            }
        }
        self.bot.metrics.turn(self.arrival.core, &record, time::moment_of(now));
        log::turn(self.arrival.core, record);
    }
}
