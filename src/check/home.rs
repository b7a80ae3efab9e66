//! Finds out what an old bot is like without making it act: one `GET /keyboard`, as the bridge and the old platform ask
//! it.
//!
//! `POST /message` is never sent: the bot would act on it. Its outcome is judged from the answer to `GET /keyboard`,
//! because redirects, refusals and TLS nearly always concern both paths. Where an `http` answer makes no sense, a TLS
//! handshake is tried at the same address; it carries no request. Rejected: `OPTIONS` or `HEAD` of `/message`, for a
//! PHP bot runs on every method.

use std::time::Duration;

use url::Url;

use super::exchange::{Answer, Exchange, Line};
use super::{redirect, unreachable};
use crate::config::settings::{BotSettings, Trust};
use crate::config::{is_loopback, split_at_call};
use crate::messages::{Language, Message, probe as messages};
use crate::net::client::ClientError;
use crate::net::once::path_and_query;
use crate::net::target::Target;
use crate::net::tls;
use crate::reading::{self, Looks, Unreadable};
use crate::time;
use crate::wire::legacy::Keys;

/// The time that the old platform gave a bot to answer (legacy.md 1).
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What can be said of a bot's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The bot is there. They can be expected to work.
    Good,
    /// Nothing shows whether the bot is at this path: it has no home keyboard, or lies elsewhere.
    Unconfirmed,
    /// They will fail.
    Failing,
}

/// The findings.
#[derive(Debug)]
pub(crate) struct Found {
    /// One message, or a second one about the home keyboard.
    pub(crate) messages: Vec<Message>,
    /// Their meaning for the bot's messages.
    pub(crate) verdict: Verdict,
    /// No bot is there: refused, or a name without address. It may be just starting.
    pub(crate) absent: bool,
}

impl Found {
    fn new(verdict: Verdict, message: Message) -> Self {
        Self { messages: vec![message], verdict, absent: false }
    }

    fn failing(message: Message) -> Self {
        Self::new(Verdict::Failing, message)
    }

    /// Each finding as a line, or as several where it has something to copy.
    pub(crate) fn lines(&self, bot: &BotSettings, language: Language) -> impl Iterator<Item = String> {
        let of_bot = move |message: &Message| messages::of_bot(bot.id.as_str(), message.told(language)).text(language);
        self.messages.iter().map(of_bot)
    }
}

/// Asks `bot` for its home keyboard, once.
pub(crate) async fn ask(bot: &BotSettings) -> Found {
    look(bot).await.0
}

/// The same, and what came, for those who look closer.
pub(super) async fn look(bot: &BotSettings) -> (Found, Option<Exchange>) {
    let url = under(&bot.url, "keyboard");
    let exchange = match home_keyboard(bot, &bot.url).await {
        Ok(exchange) => exchange,
        Err(problem) => return (Found::failing(messages::not_to_be_asked(problem)), None),
    };
    let senseless = match &exchange.answered {
        Ok(answer) => answer.status == 400,
        Err(error) => matches!(error, ClientError::Malformed(_) | ClientError::Cut { .. }),
    };
    if senseless && speaks_tls(bot).await {
        return (Found::failing(messages::speaks_tls(url.as_str())), Some(exchange));
    }
    let found = match &exchange.answered {
        Ok(answer) => match wrong_base(bot, &url, answer).await {
            Some(found) => found,
            None if matches!(answer.status, 404 | 410) && is_script(bot).await => {
                let mut found = Found::failing(messages::no_such_path(url.as_str(), answer.status));
                found.messages.push(messages::calls_are_scripts());
                found
            }
            None => judge(bot, &url, answer),
        },
        Err(error) => {
            let here = bot.connect.map_or_else(|| is_loopback(&url), |address| address.ip().is_loopback());
            let absent = matches!(error, ClientError::Unresolved(_) | ClientError::Unreachable(_));
            Found { absent, ..Found::failing(unreachable::silent(&url, here, error)) }
        }
    };
    (found, Some(exchange))
}

/// `GET /keyboard` as the bridge asks it, of a bot at `base`.
async fn home_keyboard(bot: &BotSettings, base: &Url) -> Result<Exchange, Message> {
    let line = Line::new(bot, base)?;
    Ok(line.ask(line.requests.keyboard(), PATIENCE).await)
}

/// Whether a bot at `base` gives a keyboard.
pub(super) async fn has_keyboard(bot: &BotSettings, base: &Url) -> bool {
    let asked = home_keyboard(bot, base).await;
    asked.is_ok_and(|exchange| exchange.answered.is_ok_and(|answer| is_keyboard(&answer)))
}

/// A url that ends in a call, such as `/kakao/keyboard/index.php`. What answers below it is often the bot all the same:
/// PHP under Apache hands a script whatever follows its name, and `php -S` looks for an `index.php` upwards. Messages
/// would reach that script, which gives a keyboard for each. `None` where the bot may really lie there.
async fn wrong_base(bot: &BotSettings, asked: &Url, answer: &Answer) -> Option<Found> {
    let (base, call) = split_at_call(bot.url.path())?;
    let mut better = bot.url.clone();
    better.set_path(base);
    let is_script = call.contains('.');
    let is_wrong = match answer.status {
        404 | 410 => true,
        200 if is_keyboard(answer) => is_script || has_keyboard(bot, &better).await,
        _ => false,
    };
    let shown = better.as_str().trim_end_matches('/');
    is_wrong.then(|| {
        let mut found = Found::failing(messages::url_has_the_call(asked.as_str(), answer.status, call, shown));
        if is_script && !call.contains("/index.") {
            found.messages.push(messages::calls_are_scripts());
        }
        found
    })
}

/// Whether the bot's calls are scripts with an ending, which Kakao's own path never had: its `.htaccess` led there, and
/// was left behind when the bot moved.
async fn is_script(bot: &BotSettings) -> bool {
    let script = path_and_query(&under(&bot.url, "keyboard.php"));
    let (Some(script), Ok(line)) = (script, Line::new(bot, &bot.url)) else { return false };
    line.ask(line.requests.get(script), PATIENCE).await.answered.is_ok_and(|answer| is_keyboard(&answer))
}

fn is_keyboard(answer: &Answer) -> bool {
    answer.status == 200 && reading::read_home(&answer.body).is_ok()
}

/// A call's address below a bot's.
pub(super) fn under(base: &Url, call: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{call}", base.path().trim_end_matches('/')));
    url
}

fn judge(bot: &BotSettings, url: &Url, answer: &Answer) -> Found {
    let (at, status) = (url.as_str(), answer.status);
    match status {
        200 => home(at, &answer.body),
        301 | 302 | 303 | 307 | 308 => Found::failing(redirect::redirect(&bot.url, url, status, &answer.headers)),
        401 | 403 | 407 => Found::failing(messages::not_admitted(at, status)),
        // Many bots never had a home keyboard (legacy.md 3), and a wrong path looks the same.
        404 | 410 => Found::new(Verdict::Unconfirmed, messages::no_such_path(at, status)),
        // The path is there, and not for this method.
        405 | 501 => Found::new(Verdict::Good, messages::no_home_keyboard(at, status)),
        _ => Found::failing(messages::bad_status(at, status)),
    }
}

fn home(url: &str, body: &[u8]) -> Found {
    let home = match reading::read_home(body) {
        Ok(home) => home,
        Err(Unreadable::NotJson { looks: Looks::Php, .. }) => return Found::failing(messages::php_fails(url)),
        Err(unreadable) => return Found::failing(messages::not_a_keyboard(url, reason(unreadable))),
    };
    let mut found = Found::new(
        Verdict::Good,
        match home.keys {
            Keys::Text => messages::free_typing(url),
            Keys::Buttons(labels) => messages::buttons(url, labels.len()),
        },
    );
    if !home.degradations.is_empty() {
        found.messages.push(messages::home_differs(home.degradations.to_string()));
    }
    found
}

pub(super) fn reason(unreadable: Unreadable) -> Message {
    match unreadable {
        Unreadable::Empty => messages::body_empty(),
        Unreadable::NotJson { looks: Looks::Html, .. } => messages::body_html(),
        Unreadable::NotJson { at, .. } => messages::body_not_json(at),
        Unreadable::NotAnObject => messages::body_not_an_object(),
        Unreadable::Foreign => messages::body_foreign(),
        Unreadable::TooDeep | Unreadable::TooMany | Unreadable::TooLong => messages::body_beyond_bounds(),
    }
}

/// Whether a TLS handshake succeeds at the address of an `http` bot.
async fn speaks_tls(bot: &BotSettings) -> bool {
    let mut url = bot.url.clone();
    let port = bot.url.port_or_known_default();
    if url.scheme() != "http" || url.set_scheme("https").is_err() || url.set_port(port).is_err() {
        return false;
    }
    let anyone = Trust { insecure: true, ..Trust::default() };
    let Ok(config) = tls::client_config(&anyone) else { return false };
    let Some(target) = Target::new(&url, &config) else { return false };
    let target = match bot.connect {
        Some(address) => target.reached_at(address),
        None => target,
    };
    target.connect(time::instant() + PATIENCE).await.is_ok()
}
