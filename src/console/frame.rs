//! What every page has around it: head, navigation, language, signing out.

use maud::{DOCTYPE, Markup, html};
use url::form_urlencoded;

use super::assets::{ICON, SCRIPT, STYLE};
use super::visitor::{Visitor, code};
use crate::messages::{Language, Message, capture, console as words, talk};

/// The program's name is the same in every language.
const NAME: &str = "smartchat-bridge";

/// A page that can be gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// *시작하기* (C3).
    Start,
    /// *대화* (C4).
    Talk,
    /// *호출* (C5).
    Turns,
}

impl Place {
    const ALL: [Self; 3] = [Self::Start, Self::Talk, Self::Turns];

    /// Its address.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Start => "/console/",
            Self::Talk => "/console/talk",
            Self::Turns => "/console/turns",
        }
    }

    fn name(self) -> Message {
        match self {
            Self::Start => words::start(),
            Self::Talk => talk::talk(),
            Self::Turns => words::turns(),
        }
    }
}

/// Who looks at a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) visitor: &'a Visitor,
    /// The form token of a session; `None` for who is not signed in.
    pub(super) form_token: Option<&'a str>,
}

impl Reader<'_> {
    /// The words of a message in this reader's language.
    pub(super) fn text(&self, message: impl Into<Message>) -> String {
        message.into().text(self.language())
    }

    pub(super) fn language(&self) -> Language {
        self.visitor.language
    }

    /// The hidden field of a form.
    pub(super) fn form_token(&self) -> Markup {
        html! { input type="hidden" name=(FORM_TOKEN) value=(self.form_token.unwrap_or_default()); }
    }
}

/// The field of a form that carries the session's token (C2).
pub(super) const FORM_TOKEN: &str = "form_token";

/// A whole page. `here` is its place in the navigation.
pub(super) fn page(reader: Reader<'_>, here: Option<Place>, title: Message, body: &Markup) -> Markup {
    page_that_asks_again(reader, here, title, None, body)
}

/// How a page that shows something under way is looked at again. The script replaces the parts with `data-renew`, which need
/// an `id`, so that nothing that is being typed is lost; without scripts the browser loads the whole page.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) seconds: u32,
    /// Where the page is, if not at its own address. An address with a fragment has to be another one: a browser
    /// goes to its fragment and loads nothing.
    pub(super) address: Option<String>,
}

impl Again {
    fn refresh(&self) -> String {
        match &self.address {
            Some(address) => format!("{}; url={address}", self.seconds),
            None => self.seconds.to_string(),
        }
    }
}

/// A whole page that is looked at again where something is under way.
pub(super) fn page_that_asks_again(
    reader: Reader<'_>,
    here: Option<Place>,
    title: Message,
    again: Option<&Again>,
    body: &Markup,
) -> Markup {
    let title = reader.text(title);
    html! {
        (DOCTYPE)
        html lang=(code(reader.language())) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                @if let Some(again) = again { noscript { meta http-equiv="refresh" content=(again.refresh()); } }
                title { (title) " · " (NAME) }
                link rel="icon" type=(ICON.kind) href=(ICON.path);
                link rel="stylesheet" href=(STYLE.path);
                script src=(SCRIPT.path) defer {}
            }
            body {
                a class="skip" href="#main" { (reader.text(words::skip())) }
                (bar(reader, here))
                div id="captures" data-renew {
                    @if let Some((bot, left)) = reader.visitor.captured.as_ref().filter(|_| reader.form_token.is_some()) {
                        p class="captures" role="status" data-gone-after=(left.as_secs() + 1) {
                            (reader.text(capture::banner())) " (" (bot.as_str()) ") "
                            a href=(format!("/console/capture?bot={}", bot.as_str())) { (reader.text(capture::look())) }
                        }
                    }
                }
                main id="main" tabindex="-1" data-again=[again.map(|again| again.seconds)]
                    data-again-at=[again.and_then(|again| again.address.as_deref())] { (body) }
                footer class="foot" { (NAME) " " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }
}

fn bar(reader: Reader<'_>, here: Option<Place>) -> Markup {
    let other = reader.language().pick(Language::Korean, Language::English);
    html! {
        header class="bar" {
            div class="bar-in" {
                a class="brand" href=(Place::Start.path()) { (NAME) }
                @if reader.form_token.is_some() {
                    nav class="nav" aria-label=(reader.text(words::pages())) {
                        @for place in Place::ALL {
                            a href=(place.path()) aria-current=[(here == Some(place)).then_some("page")] {
                                (reader.text(place.name()))
                            }
                        }
                    }
                }
                div class="bar-end" {
                    a class="language" href=(in_language(reader.visitor, other)) lang=(code(other)) hreflang=(code(other)) {
                        (words::own_name().text(other))
                    }
                    @if reader.form_token.is_some() {
                        form method="post" action="/console/sign-out" {
                            (reader.form_token())
                            button class="quiet" { (reader.text(words::sign_out())) }
                        }
                    }
                }
            }
        }
    }
}

/// The address of the same page in another language, with all else that was asked for: whoever chooses their language
/// behind a sign-in link still wants to sign in.
fn in_language(visitor: &Visitor, other: Language) -> String {
    let kept = visitor.query.iter().filter(|(name, _)| name != "lang");
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(kept).append_pair("lang", code(other)).finish();
    let page = if visitor.sends_a_form { Place::Start.path() } else { "" };
    format!("{page}?{query}")
}

/// A page that says one thing: why something is not done.
pub(super) fn notice(reader: Reader<'_>, title: Message, what: Message) -> Markup {
    let body = html! {
        section class="card narrow" {
            h1 { (reader.text(title.clone())) }
            p { (reader.text(what)) }
            p { a class="button" href=(Place::Start.path()) { (reader.text(words::go_on())) } }
        }
    };
    page(reader, None, title, &body)
}
