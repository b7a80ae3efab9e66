//! Reading answers: valid by the schema, and what a user sees in them.

use std::sync::OnceLock;

use serde_json::Value;

pub fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let schema: Value = serde_json::from_str(include_str!("../schema/skill-response.schema.json")).unwrap();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    })
}

/// A valid answer.
#[derive(Debug, Clone)]
pub struct Answer(pub Value);

impl Answer {
    /// The answer in a response with status 200.
    #[track_caller]
    pub fn of(response: &super::http::Response, about: &str) -> Self {
        let body = String::from_utf8_lossy(&response.body);
        assert_eq!(response.status, 200, "{about}: {body}");
        assert_eq!(response.header("content-length"), Some(&*response.body.len().to_string()), "{about}");
        assert!(response.body.len() <= 64 * 1024, "{about}: {} bytes", response.body.len());
        let value = response.json();
        if let Err(error) = schema().validate(&value) {
            panic!("{about}: {error} at {} of {value:#}", error.instance_path());
        }
        Self(value)
    }

    pub fn outputs(&self) -> &[Value] {
        self.0["template"]["outputs"].as_array().map_or(&[], Vec::as_slice)
    }

    pub fn quick_replies(&self) -> &[Value] {
        self.0["template"]["quickReplies"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Everything that can be pressed, quick replies and cards' buttons.
    pub fn buttons(&self) -> Vec<&Value> {
        let cards = self.outputs().iter().flat_map(|output| {
            let single = ["textCard", "basicCard"].into_iter().map(|kind| &output[kind]);
            let many = output["carousel"]["items"].as_array().into_iter().flatten();
            single.chain(many).flat_map(|card| card["buttons"].as_array().into_iter().flatten())
        });
        cards.chain(self.quick_replies()).collect()
    }

    /// The buttons that say a label of the bot's: the label, and the button.
    pub fn labels(&self) -> Vec<(String, Value)> {
        let said = |button: &&Value| Some((button["extra"]["sb"]["w"].as_str()?.to_owned(), (*button).clone()));
        self.buttons().iter().filter_map(said).collect()
    }

    fn marked(&self, mark: &str, label: &str) -> Option<Value> {
        let is_it = |button: &&&Value| !button["extra"]["sb"][mark].is_null() && button["label"] == label;
        self.buttons().iter().find(is_it).map(|button| (*button).clone())
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

    /// Everything that is read, in order, without the buttons.
    pub fn words(&self) -> String {
        let mut words = String::new();
        for output in self.outputs() {
            for (kind, member) in [
                ("simpleText", "text"),
                ("textCard", "title"),
                ("textCard", "description"),
                ("basicCard", "description"),
            ] {
                if let Some(text) = output[kind][member].as_str() {
                    words.push_str(text);
                    words.push('\n');
                }
            }
        }
        words
    }

    /// Every picture's address.
    pub fn pictures(&self) -> Vec<String> {
        let picture = |output: &Value| {
            let places = [&output["simpleImage"]["imageUrl"], &output["basicCard"]["thumbnail"]["imageUrl"]];
            places.into_iter().find_map(Value::as_str).map(str::to_owned)
        };
        self.outputs().iter().filter_map(picture).collect()
    }

    /// Every link: its label and its address.
    pub fn links(&self) -> Vec<(String, String)> {
        let link =
            |button: &&Value| Some((button["label"].as_str()?.to_owned(), button["webLinkUrl"].as_str()?.to_owned()));
        self.buttons().iter().filter_map(link).collect()
    }
}
