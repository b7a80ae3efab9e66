//! Everything there is to show, as one row of bubbles in order: of each reply its photo, text and link, then the
//! hand-over card, then the carousel or, in a room, the numbered list (O1 to O5, K4, K5, I10).

use std::borrow::Cow;

use smallvec::{SmallVec, smallvec};

use super::keyboard::Keyboard;
use super::quick_replies::ButtonLabel;
use super::view::View;
use super::{cards, link, media, room, text};
use crate::degradation::{Degradation, Degradations};
use crate::reading::{Link, Photo, Reading};
use crate::wire::answer::{BasicCard, Button, Output, SimpleImage, SimpleText, TextCard, Thumbnail};
use crate::wire::limits;
use crate::wire::text::{fits, units};

/// Bytes that a bubble other than a carousel takes at most: a card with two URLs of 4096, 400 units of 6 bytes as
/// JSON escapes, and names. Three of them fit into a part.
const SIMPLE_BYTES: usize = 10_500;
const _: () = assert!(SIMPLE_BYTES <= limits::BUBBLE_BYTES);

/// A bubble and what grouping needs to know of it.
pub(super) struct Bubble<'a> {
    /// The bubble itself.
    pub(super) output: Output<'a>,
    /// Never less than it takes as JSON.
    pub(super) bytes: usize,
    /// Numbers stand in it.
    pub(super) numbered: bool,
}

impl<'a> Bubble<'a> {
    /// Any bubble but a carousel.
    pub(super) fn new(output: Output<'a>) -> Self {
        Self { output, bytes: SIMPLE_BYTES, numbered: false }
    }
}

/// Bubbles in order; most replies have no more than fit into one answer.
pub(super) type Bubbles<'a> = SmallVec<[Bubble<'a>; limits::OUTPUTS]>;

/// Everything there is to show, in order.
pub(super) struct Row<'a, 'v> {
    view: &'v View<'a>,
    /// The bubbles so far.
    pub(super) bubbles: Bubbles<'a>,
    /// The differences so far.
    pub(super) degradations: Degradations,
    /// Units that may still be said (O5).
    left: usize,
    /// Units of a text bubble.
    text: usize,
}

impl<'a> Row<'a, '_> {
    /// An empty row. `view` gives the operator's words, and the length of texts: in a group room they leave a place for
    /// the hint.
    pub(super) fn new<'v>(view: &'v View<'a>) -> Row<'a, 'v> {
        let text = if view.room { room::TEXT } else { limits::SIMPLE_TEXT };
        Row { view, bubbles: SmallVec::new(), degradations: Degradations::NONE, left: limits::REPLY_UNITS, text }
    }

    /// Adds any bubble but a carousel.
    fn push(&mut self, output: Output<'a>) {
        self.bubbles.push(Bubble::new(output));
    }

    /// As much of the words as may still be said; nothing for blank words.
    fn afford(&mut self, words: Option<Cow<'a, str>>) -> Option<Cow<'a, str>> {
        let words = words.filter(|words| !text::is_blank(words))?;
        let wanted = units(&words);
        if wanted <= self.left {
            self.left -= wanted;
            return Some(words);
        }
        self.degradations.add(Degradation::TextCut);
        // Fewer than three units hold no character and an ellipsis.
        let left = std::mem::take(&mut self.left);
        (left >= 3).then(|| Cow::Owned(text::cut(&words, left).into_owned()))
    }

    /// Adds words as one text bubble, or as several where they are too long (O1).
    fn texts(&mut self, words: Cow<'a, str>) {
        if fits(&words, self.text) && !text::is_blank(&words) {
            return self.push(Output::SimpleText(SimpleText { text: words }));
        }
        let pieces = text::split_cow(words, self.text);
        if pieces.len() > 1 {
            self.degradations.add(Degradation::TextSplit);
        }
        for text in pieces {
            self.push(Output::SimpleText(SimpleText { text }));
        }
    }

    /// One reply: photo, text, link (O1, O2, O3).
    pub(super) fn reading(&mut self, reading: &'a Reading<'a>) {
        self.degradations.join(reading.degradations);
        let text = reading.text.as_deref().map(Cow::Borrowed);
        let mut body = text.filter(|text| !text::is_blank(text));
        let photo = reading.photo.as_ref();
        let picture = photo.and_then(|photo| self.picture(photo, &mut body));
        let crop = picture.as_ref().and_then(|(_, size)| media::crop(*size));
        let link = reading.link.as_ref();
        let (title, button) = link.map_or((None, None), |link| self.link(link, crop.is_some(), &mut body));
        let body = self.afford(body);

        if let Some((image_url, _)) = picture {
            let alt_text = text::cut(&self.view.policy.texts.photo_alt, limits::ALT_TEXT);
            let body_fits = body.as_ref().is_none_or(|body| fits(body, limits::BASIC_CARD));
            let has_words = body.is_some() || button.is_some();
            if let Some(fixed_ratio) = crop.filter(|_| body_fits && has_words) {
                self.push(Output::BasicCard(BasicCard {
                    description: body,
                    thumbnail: Thumbnail { image_url, alt_text, fixed_ratio },
                    buttons: button.into_iter().collect(),
                }));
                return;
            }
            self.push(Output::SimpleImage(SimpleImage { image_url, alt_text }));
            if has_words {
                self.degradations.add(Degradation::PhotoWhole);
            }
        }
        match (body, button) {
            (Some(body), Some(button)) => self.card(body, button),
            (Some(body), None) => self.texts(body),
            (None, Some(button)) => {
                let title = title.filter(|title| !text::is_blank(title));
                let title = title.or_else(|| Some(button.label.clone()));
                self.push(Output::TextCard(TextCard { title, description: None, buttons: smallvec![button] }));
            }
            (None, None) => {}
        }
    }

    /// The title and the button of a link. A link alone is a card titled with its label; beside words a label that had
    /// to be cut is written out below them, unless it stands there already; a link that cannot be a button goes there
    /// too.
    fn link(
        &mut self,
        link: &'a Link<'a>,
        on_picture: bool,
        body: &mut Option<Cow<'a, str>>,
    ) -> (Option<Cow<'a, str>>, Option<Button<'a>>) {
        let (shown, degradations) = link::show(link, self.view.policy);
        self.degradations.join(degradations);
        let (button, label) = match shown {
            link::LinkView::Written(words) => {
                *body = Some(below(body.take(), words));
                return (None, None);
            }
            link::LinkView::Button { button, label } => (button, label),
        };
        let alone = body.is_none() && !on_picture;
        if alone && fits(&label, limits::TITLE) {
            return (Some(label), Some(button));
        }
        let stands = body.as_ref().is_some_and(|body| body.contains(&*label));
        if alone || (button.label != label && !stands) {
            *body = Some(below(body.take(), label));
        }
        (None, Some(button))
    }

    /// A usable picture; the address of another is put into the words.
    fn picture(&mut self, photo: &'a Photo<'a>, body: &mut Option<Cow<'a, str>>) -> Option<(Cow<'a, str>, Size)> {
        if let Some(address) = media::address(&photo.url, self.view.policy) {
            self.degradations.join(address.degradations);
            return Some((address.url, photo.size));
        }
        self.degradations.add(Degradation::PhotoWritten);
        *body = Some(below(body.take(), media::written(&photo.url)));
        None
    }

    /// Words with a button: on one card, or the head as text and the tail on the card (O2).
    fn card(&mut self, body: Cow<'a, str>, button: Button<'a>) {
        if fits(&body, limits::TEXT_CARD) {
            let description = Some(body);
            return self.push(Output::TextCard(TextCard { title: None, description, buttons: smallvec![button] }));
        }
        let mut pieces = text::split_cow(body, self.text);
        let last = pieces.pop().unwrap_or_default();
        let (head, tail) = match last {
            Cow::Borrowed(last) => {
                let (head, tail) = text::split_tail(last, limits::TEXT_CARD);
                (Cow::Borrowed(head), Cow::Borrowed(tail))
            }
            Cow::Owned(last) => {
                let (head, tail) = text::split_tail(&last, limits::TEXT_CARD);
                (Cow::Owned(head.to_owned()), Cow::Owned(tail.to_owned()))
            }
        };
        pieces.extend(Some(head).filter(|head| !text::is_blank(head)));
        if !pieces.is_empty() {
            self.degradations.add(Degradation::TextSplit);
        }
        for text in pieces {
            self.push(Output::SimpleText(SimpleText { text }));
        }
        self.push(Output::TextCard(TextCard { title: None, description: Some(tail), buttons: smallvec![button] }));
    }

    /// Words above a keyboard that came without (O4), or in place of a reply where there is none at all.
    pub(super) fn instead(&mut self, has_keyboard: bool) {
        let texts = &self.view.policy.texts;
        let words = if has_keyboard { &texts.choose } else { &texts.no_reply };
        self.texts(Cow::Borrowed(words));
        if self.bubbles.is_empty() {
            self.texts(Cow::Borrowed(text::ELLIPSIS));
        }
    }

    /// Adds the cards of `human`, the labels that call a human (K5); nothing where there are none.
    pub(super) fn handover(&mut self, human: &[ButtonLabel<'a>]) {
        if human.is_empty() {
            return;
        }
        let labels: Vec<_> = human.iter().map(|key| key.label).collect();
        let (cards, degradations) = cards::handover(&labels, self.view);
        self.degradations.join(degradations);
        for card in cards {
            self.push(card);
        }
    }

    /// Adds `keys`, labels of `keyboard`, as carousels (K4).
    pub(super) fn carousels(&mut self, keyboard: &Keyboard, keys: &[ButtonLabel<'a>]) {
        let (carousels, degradations) = cards::carousels(keyboard, keys, self.view);
        self.degradations.join(degradations);
        for (carousel, bytes) in carousels {
            let output = Output::Carousel(carousel);
            self.bubbles.push(Bubble { output, bytes, numbered: false });
        }
    }

    /// The labels as a numbered list, below the last text where it fits (I10).
    pub(super) fn list(&mut self, keys: &[ButtonLabel<'a>]) {
        let mut pieces = room::list(keys, self.text).into_iter().peekable();
        if pieces.peek().is_none() {
            return;
        }
        self.degradations.add(Degradation::Numbered);
        if let Some(Bubble { output: Output::SimpleText(last), numbered, .. }) = self.bubbles.last_mut()
            && let Some(piece) = pieces.next_if(|piece| units(&last.text) + 2 + units(piece) <= self.text)
        {
            last.text = Cow::Owned(format!("{}\n\n{piece}", last.text));
            *numbered = true;
        }
        for piece in pieces {
            let output = Output::SimpleText(SimpleText { text: Cow::Owned(piece) });
            self.bubbles.push(Bubble { numbered: true, ..Bubble::new(output) });
        }
    }
}

type Size = Option<(u32, u32)>;

/// More words on a line of their own.
fn below<'a>(body: Option<Cow<'a, str>>, words: Cow<'a, str>) -> Cow<'a, str> {
    match body {
        Some(body) => Cow::Owned(format!("{body}\n{words}")),
        None => words,
    }
}
