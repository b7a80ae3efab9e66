//! From a bot's reply to an answer that OpenBuilder shows (O1 to O5, K3, K4, I10).

use std::borrow::Cow;
use std::ops::Range;

use super::degradation::{Degradation, Degradations};
use super::keyboard::Keyboard;
use super::quick_replies::{self, Asked, Key};
use super::view::View;
use super::{cards, link, media, room, text};
use crate::reading::{Photo, Reading};
use crate::wire::answer::{
    Answer, BasicCard, Button, Output, SimpleImage, SimpleText, Template, TextCard, Thumbnail,
};
use crate::wire::limits;
use crate::wire::text::units;

/// Bytes of the bubbles of one part; with 32 KiB of quick replies the answer stays below 64 KiB (O5).
const BUBBLES_BYTES: usize = 31 * 1024 + 512;
/// Bytes that a bubble other than a carousel takes at most: a card with two URLs of 4096, 400 units of 6 bytes as
/// JSON escapes, and names. Three of them fit into a part.
const SIMPLE_BYTES: usize = 10_500;
/// Units of a `data:` URL that are written out.
const DATA_URL: usize = 100;

/// What is to be shown, and which slice of it.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The replies, in the order they are read; often one, several after late answers or several photos.
    pub readings: &'a [Reading<'a>],
    /// The keyboard below them; `None` for free typing. (The readings' own keyboards were interned by the caller;
    /// here they do not count.)
    pub keyboard: Option<&'a Keyboard>,
    /// Which part of what does not fit into three bubbles (O5), from 0; past the end shows the last.
    pub part: u32,
    /// Which page of the keyboard (K4), from 0; past the end shows the last.
    pub page: u32,
    /// Offer `답변 보기` (S3).
    pub late: bool,
    /// Offer `이어서 보기` of an older reply at this part, where this one has no rest of its own (O5).
    pub older_rest: Option<u32>,
}

/// The answer, and what is worth knowing about it.
#[derive(Debug, Clone)]
pub struct Translated<'a> {
    /// Obeys the schema, whatever came in.
    pub response: Answer<'a>,
    /// How it differs from what the bot said (readings' degradations included).
    pub degradations: Degradations,
    /// How many parts there are; at least 1.
    pub parts: u32,
    /// The part shown.
    pub part: u32,
    /// How many pages the keyboard has; 1 without a keyboard.
    pub pages: u32,
    /// The page shown.
    pub page: u32,
    /// Whether numbers were printed before the labels, so that numbers are understood (I5, I10).
    pub numbered: bool,
}

/// Shows a reply.
///
/// Everything is laid out as one row of bubbles, in order; the row is cut into parts, and one part is shown. The
/// row depends on the replies, the keyboard and the policy only, not on what is offered beside them, so that part
/// n + 1 asked for later begins where part n ended.
#[must_use]
pub fn reply<'a>(content: &Content<'a>, view: &View<'a>) -> Translated<'a> {
    let mut row = Row::new(view);
    for reading in content.readings {
        row.reading(reading);
    }
    let labels = content.keyboard.map(Keyboard::labels).unwrap_or_default();
    let (human, keys): (Vec<Key<'a>>, Vec<Key<'a>>) = labels
        .iter()
        .enumerate()
        .map(|(index, label)| Key { index, label })
        .partition(|key| cards::calls_human(key.label, view));
    if row.bubbles.is_empty() {
        row.nothing(content, !keys.is_empty() || human.is_empty());
    }
    row.handover(&human);
    let in_row = match content.keyboard {
        Some(_) if view.room => row.list(&keys),
        Some(keyboard) if cards::wanted(&keys, view) => row.carousels(keyboard, &keys),
        _ => false,
    };

    let parts = parts(&row.bubbles, view.room);
    let last = parts.len().saturating_sub(1);
    let part = usize::try_from(content.part)
        .unwrap_or(usize::MAX)
        .min(last);
    let range = parts.get(part).cloned().unwrap_or_default();
    let Row {
        bubbles,
        mut degradations,
        ..
    } = row;
    let mut shown: Vec<_> = bubbles
        .into_iter()
        .skip(range.start)
        .take(range.len())
        .collect();
    let more = if part < last {
        degradations.add(Degradation::Parked);
        Some(number(part + 1))
    } else {
        content.older_rest
    };
    let numbered = shown.iter().any(|bubble| bubble.numbered);
    if view.room
        && let Some(hint) = room::hint(more.is_some(), content.late, view)
    {
        add_hint(&mut shown, hint);
    }
    let mut template = Template {
        outputs: shown.into_iter().map(|bubble| bubble.output).collect(),
        quick_replies: vec![],
    };
    let (mut page, mut pages) = (0, 1);
    if !view.room {
        let keys = if in_row { &[] } else { keys.as_slice() };
        let asked = Asked {
            more,
            late: content.late,
            keyboard: content.keyboard,
            page: content.page,
        };
        let laid = quick_replies::lay(&asked, keys, view);
        degradations.join(laid.degradations);
        (page, pages) = (laid.page, laid.pages);
        template.quick_replies = laid.quick_replies;
    }
    Translated {
        response: Answer::Bubbles(template),
        degradations,
        parts: number(parts.len()),
        part: number(part),
        pages,
        page,
        numbered,
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A bubble and what grouping needs to know of it.
struct Bubble<'a> {
    output: Output<'a>,
    /// Never less than it takes as JSON.
    bytes: usize,
    /// Numbers stand in it.
    numbered: bool,
}

/// Everything there is to show, in order.
struct Row<'a, 'v> {
    view: &'v View<'a>,
    bubbles: Vec<Bubble<'a>>,
    degradations: Degradations,
    /// Units that may still be said (O5).
    left: usize,
    /// Units of a text bubble.
    text: usize,
}

impl<'a> Row<'a, '_> {
    fn new<'v>(view: &'v View<'a>) -> Row<'a, 'v> {
        let text = if view.room {
            room::TEXT
        } else {
            limits::SIMPLE_TEXT
        };
        Row {
            view,
            bubbles: Vec::with_capacity(3),
            degradations: Degradations::NONE,
            left: limits::REPLY_UNITS,
            text,
        }
    }

    fn push(&mut self, output: Output<'a>) {
        // Texts take 6 bytes a unit at most: 6 KB. A card has two URLs, 400 units and a few names.
        self.bubbles.push(Bubble {
            output,
            bytes: SIMPLE_BYTES,
            numbered: false,
        });
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

    fn texts(&mut self, words: Cow<'a, str>) {
        let pieces = text::split_cow(words, self.text);
        if pieces.len() > 1 {
            self.degradations.add(Degradation::TextSplit);
        }
        for text in pieces {
            self.push(Output::SimpleText(SimpleText { text }));
        }
    }

    /// One reply: photo, text, link (O1, O2, O3).
    fn reading(&mut self, reading: &'a Reading<'a>) {
        self.degradations.join(reading.degradations);
        let mut body = reading
            .text
            .as_deref()
            .map(Cow::Borrowed)
            .filter(|text| !text::is_blank(text));
        let picture = reading
            .photo
            .as_ref()
            .and_then(|photo| self.picture(photo, &mut body));
        let mut button = None;
        if let Some(link) = &reading.link {
            let (shown, degradations) = link::show(link, self.view.policy);
            self.degradations.join(degradations);
            match shown {
                link::Shown::Written(words) => body = Some(below(body, words)),
                link::Shown::Button {
                    button: made,
                    label,
                } => button = Some((made, label)),
            }
        }
        // A link alone is a card titled with its label; else a label that was cut is written out in full.
        let mut title = None;
        let crop = picture.as_ref().and_then(|(_, size)| media::crop(*size));
        let button = button.map(|(button, label)| {
            if body.is_none() && crop.is_none() && units(&label) <= limits::TITLE {
                title = Some(label);
            } else if (body.is_none() && crop.is_none())
                || (button.label != label
                    && !body.as_ref().is_some_and(|body| body.contains(&*label)))
            {
                body = Some(below(body.take(), label));
            }
            button
        });
        let body = self.afford(body);

        if let Some((image_url, _)) = picture {
            let alt_text = text::cut(&self.view.policy.texts.photo_alt, limits::ALT_TEXT);
            let fits = body
                .as_ref()
                .is_none_or(|body| units(body) <= limits::BASIC_CARD);
            let words = body.is_some() || button.is_some();
            match crop.filter(|_| fits && words) {
                Some(fixed_ratio) => {
                    let button_layout = button.is_some().then_some("vertical");
                    let thumbnail = Thumbnail {
                        image_url,
                        alt_text,
                        fixed_ratio,
                    };
                    let buttons = button.into_iter().collect();
                    self.push(Output::BasicCard(BasicCard {
                        description: body,
                        thumbnail,
                        buttons,
                        button_layout,
                    }));
                    return;
                }
                None => {
                    self.push(Output::SimpleImage(SimpleImage {
                        image_url,
                        alt_text,
                    }));
                    if words {
                        self.degradations.add(Degradation::PhotoWhole);
                    }
                }
            }
        }
        match (body, button) {
            (Some(body), Some(button)) => self.card(body, button),
            (Some(body), None) => self.texts(body),
            (None, Some(button)) => {
                let title = title
                    .filter(|title| !text::is_blank(title))
                    .unwrap_or_else(|| button.label.clone());
                self.push(Output::TextCard(TextCard {
                    title: Some(title),
                    description: None,
                    buttons: vec![button],
                }));
            }
            (None, None) => {}
        }
    }

    /// A usable picture; the address of another is put into the words.
    fn picture(
        &mut self,
        photo: &'a Photo<'a>,
        body: &mut Option<Cow<'a, str>>,
    ) -> Option<(Cow<'a, str>, Size)> {
        if let Some(address) = media::address(&photo.url, self.view.policy) {
            self.degradations.join(address.degradations);
            return Some((address.url, photo.size));
        }
        self.degradations.add(Degradation::PhotoWritten);
        let mut words = Cow::Borrowed(&*photo.url);
        if photo
            .url
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
        {
            // The picture itself in letters: nobody can read it, and it would bury the words.
            words = text::cut(&photo.url, DATA_URL);
        }
        *body = Some(below(body.take(), words));
        None
    }

    /// Words with a button: on one card, or the head as text and the tail on the card (O2).
    fn card(&mut self, body: Cow<'a, str>, button: Button<'a>) {
        let mut pieces = if units(&body) <= limits::TEXT_CARD {
            vec![body]
        } else {
            text::split_cow(body, self.text)
        };
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
        self.push(Output::TextCard(TextCard {
            title: None,
            description: Some(tail),
            buttons: vec![button],
        }));
    }

    /// Words where the replies have none (O4). A page turn has no replies and lacks nothing.
    fn nothing(&mut self, content: &Content<'a>, words: bool) {
        if !content.readings.is_empty() || content.keyboard.is_none() {
            self.degradations.add(Degradation::NoMessage);
        }
        let texts = &self.view.policy.texts;
        if words {
            self.texts(Cow::Borrowed(if content.keyboard.is_some() {
                &texts.choose
            } else {
                &texts.no_reply
            }));
            if self.bubbles.is_empty() {
                self.texts(Cow::Borrowed(text::ELLIPSIS));
            }
        }
    }

    fn handover(&mut self, human: &[Key<'a>]) {
        let labels: Vec<_> = human.iter().map(|key| key.label).collect();
        let (cards, degradations) = cards::handover(&labels, self.view);
        self.degradations.join(degradations);
        for card in cards {
            self.push(card);
        }
    }

    fn carousels(&mut self, keyboard: &Keyboard, keys: &[Key<'a>]) -> bool {
        let (carousels, degradations) = cards::carousels(keyboard, keys, self.view);
        self.degradations.join(degradations);
        for (carousel, bytes) in carousels {
            let output = Output::Carousel(carousel);
            self.bubbles.push(Bubble {
                output,
                bytes,
                numbered: false,
            });
        }
        true
    }

    /// The labels as a numbered list, below the last text where it fits (I10).
    fn list(&mut self, keys: &[Key<'a>]) -> bool {
        let mut pieces = room::list(keys, self.text).into_iter().peekable();
        if pieces.peek().is_none() {
            return true;
        }
        self.degradations.add(Degradation::Numbered);
        if let Some(Bubble {
            output: Output::SimpleText(last),
            numbered,
            ..
        }) = self.bubbles.last_mut()
            && let Some(piece) =
                pieces.next_if(|piece| units(&last.text) + 2 + units(piece) <= self.text)
        {
            last.text = Cow::Owned(format!("{}\n\n{piece}", last.text));
            *numbered = true;
        }
        for piece in pieces {
            let output = Output::SimpleText(SimpleText {
                text: Cow::Owned(piece),
            });
            self.bubbles.push(Bubble {
                output,
                bytes: SIMPLE_BYTES,
                numbered: true,
            });
        }
        true
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

/// Bubbles to parts: at most three, at most [`BUBBLES_BYTES`]. In a room the third is a text, which has room for
/// the hint; where there are two, the hint can be the third.
fn parts(bubbles: &[Bubble<'_>], room: bool) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (place, bubble) in bubbles.iter().enumerate() {
        let is_text = matches!(bubble.output, Output::SimpleText(_));
        let places = if room && !is_text {
            limits::OUTPUTS - 1
        } else {
            limits::OUTPUTS
        };
        match parts
            .last_mut()
            .filter(|part| part.len() < places && bytes + bubble.bytes <= BUBBLES_BYTES)
        {
            Some(part) => {
                part.end = place + 1;
                bytes += bubble.bytes;
            }
            None => {
                parts.push(place..place + 1);
                bytes = bubble.bytes;
            }
        }
    }
    parts
}

/// Adds the hint below the last text, or as a bubble of its own.
fn add_hint(shown: &mut Vec<Bubble<'_>>, hint: String) {
    if let Some(Bubble {
        output: Output::SimpleText(last),
        ..
    }) = shown.last_mut()
        && units(&last.text) + 2 + units(&hint) <= limits::SIMPLE_TEXT
    {
        last.text = Cow::Owned(format!("{}\n\n{hint}", last.text));
        return;
    }
    let output = Output::SimpleText(SimpleText {
        text: Cow::Owned(hint),
    });
    shown.push(Bubble {
        output,
        bytes: SIMPLE_BYTES,
        numbered: false,
    });
}
