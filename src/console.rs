//! Rank 5: the console, pages at the operators' listener that say why a bot answered what it answered (C1 to C5).
//!
//! Server-rendered HTML, one style sheet and one small script without a build step, all compiled in. The listener has a
//! thread of its own, so nothing here is waited for by a user. The console always wants a sign-in, on the loopback too:
//! whatever runs in the operator's browser reaches the loopback. Pages never show words, keys or tokens of users.
//! Rejected: an application in JavaScript with an interface of its own, which doubles the surface and needs a build.

mod assets;
mod capture;
mod checklist;
mod checks;
mod clock;
mod form;
mod frame;
mod links;
pub(crate) mod operator;
mod phone;
mod random;
mod replies;
mod sessions;
mod sign_in;
mod start;
mod talk;
mod turns;
mod visitor;
pub(crate) mod why;
mod wire;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request, StatusCode};

use self::checks::Checks;
use self::form::{Form, NoForm};
use self::frame::{FORM_TOKEN, Reader};
use self::links::Links;
use self::operator::OperatorAccess;
use self::replies::Reply;
use self::sessions::Sessions;
use self::sign_in::GuessLine;
use self::visitor::{LANGUAGE_COOKIE, Visitor, code};
use crate::config::secret::Secret;
use crate::config::settings::Admin;
use crate::messages::{Message, console as words, why as reasons};
use crate::mutex::lock;
use crate::net::CoreId;
use crate::net::body;
use crate::net::pending::Caller;
use crate::shared::Shared;
use crate::simulator::Simulator;
use crate::telemetry::record::TurnEnd;
use crate::time;

/// How long, and for how many bytes, who sends an unwanted body may go on, so that they read the refusal.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// The console of one process. It outlasts reloads.
#[derive(Debug)]
pub(crate) struct Console {
    /// Tokens in headers.
    pub(crate) operators: OperatorAccess,
    /// Where the listener is bound.
    bound: SocketAddr,
    links: Mutex<Links>,
    sessions: Mutex<Sessions>,
    guesses: GuessLine,
    /// The conversations of who is signed in (C4).
    simulator: Simulator,
    checks: Arc<Checks>,
}

/// One request, as far as it is known before its body.
struct Visit<'a> {
    shared: &'a Arc<Shared>,
    admin: &'a Admin,
    caller: &'a Caller,
    peer: IpAddr,
    /// The listener's own thread (C1).
    core: CoreId,
}

/// What an address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Root,
    SignIn,
    SignOut,
    Start,
    Talk,
    TalkFile,
    Capture,
    CapturedTurn,
    Check,
    Secret,
    Turns,
    TurnRows,
}

impl Page {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/" | "/console" => Self::Root,
            "/console/" => Self::Start,
            "/console/check" => Self::Check,
            "/console/secret" => Self::Secret,
            "/console/turns" => Self::Turns,
            "/console/turns/rows" => Self::TurnRows,
            "/console/sign-in" => Self::SignIn,
            "/console/sign-out" => Self::SignOut,
            "/console/talk" => Self::Talk,
            "/console/talk/file" => Self::TalkFile,
            capture::PATH => Self::Capture,
            capture::TURN => Self::CapturedTurn,
            _ => return None,
        })
    }

    const fn methods(self) -> &'static str {
        match self {
            Self::Root | Self::Start | Self::Turns | Self::TurnRows | Self::TalkFile | Self::CapturedTurn => {
                "GET, HEAD"
            }
            Self::SignIn | Self::Talk | Self::Capture => "GET, HEAD, POST",
            Self::SignOut | Self::Check | Self::Secret => "POST",
        }
    }
}

/// Whether a path belongs to the console.
#[must_use]
pub(crate) fn owns(path: &str) -> bool {
    path == "/" || path == "/console" || path.starts_with("/console/")
}

impl Console {
    /// That of a listener bound at `bound`.
    #[must_use]
    pub(crate) fn new(admin: &Admin, bound: SocketAddr) -> Self {
        Self {
            operators: OperatorAccess::new(admin),
            bound,
            links: Mutex::default(),
            sessions: Mutex::default(),
            guesses: GuessLine::default(),
            simulator: Simulator::default(),
            checks: Arc::default(),
        }
    }

    /// Where a browser finds it: `admin.public_url`, else the address that is bound, without a slash at the end.
    #[must_use]
    pub(crate) fn address(&self, admin: &Admin) -> String {
        match &admin.public_url {
            Some(url) => url.origin().ascii_serialization(),
            None => {
                let everywhere = self.bound.ip().is_unspecified();
                let ip = if everywhere { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.bound.ip() };
                format!("http://{}", SocketAddr::new(ip, self.bound.port()))
            }
        }
    }

    /// Looks at a token in a request's headers, in its turn.
    pub(crate) async fn admits(&self, shared: &Shared, look: impl FnOnce(&OperatorAccess) -> bool) -> bool {
        self.guesses.ask(&shared.tasks, || look(&self.operators)).await
    }

    /// Answers a request whose `Host` has been checked.
    pub(crate) async fn answer(
        &self,
        shared: &Arc<Shared>,
        caller: &Caller,
        core: CoreId,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> Reply {
        let settings = Arc::clone(&shared.registry().settings);
        let (head, mut body) = request.into_parts();
        let admin = &settings.admin;
        let visit = Visit { shared, admin, caller, peer, core };
        let mut visitor = Visitor::new(admin, &head.headers, head.uri.query());
        visitor.captured = capture::under_way(&visit);
        let wants_to_do = head.method == Method::POST;
        visitor.sends_a_form = wants_to_do;
        let mut reply = match Page::at(head.uri.path()) {
            Some(page) if !takes(page, &head.method) => other_method(&visitor, page),
            Some(page) if wants_to_do && !visitor.is_at_home => {
                tracing::warn!(%peer, ?page, "a form from a foreign origin");
                refuse(&visitor, StatusCode::FORBIDDEN, words::foreign_origin())
            }
            Some(page) if wants_to_do => match Form::read(&head.headers, &mut body).await {
                Ok(form) => self.act(&visit, &visitor, page, &form).await,
                Err(why) => no_form(&visitor, why),
            },
            Some(page) => self.show(&visit, &visitor, page),
            None => match assets::at(head.uri.path()) {
                Some(asset) => replies::asset(asset),
                None => no_such_page(&visitor),
            },
        };
        if let Some(language) = visitor.chosen {
            let cookie =
                format!("{LANGUAGE_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000", code(language));
            replies::set_cookie(&mut reply, HeaderValue::from_str(&cookie).ok());
        }
        if !hyper::body::Body::is_end_stream(&body) {
            replies::close(&mut reply);
            shared.tasks.background(async move {
                let _too_slow = tokio::time::timeout(LINGER, body::discard(body, LINGER_BYTES)).await;
            });
        }
        reply
    }

    /// The form token of who is signed in.
    fn signed_in(&self, visit: &Visit<'_>, visitor: &Visitor) -> Option<String> {
        let name = visitor.session.as_deref()?;
        let form_token = lock(&self.sessions).find(name, visit.admin.token.as_ref(), time::now())?;
        // From now on its connection is not closed for another's.
        drop(visit.caller.admit());
        Some(form_token)
    }

    /// A page.
    fn show(&self, visit: &Visit<'_>, visitor: &Visitor, page: Page) -> Reply {
        let form_token = self.signed_in(visit, visitor);
        let Some(form_token) = form_token.as_deref() else {
            return match page {
                Page::SignIn => sign_in::page(self, visit.admin, visitor),
                // A script that asks for more is told, and loads its page again.
                Page::TurnRows => refuse(visitor, StatusCode::UNAUTHORIZED, words::stale_form()),
                Page::Root
                | Page::SignOut
                | Page::Start
                | Page::Check
                | Page::Secret
                | Page::Turns
                | Page::Talk
                | Page::TalkFile
                | Page::Capture
                | Page::CapturedTurn => replies::see("/console/sign-in"),
            };
        };
        let reader = Reader { visitor, form_token: Some(form_token) };
        match page {
            Page::Root | Page::SignIn | Page::SignOut | Page::Check | Page::Secret => replies::see("/console/"),
            Page::Turns => replies::page(StatusCode::OK, turns::page(reader, visit.shared)),
            Page::TurnRows => replies::page(StatusCode::OK, turns::rows(reader, visit.shared)),
            Page::Start => {
                let wanted = visitor.asks("bot");
                replies::page(StatusCode::OK, start::page(reader, visit.shared, &self.checks, wanted, false))
            }
            // A session's form token names its conversations, too: nobody else has it.
            Page::Talk => talk::page(self, visit, reader, form_token),
            Page::TalkFile => talk::saved(self, visit, reader, form_token),
            Page::Capture => capture::page(visit, reader),
            Page::CapturedTurn => capture::turn(visit, reader),
        }
    }

    /// Something is to be done.
    async fn act(&self, visit: &Visit<'_>, visitor: &Visitor, page: Page, form: &Form) -> Reply {
        if page == Page::SignIn {
            return sign_in::take(self, &visit.shared.tasks, visit.admin, visitor, visit.peer, form).await;
        }
        let form_token = self.signed_in(visit, visitor);
        let is_own = |token: &String| Secret::new(token).matches(form.field(FORM_TOKEN).as_bytes());
        let Some(form_token) = form_token.filter(is_own) else {
            return refuse(visitor, StatusCode::FORBIDDEN, words::stale_form());
        };
        let bot = form.field("bot");
        let reader = Reader { visitor, form_token: Some(&form_token) };
        match page {
            Page::SignOut => {
                self.simulator.forget_all(&form_token);
                sign_in::out(self, visitor)
            }
            Page::Talk => Box::pin(talk::act(self, visit, reader, &form_token, form)).await,
            Page::Capture => capture::act(visit, reader, form),
            Page::Check => {
                let registry = visit.shared.registry();
                let Some(bot) = registry.named(bot) else { return no_such_page(visitor) };
                self.checks.begin(visit.shared, &bot.settings, form.field("words"));
                replies::see(&format!("/console/?bot={}#check", bot.settings.id))
            }
            Page::Secret => {
                tracing::info!(peer = %visit.peer, bot, "an operator has looked at the secret of a skill");
                replies::page(StatusCode::OK, start::page(reader, visit.shared, &self.checks, bot, true))
            }
            Page::Root
            | Page::SignIn
            | Page::Start
            | Page::Turns
            | Page::TurnRows
            | Page::TalkFile
            | Page::CapturedTurn => no_such_page(visitor),
        }
    }
}

/// Why a turn came to its end, in one sentence, and what is to be done where it failed or came late.
fn why_of(reader: Reader<'_>, end: &TurnEnd) -> maud::Markup {
    maud::html! {
        p class="why" { (reader.text(reasons::because(why::why(end)))) }
        @if let Some(mend) = why::mend(end) { p class="hint" { (reader.text(words::in_the_bot(mend))) } }
    }
}

fn takes(page: Page, method: &Method) -> bool {
    page.methods().split(", ").any(|taken| taken == method.as_str())
}

fn refuse(visitor: &Visitor, status: StatusCode, why: Message) -> Reply {
    let reader = Reader { visitor, form_token: None };
    replies::page(status, frame::notice(reader, words::refused(), why))
}

fn no_form(visitor: &Visitor, why: NoForm) -> Reply {
    let status = match why {
        NoForm::Kind => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        NoForm::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        NoForm::TooSlow => StatusCode::REQUEST_TIMEOUT,
        NoForm::Cut => StatusCode::BAD_REQUEST,
    };
    refuse(visitor, status, words::form_not_read())
}

fn no_such_page(visitor: &Visitor) -> Reply {
    let reader = Reader { visitor, form_token: None };
    replies::page(StatusCode::NOT_FOUND, frame::notice(reader, words::no_such_page(), words::look_elsewhere()))
}

fn other_method(visitor: &Visitor, page: Page) -> Reply {
    let why = words::other_method(page.methods());
    let mut reply = refuse(visitor, StatusCode::METHOD_NOT_ALLOWED, why);
    replies::allow(&mut reply, page.methods());
    reply
}
