//! An answer drawn as KakaoTalk shows it (C4). A picture is a frame with a link: the console loads nothing (C1).

use maud::{Markup, html};

use super::frame::Reader;
use crate::conversation::bubbles::{Action, Bubbles, Button, Card, Output, Picture};
use crate::messages::talk as words;

/// The form that a press belongs to.
pub(super) const FORM: &str = "say";

/// The bubbles of one answer; buttons press those of this step.
pub(super) fn answer(reader: Reader<'_>, step: u64, bubbles: &Bubbles) -> Markup {
    html! {
        @for output in &bubbles.outputs {
            @match output {
                Output::Text(text) => p class="bubble" { (text) },
                Output::Picture(picture) => figure class="card" { (frame(reader, picture, "whole")) },
                Output::Card(card) => (drawn(reader, step, card)),
                Output::Carousel(cards) => div class="carousel" tabindex="0" {
                    @for card in cards { (drawn(reader, step, card)) }
                },
                Output::Other(kind) => p class="bubble" { "(" (kind) ")" },
            }
        }
        @if let Some(flaw) = &bubbles.flaw {
            p class="alert" { (reader.text(words::not_shown(flaw.clone()))) }
        }
    }
}

/// The row of quick replies.
pub(super) fn quick_replies(reader: Reader<'_>, step: u64, bubbles: &Bubbles) -> Markup {
    html! {
        @if !bubbles.quick_replies.is_empty() {
            div class="quick" {
                @for quick_reply in &bubbles.quick_replies { (button(reader, step, quick_reply)) }
            }
        }
    }
}

fn drawn(reader: Reader<'_>, step: u64, card: &Card) -> Markup {
    html! {
        figure class="card" {
            @if let Some(picture) = &card.picture {
                (frame(reader, picture, shape_on_card(picture)))
            }
            @if card.title.is_some() || card.description.is_some() {
                figcaption {
                    @if let Some(title) = &card.title { b { (title) } }
                    @if let Some(description) = &card.description { p { (description) } }
                }
            }
            @if !card.buttons.is_empty() {
                div class="buttons" { @for own in &card.buttons { (button(reader, step, own)) } }
            }
        }
    }
}

const fn shape_on_card(picture: &Picture) -> &'static str {
    if picture.is_square { "square" } else { "wide" }
}

fn frame(reader: Reader<'_>, picture: &Picture, shape: &str) -> Markup {
    html! {
        div class=(format!("picture {shape}")) {
            div {
                @if !picture.alt.is_empty() { p { (picture.alt) } }
                (link(&picture.url, &reader.text(words::see_photo())))
            }
        }
    }
}

fn button(reader: Reader<'_>, step: u64, button: &Button) -> Markup {
    let label = button.label.as_str();
    html! {
        @match &button.action {
            Action::Say(place) => button form=(FORM) name="press" value=(format!("{step}.{place}")) { (label) },
            Action::Open(url) if leads_out(url) => {
                a class="button" href=(url) target="_blank" rel="noopener noreferrer" { (label) }
            },
            Action::Open(url) => button disabled title=(reader.text(words::opens(url.as_str()))) { (label) },
            Action::Dial(number) => button disabled title=(reader.text(words::dials(number.as_str()))) { (label) },
            Action::Operator => button disabled title=(reader.text(words::calls_human())) { (label) },
            Action::Other(other) => button disabled title=(other) { (label) },
        }
    }
}

/// A link to what a bot or a user has named, where it leads to another site and nowhere else; else the words alone.
pub(super) fn link(url: &str, label: &str) -> Markup {
    html! {
        @if leads_out(url) {
            a href=(url) target="_blank" rel="noopener noreferrer" { (label) }
        } @else {
            code { (url) }
        }
    }
}

/// Whether a browser goes to another site by it, and runs nothing of it.
fn leads_out(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_are_linked() {
        for url in ["https://a.example/b?c=d", "http://a.example"] {
            assert!(link(url, "l").into_string().starts_with("<a href"), "{url}");
        }
        for url in ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//a", ""]
        {
            assert!(link(url, "l").into_string().starts_with("<code>"), "{url}");
        }
        let hostile = link("https://a.example/\"><script>", "<script>").into_string();
        assert!(!hostile.contains("<script>") && !hostile.contains("\"><"), "{hostile}");
    }
}
