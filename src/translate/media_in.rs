//! Media a user sent (I4): the three ways OpenBuilder tells of them (openbuilder.md 1.8, 1.9).
//!
//! Nothing is downloaded. Only an absolute http(s) URL of a public host counts as a medium; anything else that
//! claims to be one (another scheme, userinfo, a private address) goes on as words, so that a forged call cannot
//! make a bot fetch something inside its own network by calling it a photo.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use url::{Host, Url};

use super::inbound::SecureImage;
use crate::wire::legacy::MessageType;
use crate::wire::skill::Media;
use crate::wire::text::Text;

/// The media of a call in order, `None` where there are none.
pub(super) fn find<'a>(
    medium: Option<Media<'a>>,
    params: Option<&BTreeMap<Cow<'a, str>, &'a RawValue>>,
    utterance: &Cow<'a, str>,
    hosts: &[Box<str>],
) -> Option<Vec<(MessageType, Cow<'a, str>)>> {
    if let Some(found) = medium.and_then(named) {
        return Some(vec![found]);
    }
    let secure: Vec<_> = params.into_iter().flatten().flat_map(|(_, raw)| secure_images(raw)).collect();
    if !secure.is_empty() {
        return Some(secure);
    }
    let url = bare(utterance, hosts)?;
    Some(vec![(kind_of(&url), utterance.clone())])
}

/// `params.media`: `image` is a photo, `video` and `audio` are themselves.
fn named(media: Media<'_>) -> Option<(MessageType, Cow<'_, str>)> {
    let kind = media.kind?;
    let kind = match kind.as_str().trim().to_ascii_lowercase().as_str() {
        "image" | "photo" => MessageType::Photo,
        "video" => MessageType::Video,
        "audio" => MessageType::Audio,
        _ => return None,
    };
    let url = media.url?.0;
    public(&url)?;
    Some((kind, url))
}

/// An utterance that is nothing but a URL on one of Kakao's media hosts.
fn bare(utterance: &str, hosts: &[Box<str>]) -> Option<Url> {
    if !utterance.starts_with("http") || utterance.contains(char::is_whitespace) {
        return None;
    }
    let url = public(utterance)?;
    let host = url.host_str()?;
    let listed = hosts.iter().any(|listed| match listed.strip_prefix('.') {
        Some(parent) => host == parent || host.strip_suffix(parent).is_some_and(|sub| sub.ends_with('.')),
        None => host == &**listed,
    });
    listed.then_some(url)
}

fn kind_of(url: &Url) -> MessageType {
    let path = url.path().to_ascii_lowercase();
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("mp4" | "mov" | "avi" | "webm" | "m4v") => MessageType::Video,
        Some("m4a" | "mp3" | "aac" | "wav" | "amr") => MessageType::Audio,
        _ => MessageType::Photo,
    }
}

/// The secure image plugin: a parameter holding JSON text with `secureUrls: "List(url, url)"`, or the bare list.
fn secure_images<'a>(raw: &'a RawValue) -> Vec<(MessageType, Cow<'a, str>)> {
    let held: Cow<'a, str> = match serde_json::from_str::<Text<'a>>(raw.get()) {
        Ok(text) => text.0,
        Err(_) => Cow::Borrowed(raw.get()),
    };
    if !held.contains("List(") {
        return Vec::new();
    }
    let list = match serde_json::from_str::<SecureImage<'_>>(&held) {
        Ok(SecureImage { secure_urls: Some(list) }) => list.0.into_owned(),
        Ok(_) => return Vec::new(),
        Err(_) => held.into_owned(),
    };
    let Some(inside) = list.trim().strip_prefix("List(").and_then(|rest| rest.strip_suffix(')')) else {
        return Vec::new();
    };
    split_urls(inside)
        .filter(|url| public(url).is_some())
        .map(|url| (MessageType::Photo, Cow::Owned(url.to_owned())))
        .collect()
}

/// Splits at commas that a URL follows: the separator was seen as `,` and `, `, and a signature may hold a comma.
fn split_urls(inside: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(inside);
    std::iter::from_fn(move || {
        let text = rest?;
        let cut = text.match_indices(',').find(|(at, _)| {
            text.get(at + 1..).is_some_and(|after| {
                let after = after.trim_start();
                after.starts_with("http://") || after.starts_with("https://")
            })
        });
        match cut.and_then(|(at, _)| text.split_at_checked(at)) {
            Some((url, after)) => {
                rest = after.get(1..);
                Some(url.trim())
            }
            None => {
                rest = None;
                Some(text.trim())
            }
        }
    })
}

/// The URL, when it is one that may be called a medium.
fn public(url: &str) -> Option<Url> {
    let parsed = Url::parse(url).ok()?;
    let plain =
        matches!(parsed.scheme(), "http" | "https") && parsed.username().is_empty() && parsed.password().is_none();
    let outside = match parsed.host()? {
        Host::Ipv4(ip) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()),
        Host::Ipv6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        Host::Domain(name) => name.contains('.') && name != "localhost" && !name.ends_with(".localhost"),
    };
    (plain && outside).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params<'a>(json: &'a str) -> BTreeMap<Cow<'a, str>, &'a RawValue> {
        serde_json::from_str(json).unwrap()
    }

    fn secure(list: &str) -> Vec<String> {
        let inner = serde_json::json!({ "secureUrls": list }).to_string();
        let outer = serde_json::json!({ "secureimage": inner }).to_string();
        let found = find(None, Some(&params(&outer)), &Cow::Borrowed("사진 보내기"), &[]);
        found.unwrap_or_default().into_iter().map(|(_, url)| url.into_owned()).collect()
    }

    #[test]
    fn i4_secure_images_are_split_at_commas_that_a_url_follows() {
        assert_eq!(secure("List(http://s.k.net/a?x=1,2)"), ["http://s.k.net/a?x=1,2"]);
        assert_eq!(secure("List(http://s.k.net/a, https://s.k.net/b,http://s.k.net/c)").len(), 3);
        assert_eq!(secure("List(http://s.k.net/a(1)_(2).jpg)"), ["http://s.k.net/a(1)_(2).jpg"]);
        assert_eq!(secure(&format!("List({})", vec!["http://s.k.net/a"; 1000].join(", "))).len(), 1000);
        assert!(secure("List()").is_empty() && secure("List(").is_empty() && secure("nothing").is_empty());
    }

    #[test]
    fn i4_only_public_http_urls_are_media() {
        for url in [
            "ftp://a.b/c",
            "https://user:pw@a.b/c",
            "http://127.0.0.1/x",
            "http://10.0.0.1/x",
            "http://[::1]/x",
            "http://localhost/x",
            "http://intranet/x",
            "javascript:alert(1)",
            "not a url",
            "",
        ] {
            let json = serde_json::json!({ "type": "image", "url": url }).to_string();
            let media: Media<'_> = serde_json::from_str(&json).unwrap();
            assert!(find(Some(media), None, &Cow::Borrowed(""), &[]).is_none(), "{url}");
        }
    }

    #[test]
    fn i4_a_bare_url_counts_on_listed_hosts_only() {
        let hosts = [Box::from("dn-m.talk.kakao.com"), Box::from(".kakaocdn.net")];
        let kind = |words: &'static str| find(None, None, &Cow::Borrowed(words), &hosts).map(|found| found[0].0);
        assert_eq!(kind("http://dn-m.talk.kakao.com/talkm/a/b/i_c.png"), Some(MessageType::Photo));
        assert_eq!(kind("https://talk.kakaocdn.net/dna/v.mp4?x=1"), Some(MessageType::Video));
        assert_eq!(kind("https://evilkakaocdn.net/a.jpg"), None);
        assert_eq!(kind("https://example.com/a.jpg"), None);
        assert_eq!(kind("http://dn-m.talk.kakao.com/a.png 이거 봐"), None);
    }
}
