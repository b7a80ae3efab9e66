//! A real call while capture is on (C5): whether its turn is kept, or it is the code that somebody pairs with.

use crate::bot::Bot;
use crate::capture::{Looked, Whom};
use crate::engine::call::Arrival;
use crate::exchange::{Beginning, Manner, Origin};
use crate::shared::Shared;
use crate::time;
use crate::translate::inbound::{Inbound, UserInput};

/// Looks at a call, and has its turn kept where it is of somebody who is captured. True where it was the pairing code:
/// then there is no turn.
#[cold]
pub(super) fn look(
    shared: &Shared,
    bot: &Bot,
    inbound: &Inbound<'_>,
    openbuilder_id: Option<&str>,
    arrival: &mut Arrival,
    body: &[u8],
) -> bool {
    let words = match &inbound.says {
        UserInput::Words(words) => Some(&**words),
        UserInput::Tap(_) | UserInput::Media(_) | UserInput::Home | UserInput::Nothing | UserInput::Leave => None,
    };
    let user = shared.log_name(&inbound.user);
    let beginning = || Beginning {
        origin: Origin::Capture,
        at: time::moment_of(arrival.at),
        request_id: &arrival.request_id,
        call: body,
        keys: [inbound.user.as_str(), inbound.session.as_str()],
        manner: Manner { openbuilder_bot: openbuilder_id.map(Box::from), room: inbound.room },
    };
    match bot.capture.look(user, words, beginning, time::now()) {
        Looked::Away => false,
        Looked::Paired => {
            bot.tell_of_capture(Whom::User(user));
            true
        }
        Looked::Kept(exchange) => {
            arrival.exchange = Some(exchange);
            false
        }
    }
}
