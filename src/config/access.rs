//! The rules of access: address lists, and whether a bot is served beyond the loopback without any.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::read::Reader;
use super::settings::{BotSettings, Settings};
use crate::messages::Message;
use crate::messages::config as messages;

/// A list of addresses and networks; an empty one is reported, because it would admit no caller.
pub(super) fn networks(reader: &mut Reader<'_>, path: &str) -> Option<Vec<IpNet>> {
    let networks = reader.list(path, network)?;
    let proxies = path == "access.trusted_proxies";
    if networks.is_empty() && !proxies {
        reader.problem(path, messages::list_admits_nobody());
    }
    if proxies && networks.iter().any(|network| network.prefix_len() == 0) {
        reader.problem(path, messages::everyone_is_believed());
    }
    Some(networks)
}

fn network(text: &str) -> Result<IpNet, Message> {
    let single = text.parse::<IpAddr>().map(|ip| IpNet::from(ip.to_canonical()));
    let network = single.or_else(|_| text.parse::<IpNet>()).map_err(|_| messages::not_a_network(text))?;
    let nobody = |ip: IpAddr| ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    if network.prefix_len() == network.max_prefix_len() && nobody(network.addr()) {
        return Err(messages::nobody_calls_from(network.addr()));
    }
    Ok(network.trunc())
}

/// The rules that need the whole configuration. `bound` is where the bridge listens already: access is judged by the
/// address in the file and by that one, because the file's takes effect at the next start only (S6).
pub(super) fn check(reader: &mut Reader<'_>, settings: &Settings, bound: Option<SocketAddr>) {
    let exposed = [Some(settings.listen), bound].into_iter().flatten().find(|at| !at.ip().is_loopback());
    let loopback = exposed.is_none();
    for bot in settings.bots.values() {
        itself(reader, settings, bot);
        let path = |key: &str| format!("bots.{}.{key}", bot.id);
        let networks: Vec<IpNet> = settings.access.allow.iter().chain(&bot.allow).copied().collect();
        let allow = if settings.access.allow.is_empty() { path("allow") } else { String::from("access.allow") };
        if loopback {
            reaches(reader, &allow, &networks, settings);
        }
        let everyone = networks.is_empty() || networks.iter().any(|network| network.prefix_len() == 0);
        // A guard that is written but wrong has been told already.
        let written = |key: &str| reader.written(&path(key));
        let secret = ["secret.header", "secret.values", "secret.values_file"].into_iter().any(written);
        let list = networks.is_empty() && (written("allow") || reader.written("access.allow"));
        if let Some(address) = exposed
            && everyone
            && !secret
            && !list
        {
            if bot.open {
                // A lost overlay or a lost variable looks like this, too: a bridge that had a secret yesterday.
                reader.warning(&path("open"), messages::open_beyond_this_machine(address, bot.id.as_str()));
            } else {
                reader.problem(&path("open"), messages::open_to_everyone(address, bot.id.as_str()));
            }
        }
    }
}

/// On the loopback only the loopback calls; a list without it admits no caller, unless a proxy there is believed.
fn reaches(reader: &mut Reader<'_>, path: &str, allow: &[IpNet], settings: &Settings) {
    let local = |networks: &[IpNet]| {
        let ips = [settings.listen.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        networks.iter().any(|network| ips.iter().any(|ip| network.contains(ip)))
    };
    if allow.is_empty() || local(allow) || local(&settings.access.trusted_proxies) {
        return;
    }
    reader.problem(path, messages::nobody_is_admitted(settings.listen));
}

/// A bot at our own address would ask itself for ever.
fn itself(reader: &mut Reader<'_>, settings: &Settings, bot: &BotSettings) {
    let here = |ip: IpAddr| {
        let listen = settings.listen.ip();
        ip == listen || (ip.is_loopback() && (listen.is_unspecified() || listen.is_loopback()))
    };
    let same_host = match bot.url.host() {
        Some(url::Host::Ipv4(ip)) => here(IpAddr::V4(ip)),
        Some(url::Host::Ipv6(ip)) => here(IpAddr::V6(ip)),
        Some(url::Host::Domain(name)) => name == "localhost" && here(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        None => false,
    };
    if same_host && settings.listen.port() != 0 && bot.url.port_or_known_default() == Some(settings.listen.port()) {
        reader.problem(&format!("bots.{}.url", bot.id), messages::bridge_itself());
    }
}
