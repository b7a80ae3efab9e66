//! A reply's link as a card's button, or as words where it cannot be one (O2).

use std::borrow::Cow;

use super::degradation::{Degradation, Degradations};
use super::view::Policy;
use super::{labels, media, text};
use crate::reading::Link;
use crate::wire::answer::{Button, ButtonAction};

/// How a link is shown.
#[derive(Debug)]
pub(super) enum Shown<'a> {
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
pub(super) fn show<'a>(link: &'a Link<'a>, policy: &'a Policy) -> (Shown<'a>, Degradations) {
    let mut degradations = Degradations::NONE;
    let label = text::one_line(&link.label);
    let action = if let Some(phone_number) = media::phone_number(&link.url) {
        degradations.add(Degradation::LinkPhone);
        ButtonAction::Phone {
            phone_number: phone_number.into(),
        }
    } else if let Some(address) = media::address(&link.url, policy) {
        degradations.join(address.degradations);
        ButtonAction::WebLink {
            web_link_url: address.url,
        }
    } else {
        degradations.add(Degradation::LinkWritten);
        let words = if label.is_empty() {
            Cow::Borrowed(&*link.url)
        } else {
            Cow::Owned(format!("{label}: {url}", url = link.url))
        };
        return (Shown::Written(words), degradations);
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
    (
        Shown::Button {
            button: Button {
                label: shown,
                action,
            },
            label,
        },
        degradations,
    )
}
