//! The style sheet, the script and the icon, compiled in. Nothing is loaded from anywhere else (C1).
//!
//! Their addresses have a hash of their content, so a browser may keep them for ever and still gets the new ones after
//! an update. They are served to everybody, for the page that signs people in needs them, and hold nothing secret.

use std::hash::Hasher;
use std::sync::LazyLock;

use siphasher::sip::SipHasher13;

/// One of them.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its address.
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) content: &'static str,
}

/// The look of all pages.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("style.css")));
/// Copying, and new turns as they come; every page works without it.
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("script", "js", "text/javascript; charset=utf-8", include_str!("script.js")));
/// In the browser's tab.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("icon.svg")));

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(content.as_bytes());
        Self { path: format!("/console/{name}-{:016x}.{ending}", hasher.finish()), kind, content }
    }
}

/// The one at this address.
pub(super) fn at(path: &str) -> Option<&'static Asset> {
    [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.path == path)
}
