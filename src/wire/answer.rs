//! An answer to a skill call (openbuilder.md 2), strict: what these types can hold is what the schema accepts,
//! as far as types can say it. Serialised once into a sized buffer.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A whole answer. `version` is always `"2.0"`.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<'a> {
    /// Bubbles and quick replies.
    Bubbles(Template<'a>),
    /// "Wait, I will call back" (openbuilder.md 3); carries no template.
    UseCallback,
}

/// `template`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Template<'a> {
    /// One to three bubbles.
    pub outputs: Vec<Output<'a>>,
    /// At most ten; none in group rooms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<QuickReply<'a>>,
}

/// One bubble.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimpleText<'a> {
    /// The words.
    pub text: Cow<'a, str>,
}

/// `simpleImage`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimpleImage<'a> {
    /// Absolute, http or https, ASCII.
    pub image_url: Cow<'a, str>,
    /// Read out, and shown where pictures are not; an older reading requires it (openbuilder.md 2).
    pub alt_text: Cow<'a, str>,
}

/// `textCard`: title or description, together at most 400 units; in a carousel 128 of description.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TextCard<'a> {
    /// At most 50 units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Cow<'a, str>>,
    /// The words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// At most three, one below the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button<'a>>,
}

/// `basicCard`: never without a thumbnail (openbuilder.md 2.1, code 2461).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BasicCard<'a> {
    /// At most 230 units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// The picture.
    pub thumbnail: Thumbnail<'a>,
    /// At most three; `buttonLayout` keeps them vertical, else a 1:1 picture would halve the labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button<'a>>,
    /// `vertical` where there are buttons.
    #[serde(rename = "buttonLayout", skip_serializing_if = "Option::is_none")]
    pub button_layout: Option<&'static str>,
}

/// A card's picture: cropped to 2:1, or to 1:1 with `fixedRatio`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thumbnail<'a> {
    /// Absolute, http or https, ASCII.
    pub image_url: Cow<'a, str>,
    /// At most 50 units.
    pub alt_text: Cow<'a, str>,
    /// True for 1:1.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fixed_ratio: bool,
}

/// `carousel` of text cards, the only kind the bridge makes (K4).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Carousel<'a> {
    /// Always `textCard`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// One to ten cards.
    pub items: Vec<TextCard<'a>>,
}

/// A card's button. The label has at most 14 units.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Button<'a> {
    /// What is shown.
    pub label: Cow<'a, str>,
    /// What pressing does, with what that takes.
    #[serde(flatten)]
    pub action: ButtonAction<'a>,
}

/// What pressing a card's button does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase")]
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
    /// Says something.
    Message {
        /// What is said; 1 to 1000 units.
        message_text: Cow<'a, str>,
        /// Comes back as `clientExtra`.
        extra: Extra<'a>,
    },
    /// Runs a block.
    Block {
        /// Which.
        block_id: Cow<'a, str>,
        /// What is shown as said.
        message_text: Cow<'a, str>,
        /// Comes back as `clientExtra`.
        extra: Extra<'a>,
    },
    /// Calls a human (K5).
    Operator,
}

/// A quick reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuickReply<'a> {
    /// What is shown; at most 14 units, distinct within the answer.
    pub label: Cow<'a, str>,
    /// `message`, or `block` when `block_id` is given.
    #[serde(flatten)]
    pub action: QuickReplyAction<'a>,
}

/// What a quick reply does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum QuickReplyAction<'a> {
    /// Says something.
    Message {
        /// What is said; 1 to 1000 units.
        message_text: Cow<'a, str>,
        /// Comes back as `clientExtra`.
        extra: Extra<'a>,
    },
    /// Runs a block, whatever the words are (K3 `message_block`).
    Block {
        /// Which.
        block_id: Cow<'a, str>,
        /// What is shown as said.
        message_text: Cow<'a, str>,
        /// Comes back as `clientExtra`.
        extra: Extra<'a>,
    },
}

/// `extra`: only its member `sb` is ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extra<'a> {
    /// Our mark.
    pub sb: super::mark::Mark<'a>,
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Bubbles<'a, 'b> {
            version: &'static str,
            template: &'a Template<'b>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Acknowledgement {
            version: &'static str,
            use_callback: bool,
        }
        match self {
            Self::Bubbles(template) => Bubbles { version: "2.0", template }.serialize(serializer),
            Self::UseCallback => Acknowledgement { version: "2.0", use_callback: true }.serialize(serializer),
        }
    }
}

impl Answer<'_> {
    /// The answer as bytes. Writing these types into a vector cannot fail; were it to, an empty body would come
    /// out, which the server's own tests would see.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2048);
        if serde_json::to_writer(&mut bytes, self).is_err() {
            bytes.clear();
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_has_no_template() {
        assert_eq!(Answer::UseCallback.to_bytes(), br#"{"version":"2.0","useCallback":true}"#);
    }

    #[test]
    fn a_text_is_written_as_openbuilder_wants_it() {
        let outputs = vec![Output::SimpleText(SimpleText { text: "안녕".into() })];
        let answer = Answer::Bubbles(Template { outputs, quick_replies: vec![] });
        assert_eq!(
            String::from_utf8(answer.to_bytes()).unwrap(),
            r#"{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"안녕"}}]}}"#
        );
    }
}
