//! The home keyboard of a check: what it is, and what it says of messages that were not sent.

use std::time::Duration;

use hyper::Uri;
use hyper::header::LOCATION;
use url::Url;

use super::exchange::{Answer, Exchange, Line};
use super::home::{self, Found, PATIENCE, Verdict, has_keyboard, under};
use super::report::Report;
use super::{Finding, Weight, called, message, millis, note, redirect, remedy, transport};
use crate::config::settings::BotSettings;
use crate::degradation::{Degradation, Degradations};
use crate::legacy::requests::path;
use crate::messages::{Message, check as messages};
use crate::net::once::path_and_query;
use crate::reading;
use crate::translate::view::View;
use crate::wire::legacy::Keys;

/// A user who enters the room waits so long for it (K1).
const SLOW: Duration = Duration::from_secs(1);
/// Base paths that old bots had (legacy.md 1), tried where nothing is at the configured one.
const USUAL_BASES: [&str; 7] = ["", "/kakao", "/plusfriend", "/api/plusfriend", "/api", "/bot", "/chatbot"];

/// What is known of a home keyboard.
pub(super) struct HomeKeyboard {
    found: Found,
    status: Option<u16>,
    /// A redirect that the bridge follows, and where it leads.
    followed: Option<Url>,
    /// Whether there is one, perhaps behind a redirect.
    is_there: bool,
    /// Its labels.
    pub(super) labels: Vec<String>,
}

/// What came of the messages of a check.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Came {
    /// One was answered with a reply.
    pub(super) replied: bool,
    /// One was answered in whatever way.
    pub(super) answered: bool,
    /// One was answered with a redirect.
    pub(super) redirected: bool,
}

impl HomeKeyboard {
    /// Whether nobody was there at all: then nothing else is asked.
    pub(super) fn is_absent(&self) -> bool {
        self.found.absent
    }

    /// What the keyboard says of messages, once it is known whether one was answered: a prediction counts only where
    /// nothing was sent that could prove it wrong.
    pub(super) async fn conclude(&self, bot: &BotSettings, report: &mut Report, came: Came) {
        let url = under(&bot.url, "keyboard");
        match &self.followed {
            Some(to) if came.answered && !came.redirected && self.is_there => {
                let seen = messages::redirect_followed(url.as_str(), redirect::shown(to));
                report.add(Finding::new(Weight::Differs, seen).users(messages::users_same()));
                return;
            }
            _ => {}
        }
        for found in &self.found.messages {
            report.add(match (found.code(), self.found.verdict) {
                ("SB3001" | "SB3002", _) => Finding::new(Weight::Good, found.clone()),
                // Each difference is told on its own.
                ("SB3004", _) => continue,
                ("SB3003", _) => Finding::new(Weight::Note, found.clone()),
                (_, Verdict::Unconfirmed) if came.replied => {
                    let seen = messages::no_home_keyboard(url.as_str());
                    Finding::new(Weight::Note, seen).users(messages::users_type_freely())
                }
                (_, Verdict::Unconfirmed) => Finding::new(Weight::Differs, found.clone()),
                (_, Verdict::Failing) if came.replied => {
                    Finding::new(Weight::Lost, found.clone()).users(messages::users_type_freely())
                }
                (_, Verdict::Failing | Verdict::Good) => Finding::new(Weight::Lost, found.clone()),
            });
        }
        if !came.replied && matches!(self.status, Some(404 | 410)) && self.found.verdict == Verdict::Unconfirmed {
            elsewhere(bot, report).await;
        }
    }
}

/// Asks for it, and follows one redirect as the bridge does (K1).
pub(super) async fn ask(bot: &BotSettings, report: &mut Report) -> HomeKeyboard {
    let url = under(&bot.url, "keyboard");
    let call = called("GET", &url, None);
    let (found, exchange) = home::look(bot).await;
    let mut keyboard = HomeKeyboard { found, status: None, followed: None, is_there: false, labels: Vec::new() };
    let Some(exchange) = exchange else { return keyboard };
    note(report, &call, &exchange);
    let Ok(answer) = &exchange.answered else { return keyboard };
    keyboard.status = Some(answer.status);
    if message::refuses_host(answer) {
        let seen = messages::host_refused(call.clone(), answer.status);
        report.add(Finding::new(Weight::Lost, seen).remedy(remedy::host(report.runs)));
    }
    let behind = follow(bot, &url, answer, report).await;
    if let Some((to, exchange)) = &behind {
        keyboard.followed = Some(to.clone());
        if let Ok(answer) = &exchange.answered {
            read(bot, &call, answer, &mut keyboard, report);
        }
    } else {
        read(bot, &call, answer, &mut keyboard, report);
    }
    let took = exchange.took + behind.map(|(_, exchange)| exchange.took).unwrap_or_default();
    if took > SLOW {
        let seen = messages::keyboard_slow(url.as_str(), millis(took));
        let finding = Finding::new(Weight::Differs, seen).users(messages::users_type_freely());
        report.add(finding.remedy(messages::mend_slow()));
    }
    keyboard
}

/// Reads a good answer.
fn read(bot: &BotSettings, call: &Message, answer: &Answer, keyboard: &mut HomeKeyboard, report: &mut Report) {
    if answer.status != 200 {
        return;
    }
    let Ok(home) = reading::read_home(&answer.body) else { return };
    keyboard.is_there = true;
    if let Keys::Buttons(labels) = &home.keys {
        keyboard.labels = labels.iter().map(|label| label.clone().into_owned()).collect();
    }
    let mut differences = home.degradations;
    if answer.cut_short {
        differences.add(Degradation::CutShort);
    }
    let view = View { policy: &bot.policy, message_block: None, room: false };
    differences.join(message::shown(&reading::Reading::words(&bot.policy.texts.home), Some(&home.keys), &view));
    differ(bot, differences, report);
    transport::of_json(call, answer, differences.has(Degradation::Gzip), report);
}

/// Each difference as a finding of its own.
pub(super) fn differ(bot: &BotSettings, differences: Degradations, report: &mut Report) {
    for degradation in differences.iter() {
        let (weight, users, remedy) = remedy::of(degradation, report.runs, bot);
        let words = crate::messages::Value::Words(degradation.english(), degradation.korean());
        let finding = Finding::new(weight, messages::difference(words)).users(users).remedy(remedy);
        report.add(Finding { code: degradation.code(), ..finding });
    }
}

/// The answer behind a redirect that stays at this very server.
async fn follow(bot: &BotSettings, asked: &Url, answer: &Answer, report: &mut Report) -> Option<(Url, Exchange)> {
    let location = matches!(answer.status, 301 | 302 | 303 | 307 | 308).then(|| answer.headers.get(LOCATION))??;
    let to = asked.join(std::str::from_utf8(location.as_bytes()).ok()?).ok()?;
    let same = to.scheme() == asked.scheme()
        && to.host() == asked.host()
        && to.port_or_known_default() == asked.port_or_known_default();
    let uri: Uri = same.then(|| path_and_query(&to)).flatten()?;
    let uri = path(&uri.to_string())?;
    let line = Line::new(bot, &bot.url).ok()?;
    let exchange = line.ask(line.requests.get(uri), PATIENCE).await;
    let call = messages::call_of("GET", redirect::shown(&to));
    note(report, &call, &exchange);
    Some((to, exchange))
}

/// Looks for a keyboard at the paths that old bots had.
async fn elsewhere(bot: &BotSettings, report: &mut Report) {
    let own = bot.url.path().trim_end_matches('/');
    for base in USUAL_BASES.iter().filter(|base| **base != own) {
        let mut better = bot.url.clone();
        better.set_path(base);
        if has_keyboard(bot, &better).await {
            let better = better.as_str().trim_end_matches('/').to_owned();
            let finding = Finding::new(Weight::Lost, messages::keyboard_elsewhere(&better));
            report.add(finding.remedy(messages::mend_url(better)));
            return;
        }
    }
}
