//! A channel event is taken or refused, twice the same is one, and what is delivered comes to an end (E2, E4).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};

use super::bot::{Bot, bridge, settings};
use crate::config::settings::Settings;
use crate::net::CoreId;
use crate::server::channel::receive;

static SETTINGS: LazyLock<Arc<Settings>> = LazyLock::new(|| {
    settings(&[("BRIDGE_BOTS__FUZZ__CHANNEL_KEY", "admin-key"), ("BRIDGE_BOTS__FUZZ__CHANNEL_IDS", "[\"_ZeUTxl\"]")])
});

pub fn channel(body: &[u8]) {
    super::runtime().block_on(async {
        let shared = bridge(&SETTINGS, &Arc::new(Bot::default()));
        let bot = Arc::clone(shared.registry().iter().next().unwrap());
        // Whoever it is about may be known already.
        let _waited = bot.contacts.learn("1376016924", crate::ids::UserKey::parse("Qw7-eRt_9YzA").unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("KakaoAK admin-key"));
        headers.insert("x-kakao-resource-id", HeaderValue::from_static("resource"));
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let first = receive(&shared, CoreId(0), Some("fuzz"), here, &headers, body).await.is_ok();
        let second = receive(&shared, CoreId(0), Some("fuzz"), here, &headers, body).await.is_ok();
        assert_eq!(first, second, "the same event was taken once and refused once");
        shared.tasks.drained().await;
    });
}
