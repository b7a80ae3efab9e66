//! The old Kakao server's side of HTTP: its connections, its patience, and what it makes of a redirect.
//!
//! A message is sent at most once, for the bot may have acted; it goes to another connection only where the first gave
//! it back untouched (I7). Rejected: a common HTTP client, which sends again by itself, and follows any redirect.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri, Version};
use thiserror::Error;
use tokio::time::timeout_at;
use url::Url;

use super::api::{BackendError, BoxFuture, LegacyApi, RawReply};
use super::pool::Pool;
use super::requests::{Requests, path};
use crate::config::settings::BotSettings;
use crate::fault::Sent;
use crate::ids::UserKey;
use crate::messages::{Message, start as messages};
use crate::net::CoreId;
use crate::net::client::{ClientError, Connection, IdleState};
use crate::net::lease::{ConnectionLimit, Lease};
use crate::net::target::Target;
use crate::net::tls::{self, TlsProblem};
use crate::time::{self, Instant};
use crate::wire::legacy::{MessageCall, Notice};
use crate::wire::limits;
use crate::wire::text::printable;

/// In `Server`: Apache itself, and Tomcat, whose old connector keeps a thread for each connection too.
const APACHE: &[u8] = b"apache";

/// Times a call is offered to a connection that turns out to be closed before a byte went out. The first may be a
/// kept one, the others are new: a server that closes those as well is not there.
const OFFERS: usize = 3;
/// Characters of a redirect's target that the log gets.
const LOCATION_CHARS: usize = 200;

/// A bot that cannot be called as configured. Found at start and at reload.
#[derive(Debug, Error)]
pub enum SetupProblem {
    /// Its certificates.
    #[error("bots.{bot}: TLS cannot be set up")]
    Tls {
        /// Which bot.
        bot: crate::ids::BotId,
        /// Why.
        #[source]
        source: TlsProblem,
    },
    /// Its address.
    #[error("bots.{bot}.url: not an http or https address that can be called")]
    Url {
        /// Which bot.
        bot: crate::ids::BotId,
    },
}

impl SetupProblem {
    /// The message to the operator, with what to do.
    #[must_use]
    pub(crate) fn message(&self) -> Message {
        match self {
            Self::Tls { bot, source } => messages::bot_tls(bot.as_str(), source.message()),
            Self::Url { bot } => messages::bot_address(bot.as_str()),
        }
    }
}

/// An old bot behind HTTP.
pub(crate) struct HttpLegacy {
    target: Target,
    pool: Pool,
    /// The address with its base path, for resolving redirects.
    url: Url,
    requests: Requests,
}

impl HttpLegacy {
    /// Prepares the calls to one bot from `cores` runtimes; nothing is connected yet.
    ///
    /// # Errors
    /// [`SetupProblem`] when its CA file or its address cannot be used.
    pub(crate) fn new(settings: &BotSettings, cores: usize) -> Result<Self, SetupProblem> {
        let bad_url = || SetupProblem::Url { bot: settings.id.clone() };
        let config = tls::client_config(&settings.trust)
            .map_err(|source| SetupProblem::Tls { bot: settings.id.clone(), source })?;
        let target = Target::new(&settings.url, &config).ok_or_else(bad_url)?;
        let target = match settings.connect {
            Some(address) => target.reached_at(address),
            None => target,
        };
        let requests = Requests::new(settings.url.path(), target.authority(), &settings.headers).ok_or_else(bad_url)?;
        Ok(Self {
            requests,
            url: settings.url.clone(),
            pool: Pool::new(cores, ConnectionLimit::new(settings.connections)),
            target,
        })
    }

    /// Sends a request once: on the youngest kept connection, else on a new one. It goes to another connection only
    /// after one gave it back untouched (I7). `sent` is true to the moment even when the future is dropped.
    ///
    /// `request` makes it as it is written: a turn that waits for its bot is not to hold it.
    async fn ask(
        &self,
        core: CoreId,
        request: impl Fn() -> Request<Full<Bytes>>,
        cut: Instant,
        sent: &mut Sent,
    ) -> Result<(Connection, Response<Incoming>), ClientError> {
        let mut now = time::instant();
        let mut kept = self.kept(core, now).await;
        let mut offers = 1;
        loop {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => {
                    self.pool.make_room().await;
                    // In a box, for a call on a kept connection is not to have the size of one that connects.
                    let connection = Box::pin(self.target.connect(cut)).await?;
                    now = time::instant();
                    connection
                }
            };
            // A timer is asked after the work it bounds: without this, a call that is late already would go out.
            if now >= cut {
                return Err(ClientError::TimedOut { sent: Sent::Nothing });
            }
            *sent = Sent::Unknown;
            match connection.send(request()).await {
                Ok(response) => return Ok((connection, response)),
                Err(unanswered) if unanswered.unsent.is_some() && offers < OFFERS => {
                    *sent = Sent::Nothing;
                    offers += 1;
                }
                Err(unanswered) => return Err(unanswered.error),
            }
        }
    }

    /// A kept connection that is still open, as far as can be known.
    async fn kept(&self, core: CoreId, now: Instant) -> Option<Connection> {
        loop {
            let mut connection = self.pool.take(core, now)?;
            match connection.idle_state() {
                IdleState::Over => {}
                IdleState::Disturbed => self.distrust(),
                // It was usable when it was kept, and nothing has come since.
                IdleState::Undisturbed => return Some(connection),
                IdleState::Unread => {
                    // Resumes after the runtime has read what has arrived.
                    tokio::task::yield_now().await;
                    if connection.settle() == IdleState::Undisturbed {
                        return Some(connection);
                    }
                }
            }
        }
    }

    /// The bot has sent bytes without a request. On a kept connection such bytes would answer the next user, so none is
    /// kept for a while (I8).
    fn distrust(&self) {
        if self.pool.keep_none_for_a_while(time::instant()) {
            let place = self.url.host_str();
            tracing::warn!(
                place,
                "the bot sent bytes that nobody asked for: for ten minutes its connections are not used again, so that no \
                 user reads what was meant for another; look for an answer that is sent twice, or longer than its \
                 Content-Length"
            );
        }
    }

    /// A lease for a call that the bridge makes by itself (K1, E4): it stands in the same line as messages do.
    async fn lease(&self, cut: Instant) -> Result<Lease, BackendError> {
        timeout_at(cut, self.pool.limit().acquire()).await.map_err(|_elapsed| BackendError::Queued)
    }

    /// Reads the answer and keeps the connection when it can be used again, and waiting costs the bot nothing.
    ///
    /// The head is looked at at once: the future does not hold it.
    fn read(
        &self,
        core: CoreId,
        (mut connection, response): (Connection, Response<Incoming>),
    ) -> impl Future<Output = Result<RawReply, ClientError>> {
        let status = response.status().as_u16();
        let location = response.headers().get(header::LOCATION).map(location);
        let waits_cheaply = waits_cheaply(&response);
        let body = response.into_body();
        async move {
            let (body, cut_short) = connection.read(body, limits::REPLY_BYTES).await?;
            match connection.settle() {
                IdleState::Undisturbed if waits_cheaply => self.pool.put(core, connection, time::instant()),
                IdleState::Disturbed => self.distrust(),
                IdleState::Undisturbed | IdleState::Unread | IdleState::Over => {}
            }
            Ok(RawReply { status, body, cut_short, location })
        }
    }

    /// `GET /keyboard`: harmless, so it is asked a second time when the connection broke, and led on once.
    async fn fetch_home(&self, core: CoreId, cut: Instant, sent: &mut Sent) -> Result<RawReply, ClientError> {
        let keyboard = || self.requests.keyboard();
        let first = match self.ask(core, keyboard, cut, sent).await {
            Err(ClientError::Cut { .. }) => self.ask(core, keyboard, cut, sent).await?,
            other => other?,
        };
        match self.redirect(&first.1) {
            None => self.read(core, first).await,
            Some(uri) => {
                // Its body is of no interest, but reading it makes the connection good for the next call.
                drop(self.read(core, first).await);
                let second = self.ask(core, || self.requests.get(uri.clone()), cut, sent).await?;
                self.read(core, second).await
            }
        }
    }

    /// Where a redirect leads, when it stays at this very server (K1): another one was never configured, and the bot
    /// must not choose which hosts the bridge calls.
    fn redirect(&self, response: &Response<Incoming>) -> Option<Uri> {
        match response.status() {
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {}
            _ => return None,
        }
        let location = std::str::from_utf8(response.headers().get(header::LOCATION)?.as_bytes()).ok()?;
        let mut asked = self.url.clone();
        asked.set_query(None);
        asked.set_path(self.requests.keyboard_path());
        let there = asked.join(location).ok()?;
        let same = there.scheme() == self.url.scheme()
            && there.host() == self.url.host()
            && there.port_or_known_default() == self.url.port_or_known_default();
        let query = there.query().map(|query| format!("?{query}")).unwrap_or_default();
        same.then(|| path(&format!("{}{query}", there.path()))).flatten()
    }

    async fn announce(
        &self,
        core: CoreId,
        notice: Notice,
        user_key: &UserKey,
        cut: Instant,
        told: &mut Told,
    ) -> Result<(), ClientError> {
        let answer = self.ask(core, || self.requests.notice(notice, user_key), cut, &mut told.sent).await?;
        told.status = Some(answer.1.status().as_u16());
        self.read(core, answer).await?;
        Ok(())
    }
}

/// The state of a notice, also known when its future was dropped.
struct Told {
    sent: Sent,
    status: Option<u16>,
}

impl LegacyApi for HttpLegacy {
    fn connections(&self) -> &Arc<ConnectionLimit> {
        self.pool.limit()
    }

    fn home<'a>(&'a self, core: CoreId, cut: Instant) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        Box::pin(async move {
            let _lease = self.lease(cut).await?;
            let mut sent = Sent::Nothing;
            let reply = timeout_at(cut, self.fetch_home(core, cut, &mut sent)).await;
            Ok(reply.unwrap_or(Err(ClientError::TimedOut { sent }))?)
        })
    }

    fn message<'a>(
        &'a self,
        core: CoreId,
        _lease: &'a Lease,
        call: MessageCall<'a>,
        cut: Instant,
    ) -> BoxFuture<'a, Result<RawReply, BackendError>> {
        Box::pin(async move {
            let mut sent = Sent::Nothing;
            let reply = timeout_at(cut, async {
                let answer = self.ask(core, || self.requests.message(call.to_body()), cut, &mut sent).await?;
                self.read(core, answer).await
            });
            let reply = reply.await;
            Ok(reply.unwrap_or(Err(ClientError::TimedOut { sent }))?)
        })
    }

    fn notify<'a>(
        &'a self,
        core: CoreId,
        notice: Notice,
        user_key: &'a UserKey,
        cut: Instant,
    ) -> BoxFuture<'a, Result<u16, BackendError>> {
        Box::pin(async move {
            let _lease = self.lease(cut).await?;
            let mut told = Told { sent: Sent::Nothing, status: None };
            let ended = timeout_at(cut, self.announce(core, notice, user_key, cut, &mut told)).await;
            match (told.status, ended) {
                // The bot has it, even if the rest did not come (legacy.md 3: never parsed).
                (Some(status), _) => Ok(status),
                (None, Ok(Err(error))) => Err(error.into()),
                (None, _) => Err(BackendError::TimedOut { sent: told.sent }),
            }
        })
    }

    fn sweep(&self, core: CoreId, now: Instant) {
        self.pool.sweep(core, now);
    }
}

/// Where a redirect leads, without the query, which may hold words of users.
fn location(value: &HeaderValue) -> Box<str> {
    let whole = String::from_utf8_lossy(value.as_bytes());
    printable(whole.split(['?', '#']).next().unwrap_or_default(), LOCATION_CHARS)
}

/// Whether the server of this response can have a connection wait without losing a worker to it: a server of HTTP/1.0
/// serves one after the other, and Apache's prefork, which PHP runs in, gives each a process (I8, legacy.md 3). An
/// Apache does not say which of its models it runs.
fn waits_cheaply(response: &Response<Incoming>) -> bool {
    let says_apache =
        |server: &HeaderValue| server.as_bytes().windows(APACHE.len()).any(|part| part.eq_ignore_ascii_case(APACHE));
    response.version() != Version::HTTP_10 && !response.headers().get_all(header::SERVER).iter().any(says_apache)
}
