//! One message of a check, and what its answer comes to for a user.

use std::time::Duration;

use hyper::header::{LOCATION, SERVER};
use serde::de::IgnoredAny;
use url::Url;

use super::exchange::{Answer, Exchange, Line};
use super::home::under;
use super::keyboard::{Came, differ};
use super::report::Report;
use super::{Finding, Runs, Said, Weight, called, millis, note, redirect, remedy, transport};
use crate::config::settings::BotSettings;
use crate::degradation::{Degradation, Degradations};
use crate::ids::UserKey;
use crate::messages::{Message, Value, check as messages};
use crate::net::client::ClientError;
use crate::reading::{self, Looks, Reading, Unreadable};
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content};
use crate::translate::view::View;
use crate::wire::legacy::{Keys, MessageCall, MessageType};

/// A bot is waited for no longer, however long `late` is.
const LONGEST: Duration = Duration::from_secs(30);

/// Emoticons that KakaoTalk had as codes in its text; some bots write them (legacy.md 3).
const EMOTICONS: [&str; 24] = [
    "(하트)", "(하하)", "(우와)", "(심각)", "(힘듦)", "(흑흑)", "(아잉)", "(찡긋)", "(뿌듯)", "(깜짝)", "(빠직)",
    "(짜증)", "(제발)", "(씨익)", "(신나)", "(헉)", "(흥)", "(감동)", "(뽀뽀)", "(멘붕)", "(정색)", "(쑥스)", "(꺄아)",
    "(굿)",
];

/// Marks of a page that asks for a form's token.
const CSRF: [&str; 4] = ["CSRF", "csrf", "InvalidAuthenticityToken", "authenticity_token"];
/// Marks of a page that does not know the host.
const HOST: [&str; 4] = ["DisallowedHost", "HTTP_HOST header", "Blocked host", "Invalid Host header"];

/// One question, as its findings name it.
struct Asked<'a> {
    bot: &'a BotSettings,
    url: Url,
    call: Message,
    said: Said,
    words: &'a str,
    /// Another message of this check was answered with a reply.
    others_replied: bool,
}

/// Sends it, and takes down what came of it.
pub(super) async fn ask(
    bot: &BotSettings,
    line: &Line,
    user: &UserKey,
    (said, words): (Said, &str),
    came: &mut Came,
    report: &mut Report,
) {
    let url = under(&bot.url, "message");
    let asked = Asked { bot, call: called("POST", &url, Some(said)), url, said, words, others_replied: came.replied };
    let kind = if said == Said::Photo { MessageType::Photo } else { MessageType::Text };
    let body = MessageCall { user_key: user, kind, content: words }.to_body();
    let patience = bot.late.min(LONGEST);
    let exchange = line.ask(line.requests.message(body), patience).await;
    note(report, &asked.call, &exchange);
    match &exchange.answered {
        Ok(answer) if answer.status == 200 => {
            came.answered = true;
            came.replied |= asked.read(answer, &exchange, report);
        }
        Ok(answer) => {
            came.answered = true;
            came.redirected |= answer.headers.contains_key(LOCATION);
            report.add(asked.refused(answer, report.runs));
        }
        Err(error) => report.add(asked.silent(error, patience)),
    }
}

impl Asked<'_> {
    /// A loss: in place of a reply the bridge's own words are read.
    fn lost(&self, seen: Message) -> Finding {
        Finding::new(Weight::Lost, seen).users(messages::users_read(&*self.bot.policy.texts.no_reply))
    }

    /// Only what the bot does not know fails.
    fn is_unknown(&self) -> bool {
        self.others_replied && matches!(self.said, Said::Unknown | Said::Photo)
    }

    /// Reads a good answer. True where it is a reply.
    fn read(&self, answer: &Answer, exchange: &Exchange, report: &mut Report) -> bool {
        let runs = report.runs;
        let call = self.call.clone();
        let is_cut = answer.cut_short && serde_json::from_slice::<IgnoredAny>(&answer.body).is_err();
        if is_cut {
            report.add(self.lost(messages::message_cut(call)).remedy(messages::mend_length()));
            return false;
        }
        let reading = match reading::read(&answer.body) {
            Ok(reading) => reading,
            Err(unreadable) => {
                report.add(self.unreadable(unreadable, runs));
                return false;
            }
        };
        let view = View { policy: &self.bot.policy, message_block: None, room: false };
        let mut differences = shown(&reading, reading.keyboard.as_ref(), &view);
        if answer.cut_short {
            differences.add(Degradation::CutShort);
        }
        let replied = messages::replied(call.clone(), content(&reading), millis(exchange.took));
        report.add(Finding::new(Weight::Good, replied));
        differ(self.bot, differences, report);
        transport::of_json(&call, answer, differences.has(Degradation::Gzip), report);
        if exchange.took > self.bot.deadline {
            let seen = messages::message_late(call.clone(), format!("{:.1}", exchange.took.as_secs_f32()));
            let finding = Finding::new(Weight::Differs, seen).users(messages::users_wait());
            report.add(finding.remedy(messages::mend_slow()));
        }
        let text = reading.text.as_deref().unwrap_or_default();
        if self.said == Said::Photo && text.contains(self.words) {
            let seen = messages::medium_taken_for_words(call);
            let finding = Finding::new(Weight::Differs, seen).users(messages::users_reply_fits_not());
            report.add(finding.remedy(messages::mend_photo_type()));
        }
        if let Some(code) = EMOTICONS.iter().find(|code| text.contains(**code)) {
            let finding = Finding::new(Weight::Note, messages::emoticon_codes(*code));
            if report.findings.iter().all(|known| known.code != finding.code) {
                report.add(finding.users(messages::users_see_codes()));
            }
        }
        true
    }

    fn unreadable(&self, unreadable: Unreadable, runs: Runs) -> Finding {
        let call = self.call.clone();
        let json = || if self.is_unknown() { remedy::default_answer(runs) } else { remedy::json(runs) };
        match unreadable {
            Unreadable::Empty if self.is_unknown() => {
                self.lost(messages::message_empty(call)).remedy(remedy::default_answer(runs))
            }
            Unreadable::Empty => self.lost(messages::message_empty(call)).remedy(remedy::fault(runs)),
            Unreadable::NotJson { looks: Looks::Html, .. } => {
                self.lost(messages::message_is_a_page(call)).remedy(remedy::fault(runs))
            }
            Unreadable::NotJson { looks: Looks::Php, .. } => {
                self.lost(messages::message_is_an_error_of_php(call)).remedy(remedy::fault(Runs::Php))
            }
            Unreadable::NotJson { at, looks: Looks::Other } => {
                self.lost(messages::message_not_json(call, at)).remedy(json())
            }
            Unreadable::NotAnObject | Unreadable::Foreign => self.lost(messages::message_no_reply(call)).remedy(json()),
            Unreadable::TooDeep | Unreadable::TooMany | Unreadable::TooLong => {
                self.lost(messages::message_beyond_bounds(call)).remedy(messages::mend_shorter())
            }
        }
    }

    /// Any status but 200.
    fn refused(&self, answer: &Answer, runs: Runs) -> Finding {
        let (call, status) = (self.call.clone(), answer.status);
        if refuses_host(answer) {
            return self.lost(messages::host_refused(call, status)).remedy(remedy::host(runs));
        }
        let says_csrf = holds(answer, &CSRF) && matches!(status, 400 | 401 | 403 | 419 | 422) || status == 419;
        match status {
            301 | 302 | 303 | 307 | 308 => self.redirected(answer, runs),
            _ if says_csrf => self.lost(messages::message_not_admitted(call, status)).remedy(remedy::no_csrf(runs)),
            401 | 403 | 407 => self.lost(messages::message_not_admitted(call, status)).remedy(messages::mend_admit()),
            _ if status < 500 && self.is_unknown() => {
                self.lost(messages::message_refused(call, status)).remedy(remedy::default_answer(runs))
            }
            404 | 410 => {
                let mend = if runs == Runs::Php { messages::mend_script() } else { messages::mend_path() };
                self.lost(messages::message_path_missing(call, status)).remedy(mend)
            }
            405 | 501 => self.lost(messages::message_method_refused(call, status)).remedy(remedy::method(runs)),
            500.. => self.lost(messages::message_fails(call, status)).remedy(remedy::fault(runs)),
            _ => self.lost(messages::message_refused(call, status)).remedy(remedy::fault(runs)),
        }
    }

    fn redirected(&self, answer: &Answer, runs: Runs) -> Finding {
        let (call, status) = (self.call.clone(), answer.status);
        let location = answer.headers.get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let Some(mut to) = location.and_then(|location| self.url.join(location).ok()) else {
            return self.lost(messages::message_refused(call, status)).remedy(remedy::fault(runs));
        };
        to.set_query(None);
        to.set_fragment(None);
        let same_server = to.origin() == self.url.origin();
        let is_folder = same_server && to.path().strip_suffix('/') == Some(self.url.path());
        let is_apache = answer
            .headers
            .get(SERVER)
            .is_some_and(|server| String::from_utf8_lossy(server.as_bytes()).to_lowercase().contains("apache"));
        let mut better = to.clone();
        let base = to.path().trim_end_matches('/').strip_suffix("/message").map(str::to_owned);
        let mend = match base {
            _ if is_folder && runs == Runs::Python => messages::mend_slash_python(),
            _ if is_folder && is_apache => messages::mend_folder(),
            _ if is_folder => messages::mend_slash(),
            Some(base) => {
                better.set_path(&base);
                messages::mend_url(redirect::shown(&better).trim_end_matches('/'))
            }
            None => messages::mend_elsewhere(),
        };
        self.lost(messages::message_redirected(call, status, redirect::shown(&to))).remedy(mend)
    }

    /// No answer at all.
    fn silent(&self, error: &ClientError, patience: Duration) -> Finding {
        let call = self.call.clone();
        match error {
            ClientError::TimedOut { .. } => {
                let seen = messages::message_unanswered(call, patience.as_secs());
                let finding = Finding::new(Weight::Lost, seen).users(messages::users_wait_in_vain());
                finding.remedy(messages::mend_busy())
            }
            ClientError::Cut { .. } => {
                self.lost(messages::message_cut(call)).remedy(messages::mend_fault(messages::other_log()))
            }
            ClientError::Malformed(_) => self.lost(messages::message_not_http(call)),
            ClientError::TooLarge { .. } => {
                self.lost(messages::message_beyond_bounds(call)).remedy(messages::mend_shorter())
            }
            ClientError::Unresolved(source)
            | ClientError::Unreachable(source)
            | ClientError::Tls(source)
            | ClientError::Untrusted(source) => self.lost(messages::message_unreachable(call, source.to_string())),
        }
    }
}

/// How a reply differs once it is laid out for a user.
pub(super) fn shown(reading: &Reading<'_>, keys: Option<&Keys<'_>>, view: &View<'_>) -> Degradations {
    let keyboard = match keys {
        Some(Keys::Buttons(labels)) => Keyboard::new(labels),
        Some(Keys::Text) | None => None,
    };
    let content = Content {
        readings: std::slice::from_ref(reading),
        keyboard: keyboard.as_ref(),
        part: 0,
        page: 0,
        late: false,
        older_rest: None,
    };
    outbound::reply(&content, view).degradations
}

/// What a reply holds, in short and without its words.
fn content(reading: &Reading<'_>) -> Message {
    let mut parts: Vec<Message> = Vec::new();
    if reading.text.is_some() {
        parts.push(messages::text_part());
    }
    if reading.photo.is_some() {
        parts.push(messages::photo_part());
    }
    if reading.link.is_some() {
        parts.push(messages::link_part());
    }
    if let Some(Keys::Buttons(labels)) = &reading.keyboard {
        parts.push(messages::buttons_part(labels.len()));
    }
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return messages::nothing_part() };
    parts.fold(first, |all, part| messages::joined(Value::from(all), part))
}

/// Whether a bot does not know the host name that it was called by.
pub(super) fn refuses_host(answer: &Answer) -> bool {
    answer.status == 421 || matches!(answer.status, 400 | 403) && holds(answer, &HOST)
}

/// Whether a page holds one of these marks.
fn holds(answer: &Answer, marks: &[&str]) -> bool {
    marks.iter().any(|mark| memchr::memmem::find(&answer.body, mark.as_bytes()).is_some())
}
