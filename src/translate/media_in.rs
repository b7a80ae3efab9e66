//! Media a user sent (I4): the three ways OpenBuilder tells of them (openbuilder.md 1.8, 1.9).
//!
//! Nothing is downloaded. Only an absolute http(s) URL of a public host counts as a medium; anything else that claims
//! to be one (another scheme, userinfo, a private address) goes on as words, so that a forged call cannot make a bot
//! fetch something inside its own network by calling it a photo. A name is judged by how it is written: resolving it
//! here would be a look-up for the words of every user, and could say something else a second later.

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::Url;

use super::host::is_public;
use super::inbound::SecureImage;
use crate::wire::legacy::MessageType;
use crate::wire::skill::Media;
use crate::wire::text::{Raw, Text};

/// The media of a call in order, `None` where there are none.
pub(super) fn find<'a>(
    medium: Option<Media<'a>>,
    params: Option<Raw<'a>>,
    utterance: &Cow<'a, str>,
    hosts: &[Box<str>],
) -> Option<Vec<(MessageType, Cow<'a, str>)>> {
    let told = medium.is_some();
    if let Some(found) = medium.and_then(named) {
        return Some(vec![found]);
    }
    if let Some(params) = params.filter(|params| may_hold_images(params.get())) {
        let params: BTreeMap<Cow<'a, str>, Raw<'a>> = serde_json::from_str(params.get()).unwrap_or_default();
        let secure: Vec<_> = params.into_values().flat_map(secure_images).collect();
        if !secure.is_empty() {
            return Some(secure);
        }
    }
    // A call that names its medium and names none of ours is of an unknown kind: words, though they are its URL (I4).
    let url = bare(utterance, hosts).filter(|_| !told)?;
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

/// Whether it is worth taking parameters apart: nearly all calls have some, and nearly none hold a list.
fn may_hold_images(params: &str) -> bool {
    // `List(`, or letters of it escaped.
    memchr::memchr2(b'(', b'\\', params.as_bytes()).is_some()
}

/// The secure image plugin: a parameter holding JSON text with `secureUrls: "List(url, url)"`, or the bare list.
fn secure_images<'a>(raw: Raw<'a>) -> Vec<(MessageType, Cow<'a, str>)> {
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
    // Parsers differ on these (one drops a line break, another takes `\\` for `/`), and the bot's may be another.
    if url.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    let parsed = Url::parse(url).ok()?;
    let plain =
        matches!(parsed.scheme(), "http" | "https") && parsed.username().is_empty() && parsed.password().is_none();
    let outside = is_public(&parsed.host()?);
    (plain && outside).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secure(list: &str) -> Vec<String> {
        let inner = serde_json::json!({ "secureUrls": list }).to_string();
        let outer = serde_json::json!({ "secureimage": inner }).to_string();
        let found = find(None, Some(serde_json::from_str(&outer).unwrap()), &Cow::Borrowed("사진 보내기"), &[]);
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
            "http://100.64.0.1/x",
            "http://0.0.0.0/x",
            "http://0x7f.1/x",
            "http://2130706433/x",
            "http://169.254.169.254/latest/meta-data",
            "http://[::ffff:127.0.0.1]/x",
            "http://[::10.0.0.1]/x",
            "http://[64:ff9b::a00:1]/x",
            "http://[2002:a00:1::]/x",
            "http://[fd00::1]/x",
            "http://localhost/x",
            "http://localhost./x",
            "http://a.localhost./x",
            "http://metadata.google.internal/x",
            "http://printer.local/x",
            "http://intranet/x",
            "http://intranet./x",
            "http://a.example\\@10.0.0.1/x",
            "http://a.exam\nple/x",
            " http://a.example/x",
            "javascript:alert(1)",
            "not a url",
            "",
        ] {
            let json = serde_json::json!({ "type": "image", "url": url }).to_string();
            let media: Media<'_> = serde_json::from_str(&json).unwrap();
            assert!(find(Some(media), None, &Cow::Borrowed(""), &[]).is_none(), "{url}");
            assert!(secure(&format!("List({url})")).is_empty() || url.starts_with(' '), "{url}");
        }
        for url in
            ["http://8.8.8.8/x", "https://a.example:8443/x?a=@b", "http://[2606:4700::1]/x", "http://a.localhosts.kr/"]
        {
            assert!(public(url).is_some(), "{url}");
        }
    }

    #[test]
    fn i4_a_medium_of_an_unknown_kind_is_no_photo_though_its_url_is_on_a_listed_host() {
        let url = "https://talk.kakaocdn.net/dna/a.pdf";
        let json = serde_json::json!({ "type": "file", "url": url }).to_string();
        let media: Media<'_> = serde_json::from_str(&json).unwrap();
        assert!(find(Some(media), None, &Cow::Borrowed(url), &[Box::from(".kakaocdn.net")]).is_none());
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
