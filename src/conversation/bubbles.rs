//! One answer as KakaoTalk shows it: bubbles, cards, a carousel, quick replies, and what each button does.
//!
//! A plain model for whoever draws it. Total for any JSON: what KakaoTalk would not show is left out, and a reason
//! stands in [`Bubbles::flaw`].

use serde_json::Value;

use crate::messages::Message;
use crate::term::draw::{self, Press};

/// One answer, to be drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bubbles {
    /// From top to bottom.
    pub(crate) outputs: Vec<Output>,
    /// The row below.
    pub(crate) quick_replies: Vec<Button>,
    /// Everything that says something when it is pressed, in order; buttons name their place here.
    pub(crate) presses: Vec<Press>,
    /// Nothing is shown yet: the answer comes by callback (S2).
    pub(crate) is_awaited: bool,
    /// Why KakaoTalk would not show it.
    pub(crate) flaw: Option<Message>,
}

/// One bubble.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    /// Words.
    Text(String),
    /// A picture in its own shape.
    Picture(Picture),
    /// A card.
    Card(Card),
    /// Cards beside each other.
    Carousel(Vec<Card>),
    /// A kind that the bridge never makes, by name.
    Other(String),
}

/// A card: a picture, words and buttons, each of which may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Card {
    pub(crate) picture: Option<Picture>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) buttons: Vec<Button>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) url: String,
    /// What it is called where it cannot be seen.
    pub(crate) alt: String,
    /// On a card: 1:1 instead of the usual 2:1 (O3).
    pub(crate) is_square: bool,
}

/// A button or quick reply.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Button {
    pub(crate) label: String,
    pub(crate) action: Action,
}

/// What a press does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// It says something: the place in [`Bubbles::presses`].
    Say(usize),
    /// It opens an address.
    Open(String),
    /// It dials a number.
    Dial(String),
    /// It calls a human (K5).
    Operator,
    /// Another action, by name.
    Other(String),
}

impl Bubbles {
    /// Of the body of an answer.
    pub(crate) fn of(body: &[u8]) -> Self {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut bubbles = Self {
            is_awaited: answer.get("useCallback") == Some(&Value::Bool(true)),
            flaw: draw::flaw(&answer),
            ..Self::default()
        };
        let template = answer.get("template").unwrap_or(&Value::Null);
        for output in items(template, "outputs") {
            let Some((kind, body)) = output.as_object().and_then(|output| output.iter().next()) else { continue };
            let output = match kind.as_str() {
                "simpleText" => Output::Text(string(body, "text").unwrap_or_default()),
                "simpleImage" => Output::Picture(picture(body)),
                "textCard" | "basicCard" => Output::Card(bubbles.card(body)),
                "carousel" => Output::Carousel(items(body, "items").iter().map(|card| bubbles.card(card)).collect()),
                other => Output::Other(other.to_owned()),
            };
            bubbles.outputs.push(output);
        }
        bubbles.quick_replies = bubbles.buttons(items(template, "quickReplies"));
        bubbles
    }

    fn card(&mut self, card: &Value) -> Card {
        Card {
            picture: card.get("thumbnail").map(picture),
            title: string(card, "title"),
            description: string(card, "description"),
            buttons: self.buttons(items(card, "buttons")),
        }
    }

    fn buttons(&mut self, buttons: &[Value]) -> Vec<Button> {
        let button = |button: &Value| {
            let named = |name: &str| string(button, name).unwrap_or_default();
            let action = match (named("action").as_str(), Press::of(button)) {
                (_, Some(press)) => {
                    self.presses.push(press);
                    Action::Say(self.presses.len() - 1)
                }
                ("webLink", None) => Action::Open(named("webLinkUrl")),
                ("phone", None) => Action::Dial(named("phoneNumber")),
                ("operator", None) => Action::Operator,
                (other, None) => Action::Other(other.to_owned()),
            };
            Button { label: named("label"), action }
        };
        buttons.iter().map(button).collect()
    }
}

fn picture(picture: &Value) -> Picture {
    Picture {
        url: string(picture, "imageUrl").unwrap_or_default(),
        alt: string(picture, "altText").unwrap_or_default(),
        is_square: picture.get("fixedRatio") == Some(&Value::Bool(true)),
    }
}

fn string(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::screen::Screen;
    use serde_json::json;

    fn answer() -> Value {
        json!({"version": "2.0", "template": {
            "outputs": [
                {"simpleText": {"text": "급식"}},
                {"simpleImage": {"imageUrl": "https://a/b.jpg", "altText": "사진"}},
                {"basicCard": {"title": "카드", "thumbnail": {"imageUrl": "https://a/c.jpg", "fixedRatio": true}, "buttons": [
                    {"label": "열기", "action": "webLink", "webLinkUrl": "https://a"},
                    {"label": "전화", "action": "phone", "phoneNumber": "02-1"},
                    {"label": "고르기", "action": "message", "messageText": "하나"}]}},
                {"carousel": {"type": "textCard", "items": [{"description": "둘", "buttons": [{"label": "상담", "action": "operator"}]}]}},
                {"listCard": {}},
            ],
            "quickReplies": [
                {"label": "다음 ▶", "action": "message", "messageText": "다음 ▶", "extra": {"sb": {"v": 1}}},
                {"label": "끝", "action": "block", "blockId": "5f", "messageText": "끝"},
                {"label": "?", "action": "share"},
            ],
        }})
    }

    #[test]
    fn every_kind_of_bubble_is_told_and_buttons_name_what_they_say() {
        let bubbles = Bubbles::of(answer().to_string().as_bytes());
        assert_eq!(bubbles.outputs[0], Output::Text("급식".into()));
        let Output::Card(card) = &bubbles.outputs[2] else { panic!("{bubbles:?}") };
        assert!(card.picture.as_ref().unwrap().is_square);
        let actions: Vec<_> = card.buttons.iter().map(|button| button.action.clone()).collect();
        assert_eq!(actions, [Action::Open("https://a".into()), Action::Dial("02-1".into()), Action::Say(0)]);
        let Output::Carousel(cards) = &bubbles.outputs[3] else { panic!("{bubbles:?}") };
        assert_eq!((cards.len(), &cards[0].buttons[0].action), (1, &Action::Operator));
        assert_eq!(bubbles.outputs[4], Output::Other("listCard".into()));
        assert_eq!(bubbles.quick_replies[1].action, Action::Say(2));
        assert_eq!(bubbles.quick_replies[2].action, Action::Other("share".into()));
        assert_eq!(bubbles.presses[2].block.as_deref(), Some("5f"));
        assert_eq!(bubbles.presses, Screen::of(answer().to_string().as_bytes()).presses, "both models agree");
    }

    #[test]
    fn an_answer_that_comes_by_callback_is_awaited_and_odd_ones_have_a_flaw() {
        let awaited = Bubbles::of(br#"{"version":"2.0","useCallback":true}"#);
        assert!(awaited.is_awaited && awaited.flaw.is_none() && awaited.outputs.is_empty());
        for odd in [&b"no"[..], b"[]", br#"{"template":5}"#, br#"{"template":{"outputs":[5,{}]}}"#] {
            assert!(Bubbles::of(odd).flaw.is_some());
        }
    }
}
