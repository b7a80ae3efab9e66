//! A reply's link as a card's button, or as words where it cannot be one (O2).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::view::Policy;
use super::{labels, media, text};
use crate::degradation::{Degradation, Degradations};
use crate::reading::Link;
use crate::wire::answer::{Button, ButtonAction};

/// How a link is shown.
#[derive(Debug)]
pub(super) enum LinkView<'a> {
    /// As a button; `label` is what it is called in full, on one line.
    Button {
        /// The button.
        button: Button<'a>,
        /// Its whole label.
        label: Cow<'a, str>,
    },
    /// As words below the text.
    Written(Cow<'a, str>),
}

/// The link as it can be shown, and how that differs from what the bot said.
pub(super) fn show<'a>(link: &'a Link<'a>, policy: &'a Policy) -> (LinkView<'a>, Degradations) {
    let mut degradations = Degradations::NONE;
    let label = text::one_line(&link.label);
    let action = if let Some(phone_number) = phone_number(&link.url) {
        degradations.add(Degradation::LinkPhone);
        ButtonAction::Phone { phone_number: phone_number.into() }
    } else if let Some(address) = media::address(&link.url, policy) {
        degradations.join(address.degradations);
        ButtonAction::WebLink { web_link_url: address.url }
    } else {
        degradations.add(Degradation::LinkWritten);
        let url = media::written(&link.url);
        let words = if label.is_empty() { url } else { Cow::Owned(format!("{label}: {url}")) };
        return (LinkView::Written(words), degradations);
    };
    let label = if label.is_empty() {
        degradations.add(Degradation::LinkLabelMissing);
        text::one_line(&policy.texts.link_label)
    } else {
        label
    };
    let shown = labels::cut(label.clone());
    if shown != label {
        degradations.add(Degradation::LinkLabelCut);
    }
    (LinkView::Button { button: Button { label: shown, action }, label }, degradations)
}

/// The number of a `tel:` address, where it looks like one.
fn phone_number(raw: &str) -> Option<String> {
    let raw = raw.trim();
    let (scheme, number) = raw.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("tel") {
        return None;
    }
    let number = percent_decode_str(number.trim_start_matches('/')).decode_utf8().ok()?;
    let number = number.trim();
    let plausible = number.chars().all(|c| c.is_ascii_digit() || "+-*# ".contains(c));
    // E.164 has 15 digits, with signs and blanks between them never more than this.
    let fits = number.len() <= 40 && number.chars().any(|c| c.is_ascii_digit());
    (plausible && fits).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_plausible_or_nothing() {
        assert_eq!(phone_number("tel:02-123-4567").as_deref(), Some("02-123-4567"));
        assert_eq!(phone_number("TEL://%2B82%202%20123").as_deref(), Some("+82 2 123"));
        for bad in ["tel:", "tel:abc", "tel:;ext=1", "tel:%FF", "021234567", "tel:--"] {
            assert_eq!(phone_number(bad), None, "{bad}");
        }
    }
}
