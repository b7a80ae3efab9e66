//! What came back: an HTTP response, and what a user sees in it.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;

use super::http::Message;

/// What OpenBuilder takes (`tests/schema`).
pub static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("../schema/skill-response.schema.json")).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
});

#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// 0 where the connection ended without one.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub took: Duration,
}

impl Answer {
    pub fn new(message: Message, took: Duration) -> Option<Self> {
        let (status, body) = (message.word(1).parse().ok()?, String::from_utf8_lossy(&message.body).into_owned());
        Some(Self { status, headers: message.headers, body, took })
    }

    /// A valid one that came by callback.
    #[track_caller]
    pub fn called_back(body: &Value) -> Self {
        Self { body: body.to_string(), ..Self::default() }.checked("a callback")
    }

    /// Every answer to a skill call, whatever happened, is one OpenBuilder takes.
    #[track_caller]
    pub fn valid(self, about: &str) -> Self {
        assert_eq!(self.status, 200, "{about}: {}", self.body);
        assert_eq!(self.header("content-length"), Some(&*self.body.len().to_string()), "{about}");
        self.checked(about)
    }

    #[track_caller]
    fn checked(self, about: &str) -> Self {
        assert!(self.body.len() <= 64 * 1024, "{about}: {} bytes", self.body.len());
        if let Err(error) = SCHEMA.validate(&self.json()) {
            panic!("{about}: {error} at {} of {}", error.instance_path(), self.body);
        }
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    pub fn is_acknowledgement(&self) -> bool {
        self.json()["useCallback"] == true
    }

    #[track_caller]
    pub fn outputs(&self) -> Vec<Value> {
        self.json()["template"]["outputs"].as_array().cloned().unwrap_or_default()
    }

    /// Everything that is read in bubbles, one below the other, without the buttons.
    #[track_caller]
    pub fn text(&self) -> String {
        let places = [
            "/simpleText/text",
            "/textCard/title",
            "/textCard/description",
            "/basicCard/title",
            "/basicCard/description",
        ];
        let outputs = self.outputs();
        let words = outputs.iter().flat_map(|output| places.map(|place| output.pointer(place)?.as_str()));
        words.flatten().collect::<Vec<_>>().join("\n")
    }

    fn all_quick_replies(&self) -> Vec<Value> {
        self.json()["template"]["quickReplies"].as_array().cloned().unwrap_or_default()
    }

    /// The labels of the quick replies.
    #[track_caller]
    pub fn quick_replies(&self) -> Vec<String> {
        self.all_quick_replies().iter().map(|quick| quick["label"].as_str().unwrap().to_owned()).collect()
    }

    /// The quick reply with this label, whole.
    #[track_caller]
    pub fn quick_reply(&self, label: &str) -> Value {
        let found = self.all_quick_replies().into_iter().find(|quick| quick["label"] == label);
        found.unwrap_or_else(|| panic!("no quick reply {label}: {}", self.body))
    }

    /// Everything that can be pressed, cards' buttons and quick replies.
    pub fn buttons(&self) -> Vec<Value> {
        let mut buttons = Vec::new();
        for output in self.outputs() {
            let many = output["carousel"]["items"].as_array().cloned().unwrap_or_default();
            for card in [&output["textCard"], &output["basicCard"]].into_iter().chain(&many) {
                buttons.extend(card["buttons"].as_array().into_iter().flatten().cloned());
            }
        }
        buttons.extend(self.all_quick_replies());
        buttons
    }

    /// The buttons that say a label of the bot's: the label, and the button.
    pub fn labels(&self) -> Vec<(String, Value)> {
        let said = |button: Value| Some((button["extra"]["sb"]["w"].as_str()?.to_owned(), button));
        self.buttons().into_iter().filter_map(said).collect()
    }

    fn marked(&self, mark: &str, label: &str) -> Option<Value> {
        self.buttons().into_iter().find(|button| !button["extra"]["sb"][mark].is_null() && button["label"] == label)
    }

    pub fn next_page(&self) -> Option<Value> {
        self.marked("p", "다음 ▶")
    }

    pub fn previous_page(&self) -> Option<Value> {
        self.marked("p", "◀ 이전")
    }

    pub fn more(&self) -> Option<Value> {
        self.marked("m", "이어서 보기")
    }

    pub fn late(&self) -> Option<Value> {
        self.marked("l", "답변 보기")
    }

    /// Every picture's address.
    pub fn pictures(&self) -> Vec<String> {
        let places = ["/simpleImage/imageUrl", "/basicCard/thumbnail/imageUrl"];
        let picture =
            |output: &Value| places.iter().find_map(|place| Some(output.pointer(place)?.as_str()?.to_owned()));
        self.outputs().iter().filter_map(picture).collect()
    }

    /// Every link: its label and its address.
    pub fn links(&self) -> Vec<(String, String)> {
        let word = |button: &Value, name: &str| button[name].as_str().map(str::to_owned);
        self.buttons().iter().filter_map(|button| word(button, "label").zip(word(button, "webLinkUrl"))).collect()
    }
}
