//! An answer to a skill call (openbuilder.md 2), strict: these types can hold only answers that the schema accepts, as
//! far as types can say it. Written once into a sized buffer.

use std::borrow::Cow;

use bytes::Bytes;
use smallvec::SmallVec;

use super::json::{self, JsonWriter};

/// A whole answer. `version` is always `"2.0"`.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one answer lives per turn and is written out at once; a box would be an allocation for each"
)]
pub enum Answer<'a> {
    /// Bubbles and quick replies.
    Bubbles(Template<'a>),
    /// "Wait, I will call back" (openbuilder.md 3); carries no template.
    UseCallback,
}

/// `template`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template<'a> {
    /// One to three bubbles.
    pub outputs: SmallVec<[Output<'a>; 3]>,
    /// At most ten; none in group rooms.
    pub quick_replies: Vec<QuickReply<'a>>,
}

/// One bubble.
#[derive(Debug, Clone, PartialEq)]
pub enum Output<'a> {
    /// Words.
    SimpleText(SimpleText<'a>),
    /// A whole picture.
    SimpleImage(SimpleImage<'a>),
    /// Words with buttons.
    TextCard(TextCard<'a>),
    /// A cropped picture with words and buttons.
    BasicCard(BasicCard<'a>),
    /// Cards side by side.
    Carousel(Carousel<'a>),
}

/// `simpleText`: 1 to 1000 units.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleText<'a> {
    /// The words.
    pub text: Cow<'a, str>,
}

/// `simpleImage`.
#[derive(Debug, Clone, PartialEq)]
pub struct SimpleImage<'a> {
    /// Absolute, http or https, ASCII.
    pub image_url: Cow<'a, str>,
    /// Read out, and shown where pictures are not; an older reading requires it (openbuilder.md 2).
    pub alt_text: Cow<'a, str>,
}

/// `textCard`: title or description, together at most 400 units; in a carousel 128 of description.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextCard<'a> {
    /// At most 50 units.
    pub title: Option<Cow<'a, str>>,
    /// The words.
    pub description: Option<Cow<'a, str>>,
    /// At most three, one below the other; nearly always one.
    pub buttons: Buttons<'a>,
}

/// `basicCard`: never without a thumbnail (openbuilder.md 2.1, code 2461).
#[derive(Debug, Clone, PartialEq)]
pub struct BasicCard<'a> {
    /// At most 230 units.
    pub description: Option<Cow<'a, str>>,
    /// The picture.
    pub thumbnail: Thumbnail<'a>,
    /// At most three; `buttonLayout` keeps them vertical, else a 1:1 picture would halve the labels.
    pub buttons: Buttons<'a>,
}

/// A card's picture: cropped to 2:1, or to 1:1 with `fixedRatio`.
#[derive(Debug, Clone, PartialEq)]
pub struct Thumbnail<'a> {
    /// Absolute, http or https, ASCII.
    pub image_url: Cow<'a, str>,
    /// At most 50 units.
    pub alt_text: Cow<'a, str>,
    /// True for 1:1.
    pub fixed_ratio: bool,
}

/// A card's buttons.
pub type Buttons<'a> = SmallVec<[Button<'a>; 1]>;

/// `carousel` of text cards, the only kind the bridge makes (K4).
#[derive(Debug, Clone, PartialEq)]
pub struct Carousel<'a> {
    /// One to ten cards.
    pub items: Vec<TextCard<'a>>,
}

/// A card's button. The label has at most 14 units.
#[derive(Debug, Clone, PartialEq)]
pub struct Button<'a> {
    /// The label that is shown.
    pub label: Cow<'a, str>,
    /// The action of a press, with its values.
    pub action: ButtonAction<'a>,
}

/// The action of a card's button.
#[derive(Debug, Clone, PartialEq)]
pub enum ButtonAction<'a> {
    /// Opens a page.
    WebLink {
        /// http or https.
        web_link_url: Cow<'a, str>,
    },
    /// Dials.
    Phone {
        /// As the bot wrote it, without `tel:`.
        phone_number: Cow<'a, str>,
    },
    /// Says something, as a quick reply does.
    Say(SayAction<'a>),
    /// Calls a human (K5).
    Operator,
}

/// A quick reply.
#[derive(Debug, Clone, PartialEq)]
pub struct QuickReply<'a> {
    /// The label that is shown; at most 14 units, distinct within the answer.
    pub label: Cow<'a, str>,
    /// `message`, or `block` when `block_id` is given.
    pub action: SayAction<'a>,
}

/// The action of a press that says something.
#[derive(Debug, Clone, PartialEq)]
pub enum SayAction<'a> {
    /// Says something.
    Message {
        /// The words that are said; 1 to 1000 units.
        message_text: Cow<'a, str>,
        /// Comes back as `clientExtra`.
        extra: Extra<'a>,
    },
    /// Runs a block for any words (K3 `message_block`).
    Block {
        /// Which.
        block_id: Cow<'a, str>,
        /// The words that are shown as said.
        message_text: Cow<'a, str>,
        /// Comes back as `clientExtra`.
        extra: Extra<'a>,
    },
}

/// `extra`: only its member `sb` is ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Extra<'a> {
    /// Our mark.
    pub sb: super::mark::Mark<'a>,
}

impl Answer<'_> {
    /// The answer as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        json::document(|json| match self {
            Self::Bubbles(template) => {
                json.raw(r#"{"version":"2.0","template":"#);
                template.write(json);
                json.raw("}");
            }
            Self::UseCallback => json.raw(r#"{"version":"2.0","useCallback":true}"#),
        })
    }
}

impl Template<'_> {
    fn write(&self, json: &mut JsonWriter) {
        json.raw(r#"{"outputs":"#);
        json.list(&self.outputs, Output::write);
        if !self.quick_replies.is_empty() {
            json.raw(r#","quickReplies":"#);
            json.list(&self.quick_replies, QuickReply::write);
        }
        json.raw("}");
    }
}

impl Output<'_> {
    fn write(&self, json: &mut JsonWriter) {
        match self {
            Self::SimpleText(SimpleText { text }) => {
                json.raw(r#"{"simpleText":{"text":"#);
                json.string(text);
                json.raw("}");
            }
            Self::SimpleImage(SimpleImage { image_url, alt_text }) => {
                json.raw(r#"{"simpleImage":{"imageUrl":"#);
                json.string(image_url);
                json.raw(r#","altText":"#);
                json.string(alt_text);
                json.raw("}");
            }
            Self::TextCard(card) => {
                json.raw(r#"{"textCard":"#);
                card.write(json);
            }
            Self::BasicCard(card) => {
                json.raw(r#"{"basicCard":"#);
                card.write(json);
            }
            Self::Carousel(Carousel { items }) => {
                json.raw(r#"{"carousel":{"type":"textCard","items":"#);
                json.list(items, TextCard::write);
                json.raw("}");
            }
        }
        json.raw("}");
    }
}

impl TextCard<'_> {
    fn write(&self, json: &mut JsonWriter) {
        // Each member begins with the sign before it: the brace, then commas.
        let mut sign = "{";
        if let Some(title) = &self.title {
            json.raw(r#"{"title":"#);
            json.string(title);
            sign = ",";
        }
        if let Some(description) = &self.description {
            json.raw(sign);
            json.raw(r#""description":"#);
            json.string(description);
            sign = ",";
        }
        if !self.buttons.is_empty() {
            json.raw(sign);
            json.raw(r#""buttons":"#);
            json.list(&self.buttons, Button::write);
            sign = ",";
        }
        json.raw(if sign == "{" { "{}" } else { "}" });
    }
}

impl BasicCard<'_> {
    fn write(&self, json: &mut JsonWriter) {
        json.raw("{");
        if let Some(description) = &self.description {
            json.raw(r#""description":"#);
            json.string(description);
            json.raw(",");
        }
        json.raw(r#""thumbnail":{"imageUrl":"#);
        json.string(&self.thumbnail.image_url);
        json.raw(r#","altText":"#);
        json.string(&self.thumbnail.alt_text);
        json.raw(if self.thumbnail.fixed_ratio { r#","fixedRatio":true}"# } else { "}" });
        if !self.buttons.is_empty() {
            json.raw(r#","buttons":"#);
            json.list(&self.buttons, Button::write);
            json.raw(r#","buttonLayout":"vertical""#);
        }
        json.raw("}");
    }
}

impl Button<'_> {
    fn write(&self, json: &mut JsonWriter) {
        json.raw(r#"{"label":"#);
        json.string(&self.label);
        match &self.action {
            ButtonAction::WebLink { web_link_url } => {
                json.raw(r#","action":"webLink","webLinkUrl":"#);
                json.string(web_link_url);
            }
            ButtonAction::Phone { phone_number } => {
                json.raw(r#","action":"phone","phoneNumber":"#);
                json.string(phone_number);
            }
            ButtonAction::Operator => json.raw(r#","action":"operator""#),
            ButtonAction::Say(press) => press.write(json),
        }
        json.raw("}");
    }
}

impl QuickReply<'_> {
    fn write(&self, json: &mut JsonWriter) {
        json.raw(r#"{"label":"#);
        json.string(&self.label);
        self.action.write(json);
        json.raw("}");
    }
}

impl SayAction<'_> {
    /// As further members of a button.
    fn write(&self, json: &mut JsonWriter) {
        let (message_text, extra) = match self {
            Self::Message { message_text, extra } => {
                json.raw(r#","action":"message","messageText":"#);
                (message_text, extra)
            }
            Self::Block { block_id, message_text, extra } => {
                json.raw(r#","action":"block","blockId":"#);
                json.string(block_id);
                json.raw(r#","messageText":"#);
                (message_text, extra)
            }
        };
        json.string(message_text);
        json.raw(r#","extra":"#);
        extra.write(json);
    }
}

impl Extra<'_> {
    fn write(&self, json: &mut JsonWriter) {
        json.raw(r#"{"sb":"#);
        self.sb.write(json);
        json.raw("}");
    }

    /// The JSON that comes back as `clientExtra`.
    #[cfg(test)]
    pub(super) fn to_json(&self) -> String {
        let mut json = JsonWriter::reusing(Vec::new());
        self.write(&mut json);
        String::from_utf8(json.finish()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_has_no_template() {
        assert_eq!(Answer::UseCallback.to_bytes(), r#"{"version":"2.0","useCallback":true}"#);
    }

    #[test]
    fn a_text_is_written_as_openbuilder_wants_it() {
        let outputs = smallvec::smallvec![Output::SimpleText(SimpleText { text: "안녕".into() })];
        let answer = Answer::Bubbles(Template { outputs, quick_replies: vec![] });
        assert_eq!(
            String::from_utf8(answer.to_bytes().to_vec()).unwrap(),
            r#"{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"안녕"}}]}}"#
        );
    }
}
