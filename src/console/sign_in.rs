//! Signing in and out (C2).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use maud::{Markup, html};

use super::form::Form;
use super::frame::{self, Place, Reader};
use super::replies::{self, Reply};
use super::visitor::Visitor;
use super::{Console, random};
use crate::config::settings::Admin;
use crate::messages::{Message, console as words, start};
use crate::mutex::lock;
use crate::tasks::Tasks;
use crate::time;

/// What makes a bridge print another link.
const COMMANDS: [&str; 3] = [
    "kill -USR1 $(pidof smartchat-bridge)",
    "systemctl kill -s USR1 smartchat-bridge; journalctl -u smartchat-bridge -n 5",
    "docker compose kill -s USR1 bridge; docker compose logs -n 5 bridge",
];
/// How long a wrong token holds up the next guess, whoever makes it: four guesses a second for all the world.
const AFTER_A_WRONG_ONE: Duration = Duration::from_millis(250);

/// The line in which guesses stand. It is taken before a token is looked at and kept for a while after a wrong one, also
/// when the guesser hangs up meanwhile; so hanging up and trying again is no faster. Nobody is ever locked out.
#[derive(Debug, Default)]
pub(super) struct GuessLine(Arc<tokio::sync::Mutex<()>>);

impl GuessLine {
    /// Whether `look` finds a token right, in its turn.
    pub(super) async fn ask(&self, tasks: &Tasks, look: impl FnOnce() -> bool) -> bool {
        let turn = Arc::clone(&self.0).lock_owned().await;
        let is_right = look();
        if !is_right {
            tasks.background(async move {
                tokio::time::sleep(AFTER_A_WRONG_ONE).await;
                drop(turn);
            });
        }
        is_right
    }
}

/// The page that signs in.
pub(super) fn page(console: &Console, admin: &Admin, visitor: &Visitor) -> Reply {
    let key = visitor.asks("key");
    if key.is_empty() {
        return replies::page(StatusCode::OK, by_token(console, admin, visitor, None));
    }
    if admin.token.is_some() || !lock(&console.links).is_good(key, time::now()) {
        let why = Some(words::link_is_over());
        return replies::page(StatusCode::FORBIDDEN, by_token(console, admin, visitor, why));
    }
    let reader = Reader { visitor, form_token: None };
    let body = html! {
        section class="card narrow" {
            h1 { (reader.text(words::sign_in_here())) }
            form method="post" action="/console/sign-in" {
                input type="hidden" name="key" value=(key);
                p { button class="primary" autofocus { (reader.text(words::sign_in())) } }
            }
            p class="hint" { (reader.text(words::link_works_once())) }
        }
    };
    replies::page(StatusCode::OK, frame::page(reader, None, words::sign_in(), &body))
}

fn by_token(console: &Console, admin: &Admin, visitor: &Visitor, why: Option<Message>) -> Markup {
    let reader = Reader { visitor, form_token: None };
    let has_printed = console.operators.token_to_print(admin).is_some();
    let field = (admin.token.is_some() || has_printed)
        .then(|| if has_printed { words::token_is_printed() } else { words::token_is_configured() });
    let body = html! {
        section class="card narrow" {
            h1 { (reader.text(words::sign_in())) }
            @if let Some(why) = why { p class="alert" role="alert" { (reader.text(why)) } }
            @if let Some(hint) = field {
                form method="post" action="/console/sign-in" {
                    label for="token" { (reader.text(words::token())) }
                    input id="token" name="token" type="password" autocomplete="current-password" required
                        autofocus aria-describedby="token-hint";
                    p class="hint" id="token-hint" { (reader.text(hint)) }
                    p { button class="primary" { (reader.text(words::sign_in())) } }
                }
            }
            @if admin.token.is_none() {
                p { (reader.text(words::how_to_get_a_link())) }
                @for command in COMMANDS { pre { (command) } }
            }
            p class="hint" {
                (reader.text(words::signed_in_already())) " "
                a href=(Place::Start.path()) { (reader.text(words::go_on())) }
            }
        }
    };
    frame::page(reader, None, words::sign_in(), &body)
}

/// Takes a link or a token, and begins a session.
pub(super) async fn take(
    console: &Console,
    tasks: &Tasks,
    admin: &Admin,
    visitor: &Visitor,
    peer: IpAddr,
    form: &Form,
) -> Reply {
    let (key, token) = (form.field("key"), form.field("token"));
    let refuse = |why: Message| replies::page(StatusCode::FORBIDDEN, by_token(console, admin, visitor, Some(why)));
    if !key.is_empty() {
        // A link that was printed before a reload brought a token opens nothing any more (C2).
        if admin.token.is_some() || !lock(&console.links).take(key, time::now()) {
            return refuse(words::link_is_over());
        }
    } else if !console.guesses.ask(tasks, || console.operators.is_operators(admin, token.as_bytes())).await {
        tracing::warn!(%peer, "a wrong token at the console's sign-in");
        return refuse(words::token_is_wrong());
    }
    let Some(session) = lock(&console.sessions).begin(admin.token.as_ref(), time::now()) else {
        return refuse(words::no_randomness());
    };
    tracing::info!(%peer, "an operator has signed in to the console");
    end_session(console, visitor);
    let mut reply = replies::see(Place::Start.path());
    replies::set_cookie(&mut reply, visitor.session_cookie(Some(&session)));
    reply
}

/// Ends the session.
pub(super) fn out(console: &Console, visitor: &Visitor) -> Reply {
    end_session(console, visitor);
    let mut reply = replies::see("/console/sign-in");
    replies::set_cookie(&mut reply, visitor.session_cookie(None));
    reply
}

fn end_session(console: &Console, visitor: &Visitor) {
    if let Some(session) = &visitor.session {
        lock(&console.sessions).end(session);
    }
}

impl Console {
    /// A new sign-in link; `None` where `admin.token` signs in, and without randomness.
    #[must_use]
    pub(crate) fn link(&self, admin: &Admin) -> Option<String> {
        if admin.token.is_some() {
            return None;
        }
        let key = random::word()?;
        lock(&self.links).add(&key, time::now());
        Some(format!("{}/console/sign-in?key={key}", self.address(admin)))
    }

    /// How to get in, to be printed: a new link, where none is configured otherwise.
    #[must_use]
    pub(crate) fn way_in(&self, admin: &Admin) -> Vec<Message> {
        match self.link(admin) {
            Some(link) => vec![start::console_link(link), start::operators_from_elsewhere(self.bound.port())],
            None if admin.token.is_some() => vec![start::console_by_token(self.address(admin))],
            None => vec![start::console_closed()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wrong_guesses_are_slow_and_hanging_up_makes_them_no_faster() {
        let (line, tasks, begun) = (GuessLine::default(), Tasks::default(), time::instant());
        assert!(line.ask(&tasks, || true).await && line.ask(&tasks, || true).await);
        assert_eq!(begun.elapsed(), Duration::ZERO, "who knows the token waits for nothing");
        for _ in 0..4 {
            // The guesser has its answer, or has gone: the line is held all the same.
            assert!(!line.ask(&tasks, || false).await);
        }
        assert_eq!(begun.elapsed(), 3 * AFTER_A_WRONG_ONE);
        assert!(line.ask(&tasks, || true).await, "nobody is locked out");
        assert_eq!(begun.elapsed(), 4 * AFTER_A_WRONG_ONE);
    }
}
