//! Keyboards as cards: the hand-over to a human (K5), and the carousel that an operator may want instead of pages (K4).

use std::borrow::Cow;

use super::keyboard::Keyboard;
use super::labels::Names;
use super::quick_replies::{self, ButtonLabel};
use super::text;
use super::view::{Overflow, View};
use crate::degradation::{Degradation, Degradations};
use crate::wire::answer::{Button, ButtonAction, Carousel, Extra, Output, SayAction, TextCard};
use crate::wire::limits;

/// Bytes of one carousel, below the bound of a bubble; the rest of the part's bytes is for the two other bubbles.
const CAROUSEL_BYTES: usize = 24 * 1024;
const _: () = assert!(CAROUSEL_BYTES <= limits::BUBBLE_BYTES);
/// Bytes of a card beside its buttons: a title of two numbers and the names of the fields.
const CARD_BYTES: usize = 160;

/// Cards that call a human, three buttons each; the same label once.
pub(super) fn handover<'a>(labels: &[&'a str], view: &View<'a>) -> (Vec<Output<'a>>, Degradations) {
    let mut degradations = Degradations::NONE;
    let mut different: Vec<&str> = Vec::new();
    for label in labels {
        // As many at most as are configured.
        if !different.iter().any(|other| other.trim() == label.trim()) {
            different.push(label);
        }
    }
    let words = &*view.policy.texts.handover;
    let cards = different.chunks(limits::CARD_BUTTONS).map(|chunk| {
        degradations.add(Degradation::Handover);
        let mut names = Names::default();
        let buttons = chunk.iter().map(|label| {
            let (label, is_cut) = names.name(label);
            if is_cut {
                degradations.add(Degradation::LabelCut);
            }
            Button { label, action: ButtonAction::Operator }
        });
        let buttons = buttons.collect();
        let description = text::cut(words, limits::TEXT_CARD);
        let description = if text::is_blank(&description) { Cow::Borrowed(text::ELLIPSIS) } else { description };
        Output::TextCard(TextCard { title: None, description: Some(description), buttons })
    });
    (cards.collect(), degradations)
}

/// Whether these labels go on cards: the operator wants it and they would need pages without anything beside them.
pub(super) fn wanted(keys: &[ButtonLabel<'_>], view: &View<'_>) -> bool {
    view.policy.overflow == Overflow::Carousel && !quick_replies::fit(keys, 0, quick_replies::block(view))
}

/// Carousels of ten cards of three buttons, fewer where the labels are so long that a bubble would burst. Each card
/// is titled with the places of its labels. Beside each carousel stand the bytes it takes at most.
pub(super) fn carousels<'a>(
    keyboard: &Keyboard,
    keys: &[ButtonLabel<'a>],
    view: &View<'a>,
) -> (Vec<(Carousel<'a>, usize)>, Degradations) {
    let mut degradations = Degradations::NONE;
    let block = quick_replies::block(view);
    let mut carousels: Vec<(Carousel<'a>, usize)> = Vec::new();
    let mut names = Names::default();
    for (place, key) in keys.iter().enumerate() {
        let button_bytes = key.bytes(block);
        let full = carousels.last().is_none_or(|(carousel, bytes)| {
            let places = carousel.items.len() == limits::CAROUSEL
                && carousel.items.last().is_none_or(|card| card.buttons.len() == limits::CARD_BUTTONS);
            places || bytes + CARD_BYTES + button_bytes > CAROUSEL_BYTES
        });
        if full {
            let items = Vec::with_capacity(limits::CAROUSEL);
            carousels.push((Carousel { items }, CARD_BYTES));
            names = Names::default();
            let rest = keys.get(place..).unwrap_or_default();
            let held = rest.len().min(limits::CAROUSEL * limits::CARD_BUTTONS);
            quick_replies::reserve(&mut names, Some(keyboard), rest.get(..held).unwrap_or_default());
        }
        let Some((carousel, bytes)) = carousels.last_mut() else {
            break;
        };
        if carousel.items.last().is_none_or(|card| card.buttons.len() == limits::CARD_BUTTONS) {
            carousel.items.push(TextCard::default());
            *bytes += CARD_BYTES;
        }
        let (label, is_cut) = key.name(keyboard, &mut names);
        if is_cut {
            degradations.add(Degradation::LabelCut);
        }
        let press = key.press(keyboard, &label, &mut degradations);
        let (message_text, extra) = (press.message_text, Extra { sb: press.mark });
        let action = match block {
            Some(block_id) => {
                ButtonAction::Say(SayAction::Block { block_id: Cow::Borrowed(block_id), message_text, extra })
            }
            None => ButtonAction::Say(SayAction::Message { message_text, extra }),
        };
        if let Some(card) = carousel.items.last_mut() {
            card.buttons.push(Button { label, action });
            let first = place + 2 - card.buttons.len();
            card.title = Some(Cow::Owned(if first == place + 1 {
                format!("{first}")
            } else {
                format!("{first} - {}", place + 1)
            }));
            *bytes += button_bytes;
        }
    }
    if !carousels.is_empty() {
        degradations.add(Degradation::CarouselUsed);
    }
    (carousels, degradations)
}
