//! A user at a bridge: does one thing after the other and sees what comes.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderMap, HeaderValue};
use url::Url;

use super::Act;
use super::call::{self, Spoken, Who};
use super::judge::{Came, list, shown};
use super::screen::Screen;
use crate::config::settings::Trust;
use crate::degradation::{Degradation, Degradations};
use crate::fault::chain;
use crate::ids::{BotId, UserKey};
use crate::messages::{Message, conversation as messages};
use crate::net::call::{Call, call as http_call};
use crate::telemetry::record::PlanKind;
use crate::term::draw::Press;
use crate::time;
use crate::wire::explain::{X_BRIDGE_DEGRADATIONS, X_BRIDGE_EXPLAIN, X_BRIDGE_PLAN, X_BRIDGE_PROBLEM};

/// The bridge answers within its deadline (S1); more is waited for, so that a slow one is told from a dead one.
const PATIENCE: Duration = Duration::from_secs(15);
/// The OpenBuilder bot that a player's calls come from.
const OPENBUILDER_BOT: &str = "64a1f0c27b3d9e5a10c4e8b2";

/// One user.
pub(crate) struct Player<'a> {
    url: &'a Url,
    user: String,
    screen: Screen,
}

impl<'a> Player<'a> {
    /// A user at the skill of `url`.
    pub(crate) fn new(url: &'a Url, user: String) -> Self {
        Self { url, user, screen: Screen::default() }
    }

    /// Does it. The error says why nothing could be seen.
    ///
    /// # Errors
    /// The button is not there, or no answer came.
    pub(crate) async fn act(&mut self, act: &Act) -> Result<Came, Message> {
        let press;
        let spoken = match act {
            Act::Enter => Spoken::Home,
            Act::Say(words) => Spoken::Words(words),
            Act::Photo(url) => Spoken::Photo(url),
            Act::Tap(label) => {
                press = self.press(label)?;
                Spoken::Press(&press)
            }
        };
        self.say(&spoken).await
    }

    fn press(&self, label: &str) -> Result<Press, Message> {
        let missing = || messages::no_such_button(shown(label), list(&self.screen.buttons()));
        self.screen.press(label).cloned().ok_or_else(missing)
    }

    /// One skill call and what it shows.
    ///
    /// # Errors
    /// No answer came.
    pub(crate) async fn say(&mut self, spoken: &Spoken<'_>) -> Result<Came, Message> {
        let who = Who { user: &self.user, bot: OPENBUILDER_BOT, tester: false };
        let body = call::body(&who, spoken, None);
        let call = Call {
            method: Method::POST,
            url: self.url,
            connect: None,
            headers: &[(X_BRIDGE_EXPLAIN, HeaderValue::from_static("1"))],
            body: Some(Bytes::from(body.to_string())),
            within: PATIENCE,
            trust: &Trust::default(),
        };
        let started = time::instant();
        let answer = http_call(call).await.map_err(|error| messages::no_answer(chain(&error)))?;
        let took = time::instant().saturating_duration_since(started);
        if answer.status != 200 {
            return Err(messages::no_answer(format!("status {}", answer.status)));
        }
        self.screen = Screen::of(&answer.body);
        let problem = answer.headers.get(&X_BRIDGE_PROBLEM);
        let problem = problem.map(|problem| String::from_utf8_lossy(problem.as_bytes()).into_owned());
        let asked = asked(&answer.headers);
        Ok(Came { screen: self.screen.clone(), took, asked, problem, differences: differences(&answer.headers) })
    }
}

/// Whether the bot was asked, as a bridge tells who asks for it; the turn of an answer that is still awaited has no
/// plan yet and asks.
pub(crate) fn asked(headers: &HeaderMap) -> Option<bool> {
    let plan = headers.get(&X_BRIDGE_PLAN)?;
    Some(plan.as_bytes() == PlanKind::Ask.as_str().as_bytes())
}

/// The differences that a bridge tells of.
fn differences(headers: &HeaderMap) -> Degradations {
    let told = headers.get(&X_BRIDGE_DEGRADATIONS).and_then(|told| told.to_str().ok()).unwrap_or_default();
    let mut differences = Degradations::NONE;
    for degradation in Degradation::ALL.iter().filter(|one| told.split(',').any(|code| code.trim() == one.code())) {
        differences.add(*degradation);
    }
    differences
}

/// A key for somebody the bot has never seen.
pub(crate) fn somebody_new(bot: &BotId) -> String {
    let nonce = getrandom::u64().unwrap_or_default().to_string();
    UserKey::derive(bot, &["conversation", &nonce]).as_str().to_owned()
}
