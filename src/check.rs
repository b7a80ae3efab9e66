//! Rank 5: whether an old bot will work, and what its users will notice (legacy.md 3).
//!
//! The bot is asked what the old platform asked, in its very bytes, and everything that differs from the documented
//! form is a [`Finding`]: what was seen, what users make of it, and the remedy in the bot's own language. By default
//! only `GET /keyboard` is asked, which makes no bot act; a [`Plan`] may add messages and events. The report is data:
//! the command line, the console and `support` word it as they need. Nothing of a bot's pages is repeated, for error
//! pages with secrets were recorded (legacy.md 3).

mod events;
mod exchange;
pub(crate) mod home;
mod keyboard;
mod message;
mod redirect;
mod remedy;
pub(crate) mod report;
mod runs;
mod transport;
mod unreachable;

use std::time::Duration;

use url::Url;

use crate::config::settings::BotSettings;
use crate::conversation::crawl::{ACTING, Crawled, Visited};
use crate::degradation::Degradation;
use crate::ids::UserKey;
use crate::messages::{Message, check as messages};
use exchange::{Exchange, Line};
use keyboard::Came;
use report::Report;
pub(crate) use runs::Runs;

/// Who speaks in a check: always the same, so that a bot that stores its users stores one.
pub(crate) const USER: &str = "BridgeCheck0";
/// A photo as the old platform sent its address (legacy.md 1).
const PHOTO: &str = "http://dn-m.talk.kakao.com/talkm/check/i_check0000001.jpg";
/// Words that no bot knows.
const UNKNOWN: &str = "점검용 모르는 말";

/// What is asked besides `GET /keyboard`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// A message of these words.
    pub(crate) words: Option<String>,
    /// The first button, unless words are given; words that the bot does not know; a photo.
    pub(crate) all: bool,
    /// The calls of the life cycle.
    pub(crate) events: bool,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// All is well.
    Good,
    /// Good to know.
    Note,
    /// The bot differs from the documented form, and users lose nothing by it.
    Differs,
    /// Users lose something.
    Lost,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) weight: Weight,
    /// Stable: `SB…` of a message, or the code of a difference such as `reply.bom`.
    pub(crate) code: &'static str,
    pub(crate) seen: Message,
    /// What users make of it.
    pub(crate) users: Option<Message>,
    pub(crate) remedy: Option<Message>,
}

impl Finding {
    fn new(weight: Weight, seen: Message) -> Self {
        Self { weight, code: seen.code(), seen, users: None, remedy: None }
    }

    fn users(self, users: Message) -> Self {
        Self { users: Some(users), ..self }
    }

    fn remedy(self, remedy: Message) -> Self {
        Self { remedy: Some(remedy), ..self }
    }
}

/// A message of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Words that the operator chose.
    Given,
    FirstButton,
    Unknown,
    Photo,
}

impl Said {
    fn name(self) -> Message {
        match self {
            Self::Given => messages::given_words(),
            Self::FirstButton => messages::first_button(),
            Self::Unknown => messages::unknown_words(),
            Self::Photo => messages::a_photo(),
        }
    }
}

/// Asks a bot what `plan` says, one call after the other.
pub(crate) async fn check(bot: &BotSettings, plan: &Plan) -> Report {
    let mut report = Report::new(bot);
    let keyboard = keyboard::ask(bot, &mut report).await;
    let (Some(user), Ok(line)) = (UserKey::parse(USER), Line::new(bot, &bot.url)) else {
        keyboard.conclude(bot, &mut report, Came::default()).await;
        return report;
    };
    let mut came = Came::default();
    if !keyboard.is_absent() {
        for (said, words) in said(plan, &keyboard.labels) {
            message::ask(bot, &line, &user, (said, &words), &mut came, &mut report).await;
        }
    }
    keyboard.conclude(bot, &mut report, came).await;
    if plan.events && !keyboard.is_absent() {
        events::ask(bot, &line, &user, &mut report).await;
    }
    report.settle();
    report
}

/// Takes in the screens of a crawl: what differs on them is a finding as if it had been asked for.
pub(crate) fn take_in(bot: &BotSettings, crawled: Crawled, report: &mut Report) {
    // A bot without a reply is told at the screen where it had none.
    let differences = crawled.differences.iter().filter(|one| *one != Degradation::NoReply);
    keyboard::differ(bot, differences, report);
    let replied = |screen: &Visited| {
        screen.came.as_ref().is_ok_and(|came| came.asked == Some(true)) && screen.problem().is_none()
    };
    if let Some(followed) = report.if_messages_work.take_if(|_| crawled.screens.iter().any(replied)) {
        // What was foretold of messages did not come true.
        report.findings.retain(|finding| !finding.code.starts_with("SB310"));
        report.add(followed);
    }
    report.crawled = Some(crawled);
    report.settle();
}

/// What an operator changes in the bot so that a difference goes away, where the bot's language is not known.
pub(crate) fn mends(degradation: Degradation) -> Message {
    remedy::mends(degradation, Runs::Unknown)
}

/// The messages of a plan, in their order: the bot's own words first, for a bot with a state per user.
fn said(plan: &Plan, labels: &[String]) -> Vec<(Said, String)> {
    let harmless = |label: &&String| !label.trim().is_empty() && ACTING.iter().all(|acting| !label.contains(acting));
    let first = || labels.iter().find(harmless).map(|label| (Said::FirstButton, label.clone()));
    let mut said: Vec<_> = plan.words.clone().map(|words| (Said::Given, words)).into_iter().collect();
    if plan.all {
        if said.is_empty() {
            said.extend(first());
        }
        said.push((Said::Unknown, UNKNOWN.to_owned()));
        said.push((Said::Photo, PHOTO.to_owned()));
    }
    said
}

/// A call in words.
fn called(method: &str, url: &Url, said: Option<Said>) -> Message {
    match said {
        None => messages::call_of(method, url.as_str()),
        Some(said) => messages::call_with(method, url.as_str(), said.name()),
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Takes down that a call was made, and what the answer tells of the server.
fn note(report: &mut Report, call: &Message, exchange: &Exchange) {
    let answer = exchange.answered.as_ref().ok();
    report.made(call.clone(), answer.map(|answer| answer.status), exchange.took);
    if let Some(answer) = answer {
        report.reached = true;
        report.runs_on(Runs::of(&answer.headers, &answer.body));
        transport::look(answer, report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_that_does_what_cannot_be_taken_back_is_not_pressed() {
        let labels: Vec<String> = ["주문하기", "예약 취소", "메뉴"].map(String::from).into();
        let all = Plan { all: true, ..Plan::default() };
        let words: Vec<_> = said(&all, &labels).into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, ["메뉴", UNKNOWN, PHOTO]);
        assert!(said(&Plan::default(), &labels).is_empty(), "nothing is sent unasked");
        let given = Plan { words: Some("안녕".into()), ..all };
        assert_eq!(said(&given, &labels)[0].1, "안녕");
    }

    #[test]
    fn the_user_of_a_check_has_a_key_of_the_old_form() {
        assert!(UserKey::parse(USER).is_some());
    }
}
