//! The operators' listener: `/readyz` with detail, `/metrics`, `/turns`, and the console.
//!
//! Tokens and pages are [`crate::console`]'s. `Host` and `Origin` are checked, so that a web page in the operator's browser
//! cannot read it by renaming itself to this address.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HOST, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Method, Request, StatusCode};
use serde::Serialize;
use url::Url;

use super::respond::{self, Reply};
use crate::breaker::State;
use crate::config::settings::Admin;
use crate::console::operator::{Needs, OperatorAccess};
use crate::console::{self, Console};
use crate::degradation::Degradation;
use crate::net::CoreId;
use crate::net::pending::Caller;
use crate::server::metrics_page;
use crate::shared::Shared;
use crate::telemetry::log;
use crate::time;

/// Does the process live? No detail.
#[must_use]
pub(crate) fn health() -> Reply {
    respond::text(StatusCode::OK, "ok\n")
}

/// Does it take calls? No detail: this one is public.
#[must_use]
pub(crate) fn ready(shared: &Shared) -> Reply {
    if shared.is_ready() {
        respond::text(StatusCode::OK, "ready\n")
    } else {
        respond::text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    }
}

/// Answers the operators' listener.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    console: &Console,
    caller: &Caller,
    core: CoreId,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Reply {
    let reply = answer(shared, console, caller, core, peer, request).await;
    caller.answered();
    reply
}

async fn answer(
    shared: &Arc<Shared>,
    console: &Console,
    caller: &Caller,
    core: CoreId,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Reply {
    let settings = Arc::clone(&shared.registry().settings);
    let admin = &settings.admin;
    if let Err(why) = one_host(&request).and_then(|()| admit(admin, request.headers())) {
        return respond::text(StatusCode::FORBIDDEN, why);
    }
    let path = request.uri().path();
    // Who brings a token is a program, and gets the index.
    let is_a_program = path == "/" && OperatorAccess::offers(request.headers());
    if console::owns(path) && !is_a_program {
        return Box::pin(console.answer(shared, caller, core, peer, request)).await;
    }
    if path != "/healthz" {
        let needs = if matches!(path, "/metrics" | "/readyz") { Needs::Metrics } else { Needs::Operator };
        let headers = request.headers();
        let look = |operators: &OperatorAccess| operators.admits(admin, headers, needs);
        // Nothing was guessed where nothing is offered.
        let admits =
            if OperatorAccess::offers(headers) { console.admits(shared, look).await } else { look(&console.operators) };
        if !admits {
            return unauthorized(needs);
        }
        drop(caller.admit());
    }
    if let Some(refusal) = refuse_method(request.method()) {
        return refusal;
    }
    match path {
        "/healthz" => health(),
        "/readyz" => detail(shared),
        "/turns" => respond::json(StatusCode::OK, &log::notable()),
        "/metrics" => {
            let mut reply = respond::text(StatusCode::OK, metrics_page::render(shared));
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            reply.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
            reply
        }
        "/" => respond::text(
            StatusCode::OK,
            "smartchat-bridge\n\n/readyz   every part and bot, as JSON\n/turns    the last notable turns, as JSON\n/metrics  for Prometheus\n/healthz  ok\n\nIn a browser this is the console.\n",
        ),
        _ => respond::text(StatusCode::NOT_FOUND, "here are /readyz, /turns, /metrics and /healthz\n"),
    }
}

fn unauthorized(needs: Needs) -> Reply {
    let why = match needs {
        Needs::Metrics => "admin.metrics_token or admin.token is wanted as Authorization: Bearer …\n",
        Needs::Operator => "admin.token is wanted as Authorization: Bearer …\n",
    };
    let mut reply = respond::text(StatusCode::UNAUTHORIZED, why);
    reply.headers_mut().insert(hyper::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    reply
}

/// A request has one `Host`, and a target that names a host agrees with it: two that differ could be judged by one name
/// and routed by the other.
fn one_host<B>(request: &Request<B>) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err("there is more than one Host\n");
    }
    let named = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    match (named, host) {
        (Some(named), Some(host)) if !named.eq_ignore_ascii_case(host.as_bytes()) => {
            Err("the target names another host than Host\n")
        }
        _ => Ok(()),
    }
}

/// A name in `Host` or `Origin` must be an address, `localhost`, that of `admin.public_url`, or listed in `admin.hosts`.
fn admit(admin: &Admin, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |value: Option<&HeaderValue>| value.map(|v| v.to_str().unwrap_or("?").to_owned());
    if text(headers.get(HOST)).is_none_or(|host| !known(admin, &host)) {
        return Err("this Host is not in admin.hosts\n");
    }
    let origin = text(headers.get(ORIGIN));
    let foreign = origin.is_some_and(|origin| origin.split_once("://").is_none_or(|(_, host)| !known(admin, host)));
    if foreign { Err("this Origin is not in admin.hosts\n") } else { Ok(()) }
}

fn known(admin: &Admin, host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .map_or(host, |(name, _)| name),
    };
    name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || admin.public_url.as_ref().and_then(Url::host_str).is_some_and(|own| own.eq_ignore_ascii_case(name))
        || admin.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(name) || listed.eq_ignore_ascii_case(host))
}

fn detail(shared: &Shared) -> Reply {
    #[derive(Serialize)]
    struct Detail<'a> {
        ready: bool,
        version: &'static str,
        uptime_seconds: u64,
        config: Config,
        #[serde(skip_serializing_if = "Option::is_none")]
        store: Option<StoreDetail>,
        #[serde(skip_serializing_if = "Option::is_none")]
        shared_store: Option<SharedStoreDetail>,
        turns_in_flight: usize,
        background_tasks: usize,
        events_waiting: usize,
        bots: Vec<BotDetail<'a>>,
    }
    #[derive(Serialize)]
    struct StoreDetail {
        written: bool,
        trouble: Option<&'static str>,
        since_millis: Option<u64>,
        salvaging: bool,
        changes_waiting: usize,
        changes_lost: u64,
        bytes: u64,
    }
    #[derive(Serialize)]
    struct SharedStoreDetail {
        asked: bool,
        trouble: Option<&'static str>,
        since_millis: Option<u64>,
        changes_waiting: usize,
        changes_lost: u64,
        leases: usize,
    }
    #[derive(Serialize)]
    struct Config {
        last_reload_successful: bool,
        last_reload_millis: Option<u64>,
        reloads: u64,
        waits_for_restart: Arc<Vec<&'static str>>,
    }
    #[derive(Serialize)]
    struct BotDetail<'a> {
        bot: &'a str,
        breaker: &'static str,
        failures_in_a_row: u64,
        home_keyboard_known: bool,
        home_keyboard_differs: Vec<&'static str>,
        sessions: usize,
        parked: usize,
        parked_bytes: usize,
        turns_in_flight: usize,
    }
    let bots = shared.registry();
    let mut bots: Vec<_> = bots
        .iter()
        .map(|bot| {
            let stats = bot.sessions.local().stats();
            let breaker = match bot.breaker.state() {
                State::Closed(_) => "closed",
                State::Open(_) => "open",
                State::Probing => "probing",
            };
            BotDetail {
                bot: bot.settings.id.as_str(),
                breaker,
                failures_in_a_row: bot.breaker.failures_in_a_row(),
                home_keyboard_known: bot.home.is_known(),
                home_keyboard_differs: bot.home.degradations().iter().map(Degradation::code).collect(),
                sessions: stats.sessions,
                parked: stats.parked,
                parked_bytes: stats.parked_bytes,
                turns_in_flight: bot.turns.count(),
            }
        })
        .collect();
    bots.sort_by_key(|bot| bot.bot);
    let reload = shared.last_reload();
    let detail = Detail {
        ready: shared.is_ready(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: time::now().since(shared.started).as_secs(),
        config: Config {
            last_reload_successful: reload.well,
            last_reload_millis: reload.at.map(time::Moment::as_millis),
            reloads: reload.count,
            waits_for_restart: shared.waits_for_restart(),
        },
        store: shared.journal().map(|journal| {
            let stats = journal.stats();
            StoreDetail {
                written: stats.trouble.is_none(),
                trouble: stats.trouble.map(|(trouble, _)| trouble.as_str()),
                since_millis: stats.trouble.map(|(_, since)| since.as_millis()),
                salvaging: stats.salvaging,
                changes_waiting: stats.waiting,
                changes_lost: stats.lost,
                bytes: stats.bytes,
            }
        }),
        shared_store: shared.remote().map(|remote| {
            let stats = remote.stats();
            SharedStoreDetail {
                asked: stats.trouble.is_none(),
                trouble: stats.trouble.map(|(trouble, _)| trouble.as_str()),
                since_millis: stats.trouble.map(|(_, since)| since.as_millis()),
                changes_waiting: stats.unsent,
                changes_lost: stats.lost,
                leases: stats.standing,
            }
        }),
        turns_in_flight: shared.turns.count(),
        background_tasks: shared.tasks.running(),
        events_waiting: shared.events.count(),
        bots,
    };
    let status = if detail.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    respond::json(status, &detail)
}

/// Nothing here can be changed.
fn refuse_method(method: &Method) -> Option<Reply> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let mut reply = respond::text(StatusCode::METHOD_NOT_ALLOWED, "this listener takes GET\n");
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_with_another_method_is_told_which_are_taken() {
        assert!(refuse_method(&Method::GET).is_none() && refuse_method(&Method::HEAD).is_none());
        let refusal = refuse_method(&Method::POST).unwrap();
        assert_eq!(refusal.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers()[ALLOW], "GET, HEAD");
    }

    fn admin(hosts: &[&str]) -> Admin {
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let hosts = hosts.iter().map(|h| Box::from(*h)).collect();
        Admin { listen, token: None, metrics_token: None, hosts, public_url: None }
    }

    #[test]
    fn a_host_is_an_address_or_localhost_or_listed() {
        let own = admin(&["bridge.example"]);
        for host in ["127.0.0.1:9090", "[::1]:9090", "localhost", "LOCALHOST:1", "bridge.example:443", "10.0.0.1"] {
            assert!(known(&own, host), "{host}");
        }
        for host in ["evil.example", "evil.example:9090", "127.0.0.1.evil.example", "", "[evil"] {
            assert!(!known(&own, host), "{host}");
        }
    }
}
