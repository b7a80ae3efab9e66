//! `health`: the question a container runtime asks, without a shell or curl in the image.
//!
//! The configuration is not loaded: a file that was broken after the start changes nothing for the running bridge
//! (S6), and must not make its container look sick. Only the address is taken from it, as well as it can be read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;
use url::Url;

use super::exit::Exit;
use super::output::complain;
use crate::config::settings::Trust;
use crate::config::{Sources, environment};
use crate::fault::chain;
use crate::net::call::{Call, call as http_call};

/// How long the bridge may take: it answers from memory.
const PATIENCE: Duration = Duration::from_secs(2);
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge health
  smartchat-bridge health --url http://127.0.0.1:8080/readyz
  HEALTHCHECK CMD [\"/smartchat-bridge\", \"health\"]        in a Dockerfile; reads BRIDGE_LISTEN or the file

Exit codes: 0 it answers with 200 within 2 seconds, 1 it does not.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What to ask [default: /healthz where the configuration says]
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Where the bridge listens; without it BRIDGE_LISTEN, the file's `listen`, 127.0.0.1:8080
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The configuration file; without it the one BRIDGE_CONFIG names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Asks once.
pub(super) fn run(args: &Args) -> Exit {
    let url = match args.url.clone().or_else(|| configured(args)) {
        Some(url) => url,
        None => {
            complain("error: this is no address; write --url http://127.0.0.1:8080/healthz");
            return Exit::Failure;
        }
    };
    let call = Call {
        method: Method::GET,
        url: &url,
        connect: None,
        headers: &[],
        body: None,
        within: PATIENCE,
        // Our own server on this machine.
        trust: &Trust { insecure: true, ..Trust::default() },
    };
    let answer = match super::runtime() {
        Ok(runtime) => runtime.block_on(http_call(call)),
        Err(error) => {
            complain(format_args!("error: {error}"));
            return Exit::Failure;
        }
    };
    match answer {
        Ok(answer) if answer.status == 200 => Exit::Success,
        Ok(answer) => {
            complain(format_args!("{url} answered with status {}", answer.status));
            Exit::Failure
        }
        Err(error) => {
            complain(chain(&error));
            Exit::Failure
        }
    }
}

fn configured(args: &Args) -> Option<Url> {
    let environment = environment();
    let variable = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let (listen, tls) = (variable("BRIDGE_LISTEN"), variable("BRIDGE_TLS__CERT").is_some());
    let sources = Sources { file: args.config.as_deref(), environment, ..Sources::default() };
    let file = sources.file().and_then(|file| std::fs::read_to_string(file).ok());
    let file = file.and_then(|text| text.parse::<toml_edit::DocumentMut>().ok()).unwrap_or_default();
    let written = || file.get("listen").and_then(|listen| listen.as_str()).map(str::to_owned);
    let address = match args.listen {
        Some(address) => address,
        None => listen.or_else(written).map_or(Some(DEFAULT), |text| text.trim().parse().ok())?,
    };
    let scheme = if tls || file.contains_key("tls") { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{}/healthz", reachable(address))).ok()
}

/// Where a listener on all addresses is reached from this machine.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) => IpAddr::V4(if ip.is_unspecified() { Ipv4Addr::LOCALHOST } else { ip }),
        IpAddr::V6(ip) => IpAddr::V6(if ip.is_unspecified() { Ipv6Addr::LOCALHOST } else { ip }),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_over_the_loopback() {
        for (listen, reached) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("10.0.0.7:80", "10.0.0.7:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), reached.parse().unwrap());
        }
    }
}
