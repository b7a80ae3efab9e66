//! Why a bridge does not answer `say`, and why a bot was not asked or asked in vain.

use std::io;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use tokio_rustls::rustls::Error as RustlsError;

use crate::backend_problem::BackendProblem;
use crate::degradation::Degradation;
use crate::fault::chain;
use crate::messages::{Message, chat as messages};
use crate::net::call::CallError;
use crate::net::client::ClientError;
use crate::telemetry::record::{Outcome, PlanKind};
use crate::wire::explain::{X_BRIDGE_DEGRADATIONS, X_BRIDGE_OUTCOME, X_BRIDGE_PLAN, X_BRIDGE_PROBLEM};

/// Why a bridge does not answer, as a part of a message.
pub(super) fn silence(error: &CallError) -> Message {
    match error {
        CallError::NoAnswer { source: ClientError::Unreachable(error), .. }
            if error.kind() == io::ErrorKind::ConnectionRefused =>
        {
            messages::nothing_listens()
        }
        CallError::NoAnswer { source: ClientError::TimedOut { .. }, .. } => messages::no_answer_in_time(),
        CallError::NoAnswer { source: ClientError::Tls(error), .. } if is_no_tls(error) => messages::speaks_no_tls(),
        CallError::NoAnswer { source: ClientError::Unresolved(_), .. } => messages::name_unknown(),
        CallError::NoAnswer { source: ClientError::Cut { .. }, .. } => messages::hung_up(),
        CallError::NoAnswer { source: ClientError::Malformed(_), .. } => messages::speaks_tls(),
        CallError::NoAnswer { source, .. } => messages::as_told(chain(source)),
        CallError::Tls(_) | CallError::Address(_) => messages::as_told(chain(error)),
    }
}

/// Whether the other side answered a TLS handshake with what is none, or hung up at it.
fn is_no_tls(error: &io::Error) -> bool {
    let told = error.get_ref().and_then(|error| error.downcast_ref::<RustlsError>());
    matches!(told, Some(RustlsError::InvalidMessage(_)))
        || told.is_none() && matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
}

/// Whether the bot failed in the turn that these headers tell of.
pub(super) fn bot_failed(headers: &HeaderMap) -> bool {
    let failed = [Outcome::NoReply, Outcome::Outage].map(|outcome| outcome.as_str().as_bytes());
    headers.get(&X_BRIDGE_OUTCOME).is_some_and(|outcome| failed.contains(&outcome.as_bytes()))
}

/// Whether a bridge told of its turn.
pub(super) fn is_of_a_bridge(headers: &HeaderMap) -> bool {
    headers.contains_key(&X_BRIDGE_PLAN)
}

/// Why the bot was not asked, or asked in vain, as the bridge tells who asks for it. `None` where it was asked and
/// replied, where the turn goes on, and from a server that is no bridge. Only a conversation has numbers to press.
pub(super) fn unasked(headers: &HeaderMap, conversation: bool) -> Option<Message> {
    let word = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    let (plan, outcome) = (word(&X_BRIDGE_PLAN)?, word(&X_BRIDGE_OUTCOME)?);
    let plan = PlanKind::ALL.iter().find(|known| known.as_str().as_bytes() == plan)?;
    let outcome = Outcome::ALL.iter().find(|known| known.as_str().as_bytes() == outcome)?;
    match (plan, outcome) {
        (_, Outcome::Busy) => Some(messages::not_asked_busy()),
        (_, Outcome::Withdrawn) => Some(messages::not_asked_in_time()),
        (_, Outcome::Outage) => Some(messages::not_asked_outage()),
        (_, Outcome::NoReply) => Some(messages::asked_in_vain(came(headers))),
        (PlanKind::Home, _) => Some(messages::not_asked_home()),
        (PlanKind::Reprompt, _) if conversation => Some(messages::not_asked_reprompt()),
        (PlanKind::Reprompt, _) => Some(messages::not_asked_reprompt_once()),
        (PlanKind::Page, _) => Some(messages::not_asked_page()),
        (PlanKind::More, _) => Some(messages::not_asked_rest()),
        (PlanKind::Late, _) => Some(messages::not_asked_late()),
        (PlanKind::Handover, _) => Some(messages::not_asked_handover()),
        (PlanKind::Leave, _) => Some(messages::not_asked_leave()),
        (PlanKind::Follow, _) => Some(messages::not_asked_twice()),
        (PlanKind::Ask, _) if word(&X_BRIDGE_DEGRADATIONS).is_some_and(has_no_message) => {
            Some(messages::asked_for_buttons_only())
        }
        (PlanKind::Ask | PlanKind::None, _) => None,
    }
}

/// Whether codes as a header has them tell of a reply without message.
fn has_no_message(codes: &[u8]) -> bool {
    codes.split(|byte| *byte == b',').any(|code| code.trim_ascii() == Degradation::NoMessage.code().as_bytes())
}

/// What came of a bot that was asked in vain, as a part of a message.
fn came(headers: &HeaderMap) -> Message {
    let told = headers.get(&X_BRIDGE_PROBLEM).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (word, status) = told.split_once(' ').unwrap_or((told, ""));
    let problem = BackendProblem::ALL.iter().find(|known| known.as_str() == word);
    match problem {
        Some(BackendProblem::Status) if status == "404" => messages::came_not_found(),
        Some(BackendProblem::Status) if matches!(status, "301" | "302" | "303" | "307" | "308") => {
            messages::came_redirect(status)
        }
        Some(BackendProblem::Status) => messages::came_status(status),
        Some(BackendProblem::Unresolved | BackendProblem::Unreachable) => messages::nobody_there(),
        Some(BackendProblem::Tls | BackendProblem::Untrusted) => messages::no_trust(),
        Some(BackendProblem::TimedOut) => messages::came_too_late(),
        Some(BackendProblem::Cut) => messages::came_cut(),
        Some(BackendProblem::Malformed) => messages::came_no_http(),
        Some(BackendProblem::Empty) => messages::came_nothing(),
        Some(BackendProblem::NotJson) => messages::came_not_json(),
        Some(BackendProblem::NotAnObject | BackendProblem::Foreign) => messages::came_no_reply(),
        Some(
            BackendProblem::TooLarge | BackendProblem::TooDeep | BackendProblem::TooMany | BackendProblem::TooLong,
        ) => messages::came_too_much(),
        Some(BackendProblem::NoFiles | BackendProblem::Queued | BackendProblem::NoTime) => messages::bridge_short(),
        None => messages::not_told(),
    }
}
