//! One walk through one bot.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use smartchat_bridge::translate::view::Texts;
use url::Url;

use super::wire::{Exchange, Wire};
use crate::support::recorded::{Recorded, Said};
use crate::support::say::BOT_ID;
use crate::support::*;

/// How the bridge is set up and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As it comes.
    Plain,
    /// `message_block`.
    Block,
    /// `overflow = "carousel"`.
    Carousel,
    /// In a group room, by number.
    Room,
}

/// The block quick replies run in [`Style::Block`].
const BLOCK: &str = "64a1f0c27b3d9e5a10c4e8c9";
/// What a user reads must be there by then.
const AT_ONCE: Duration = Duration::from_secs(5);
/// Parts or pages of one answer; none of these bots has nearly so many.
const ENOUGH: usize = 40;

/// An answer with all its parts and pages.
#[derive(Debug, Clone, Default)]
struct Whole {
    words: String,
    pictures: Vec<String>,
    links: Vec<(String, String)>,
    labels: Vec<(String, Value)>,
    late: Option<Value>,
}

impl Whole {
    fn add(&mut self, answer: &Answer) {
        self.words.push_str(&answer.text());
        self.pictures.extend(answer.pictures());
        self.links.extend(answer.links());
        self.late = self.late.take().or(answer.late());
    }

    fn names(&self) -> Vec<&str> {
        self.labels.iter().map(|(label, _)| label.as_str()).collect()
    }
}

pub struct Walker<'r> {
    recording: &'r Recorded,
    style: Style,
    wire: Wire,
    _bridge: Bridge,
    client: Client,
    texts: Texts,
    /// The labels that were last shown to who walks now; `None` for free typing.
    current: Option<Vec<String>>,
    _bot: Bot,
}

impl<'r> Walker<'r> {
    pub fn new(recording: &'r Recorded, style: Style) -> Self {
        let bot = recording.serve();
        let wire = Wire::to(bot.address);
        let url = format!("http://{}{}", wire.address, recording.base_path());
        let block = format!(r#"{{ "{BOT_ID}" = "{BLOCK}" }}"#);
        // Shorter times keep the walk quick where a bot hangs, and what is walked is the same.
        let mut more = vec![
            ("bots.default.deadline", "1s"),
            ("bots.default.late", "1200ms"),
            ("callback.after", "500ms"),
            ("bots.default.breaker.failures", "1000"),
        ];
        match style {
            Style::Plain | Style::Room => {}
            Style::Block => more.push(("bots.default.message_block", &block)),
            Style::Carousel => more.push(("bots.default.overflow", "carousel")),
        }
        let bridge = Bridge::before(&url, &more);
        let client = bridge.client();
        Self { recording, style, wire, _bridge: bridge, client, texts: Texts::default(), current: None, _bot: bot }
    }

    fn say(&mut self, say: &Say, about: &str) -> Answer {
        let say = if self.style == Style::Room { say.clone().in_room() } else { say.clone() };
        let answer = self.client.say(&say).unwrap_or_else(|| panic!("{about}: the bridge hung up"));
        assert!(answer.took < AT_ONCE, "{about}: {:?}", answer.took);
        answer
    }

    /// The answer, and what follows behind `이어서 보기` and `다음 ▶`.
    fn whole(&mut self, caller: &str, first: Answer, about: &str) -> Whole {
        let mut whole = Whole::default();
        whole.add(&first);
        let mut answer = first;
        let mut cards = answer.labels();
        for _ in 0..ENOUGH {
            let more = match self.style {
                Style::Room => {
                    answer.text().contains(&*self.texts.more_label).then(|| Say::words(caller, &self.texts.more_label))
                }
                Style::Plain | Style::Block | Style::Carousel => answer.more().map(|more| Say::press(caller, &more)),
            };
            let Some(more) = more else { break };
            answer = self.say(&more, &format!("{about}, the next part"));
            whole.add(&answer);
            if self.style == Style::Carousel {
                cards.extend(answer.labels());
            }
        }
        // Quick replies stand below every part: of the last one all pages are turned. Cards stand in one part only.
        // Words of ours stand above the page that was shown last: back to the first.
        for _ in 0..ENOUGH {
            let Some(previous) = answer.previous_page() else { break };
            answer = self.say(&Say::press(caller, &previous), &format!("{about}, the page before"));
        }
        whole.labels = if self.style == Style::Carousel && cards.len() > 10 { cards } else { answer.labels() };
        for _ in 0..ENOUGH {
            let Some(next) = answer.next_page() else { return whole };
            answer = self.say(&Say::press(caller, &next), &format!("{about}, the next page"));
            whole.labels.extend(answer.labels());
        }
        assert!(answer.next_page().is_none(), "{about}: more pages than anybody turns");
        whole
    }

    pub fn everything(&mut self) {
        self.home_and_every_button();
        for (kind, content) in self.recording.messages() {
            match kind.as_str() {
                "text" => self.free_text(&content),
                // The bridge takes no name without a dot for a host of Kakao's.
                "photo" if content == "http://x/y.jpg" => self.photo("https://talk.kakaocdn.net/dna/a/b/i_c.jpg"),
                "photo" => self.photo(&content),
                other => panic!("{}: a recorded {other}", self.recording.name),
            }
        }
    }

    fn home_labels(&self) -> Option<Vec<String>> {
        // The proxy passes a response on before it notes it down.
        let fetched = until("home is noted down", || {
            let fetched: Vec<_> = self.wire.since(0).into_iter().filter(|e| e.asked.method() == "GET").collect();
            fetched.last().is_none_or(|last| last.response().is_some()).then_some(fetched)
        });
        let name = &self.recording.name;
        assert!(!fetched.is_empty() && fetched.len() <= 2, "{name}: home was fetched {} times", fetched.len());
        let path = format!("{}/keyboard", self.recording.base_path());
        assert_eq!(fetched[0].asked.path, path, "{name}");
        headers(&fetched[0], &self.wire, name);
        Said::home(&fetched.last().unwrap().response().unwrap().1).flatten()
    }

    fn enter(&mut self, caller: &str) -> Whole {
        let about = format!("{}, home", self.recording.name);
        let mark = self.wire.mark();
        let answer = self.say(&Say::welcome(caller), &about);
        let whole = self.whole(caller, answer, &about);
        let asked = self.wire.since(mark);
        assert!(asked.iter().all(|e| e.asked.method() == "GET"), "{about}: the bot was asked: {asked:?}");
        let labels = self.home_labels();
        let words = if labels.is_some() { &self.texts.home } else { &self.texts.home_text };
        assert!(whole.words.contains(&**words), "{about}: {}", whole.words);
        self.same_labels(&whole, labels.as_deref(), &about);
        self.current = labels;
        whole
    }

    /// Home, then every button of every keyboard that is reached.
    fn home_and_every_button(&mut self) {
        let caller = newcomer();
        let home = self.enter(&caller);
        let Some(labels) = self.home_labels() else { return };
        let mut seen: HashSet<Vec<String>> = HashSet::from([labels.clone()]);
        // Keyboards to walk: how to get there from home, its labels, and its buttons.
        let mut open = vec![(Vec::<usize>::new(), labels, home.labels)];
        while let Some((way, labels, buttons)) = open.pop() {
            for (place, label) in labels.iter().enumerate() {
                let about = format!("{}, keyboard {labels:?}, label {label:?}", self.recording.name);
                let call = if self.style == Style::Room {
                    self.go(&caller, &way);
                    Say::words(&caller, &(place + 1).to_string())
                } else {
                    Say::press(&caller, &buttons[place].1)
                };
                let (whole, said) = self.press(&caller, &call, label, &about);
                let Some((reached, buttons)) = said.and_then(|said| Some((said.labels?, whole.labels))) else {
                    continue;
                };
                if seen.insert(reached.clone()) {
                    let way = way.iter().copied().chain([place]).collect();
                    open.push((way, reached, buttons));
                }
            }
        }
    }

    /// From home by numbers, as one in a group room gets to a keyboard.
    fn go(&mut self, caller: &str, way: &[usize]) {
        self.enter(caller);
        for place in way {
            let about = format!("{}, on the way {way:?}", self.recording.name);
            let mark = self.wire.mark();
            let answer = self.say(&Say::words(caller, &(place + 1).to_string()), &about);
            self.whole(caller, answer, &about);
            self.current = self.only_message(mark, &about).said().and_then(|said| said.labels);
        }
    }

    /// Presses a label; its exact words must reach the bot, and everything the bot says the user.
    fn press(&mut self, caller: &str, call: &Say, label: &str, about: &str) -> (Whole, Option<Said>) {
        let mark = self.wire.mark();
        let answer = self.say(call, about);
        let whole = self.whole(caller, answer, about);
        let exchange = self.only_message(mark, about);
        self.asked_exactly(&exchange, caller, "text", label, about);
        let said = self.told(caller, &exchange, whole.clone(), about);
        (whole, said)
    }

    /// The one `POST /message` since `mark`.
    fn only_message(&self, mark: usize, about: &str) -> Exchange {
        let mut asked = self.wire.since(mark);
        asked.retain(|e| e.asked.method() != "GET");
        assert_eq!(asked.len(), 1, "{about}: the bot was asked {asked:?}");
        asked.remove(0)
    }

    /// The bytes on the wire are those of the old platform (legacy.md 1 and 2).
    fn asked_exactly(&self, exchange: &Exchange, caller: &str, kind: &str, content: &str, about: &str) {
        let asked = &exchange.asked;
        assert_eq!(asked.method(), "POST", "{about}");
        assert_eq!(asked.path, format!("{}/message", self.recording.base_path()), "{about}");
        headers(exchange, &self.wire, about);
        assert_eq!(asked.header("content-type"), Some("application/json; charset=utf-8"), "{about}");
        assert_eq!(asked.header("content-length"), Some(&*asked.body.len().to_string()), "{about}");
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        let key = body["user_key"].as_str().unwrap();
        if self.style == Style::Room {
            let fits = key.len() == 12 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            assert!(fits, "{about}: {key}");
        } else {
            assert_eq!(key, caller, "{about}");
        }
        let string = |text: &str| serde_json::to_string(text).unwrap();
        let expected = format!(r#"{{"user_key":{},"type":"{kind}","content":{}}}"#, string(key), string(content));
        assert_eq!(String::from_utf8_lossy(&asked.body), expected, "{about}");
    }

    /// Everything of the reply is there, or words of ours say that there was none.
    fn told(&mut self, caller: &str, exchange: &Exchange, whole: Whole, about: &str) -> Option<Said> {
        let Some(said) = exchange.said() else {
            if exchange.answered.is_empty() {
                self.hangs(caller, whole, about);
            } else {
                assert!(whole.words.contains(&*self.texts.no_reply), "{about}: {}", whole.words);
                self.same_labels(&whole, self.current.as_deref(), about);
            }
            return None;
        };
        let shown = bare(&whole.words);
        if let Some(text) = &said.text {
            assert!(shown.contains(&bare(text)), "{about}: lost of {text:?}; shown {:?}", whole.words);
        }
        if let Some(photo) = &said.photo {
            let is_there = whole.pictures.iter().any(|url| same_url(url, photo)) || shown.contains(&bare(photo));
            assert!(is_there, "{about}: the photo {photo} is lost: {:?}", whole.pictures);
        }
        if let Some((label, url)) = &said.link {
            let by_button = whole.links.iter().any(|(shown, to)| {
                same_url(to, url) && (shown == label || label.starts_with(shown.trim_end_matches('…')))
            });
            assert!(by_button || shown.contains(&bare(url)), "{about}: the link {url} is lost: {:?}", whole.links);
        }
        self.same_labels(&whole, said.labels.as_deref(), about);
        self.current.clone_from(&said.labels);
        Some(said)
    }

    /// A bot that hangs: "wait" in time, and behind `답변 보기` that nothing came.
    fn hangs(&mut self, caller: &str, whole: Whole, about: &str) {
        assert!(whole.words.contains(&*self.texts.wait), "{about}: {}", whole.words);
        let ask = match self.style {
            Style::Room => Say::words(caller, &self.texts.late_label),
            Style::Plain | Style::Block | Style::Carousel => {
                Say::press(caller, &whole.late.unwrap_or_else(|| panic!("{about}: no 답변 보기")))
            }
        };
        let answer = self.say(&ask, &format!("{about}, its late answer"));
        assert!(answer.text().contains(&*self.texts.no_reply), "{about}: {}", answer.text());
    }

    fn same_labels(&self, whole: &Whole, expected: Option<&[String]>, about: &str) {
        if self.style != Style::Room {
            assert_eq!(whole.names(), expected.unwrap_or_default(), "{about}");
            return;
        }
        assert!(whole.labels.is_empty(), "{about}: quick replies in a room");
        let shown = bare(&whole.words);
        for (place, label) in expected.unwrap_or_default().iter().enumerate() {
            let line = bare(&format!("{}. {label}", place + 1));
            assert!(shown.contains(&line), "{about}: lost {label:?} in {:?}", whole.words);
        }
    }

    /// Words of a user nobody knows: under buttons they see home once, then the words are passed on (I5).
    fn free_text(&mut self, content: &str) {
        let about = format!("{}, words {content:?}", self.recording.name);
        let caller = newcomer();
        let labels = self.home_labels();
        if labels.as_ref().is_some_and(|labels| !labels.iter().any(|label| bare(label) == bare(content))) {
            let mark = self.wire.mark();
            let answer = self.say(&Say::words(&caller, content), &about);
            let greeted = self.whole(&caller, answer, &about);
            assert!(greeted.words.contains(&*self.texts.home), "{about}: {}", greeted.words);
            self.same_labels(&greeted, labels.as_deref(), &about);
            assert!(self.wire.since(mark).is_empty(), "{about}: the bot was asked");
        }
        self.current = labels;
        self.press(&caller, &Say::words(&caller, content), content, &about);
    }

    /// A photo: under buttons it is refused once, then passed on (I4, I5).
    fn photo(&mut self, url: &str) {
        let about = format!("{}, photo {url:?}", self.recording.name);
        let caller = newcomer();
        let labels = self.home_labels();
        if labels.is_some() {
            let mark = self.wire.mark();
            let answer = self.say(&Say::photo(&caller, url), &about);
            let refused = self.whole(&caller, answer, &about);
            assert!(refused.words.contains(&*self.texts.media_refused), "{about}: {}", refused.words);
            self.same_labels(&refused, labels.as_deref(), &about);
            assert!(self.wire.since(mark).is_empty(), "{about}: the bot was asked");
        }
        let mark = self.wire.mark();
        let answer = self.say(&Say::photo(&caller, url), &about);
        let whole = self.whole(&caller, answer, &about);
        let exchange = self.only_message(mark, &about);
        self.asked_exactly(&exchange, &caller, "photo", url, &about);
        self.current = labels;
        self.told(&caller, &exchange, whole, &about);
    }
}

/// The headers of every call (legacy.md 2).
fn headers(exchange: &Exchange, wire: &Wire, about: &str) {
    let asked = &exchange.asked;
    for (name, value) in
        [("host", wire.address.to_string().as_str()), ("accept", "*/*"), ("user-agent", "KakaoTalk/Bot 2.0")]
    {
        assert_eq!(asked.header(name), Some(value), "{about}: {name}");
    }
    for name in ["transfer-encoding", "accept-encoding", "expect", "cookie", "traceparent", "referer", "origin"] {
        assert_eq!(asked.header(name), None, "{about}: {name}");
    }
}

/// Without white space: where a text is cut into bubbles, some of it goes.
fn bare(words: &str) -> String {
    words.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The same address as a browser understands it.
fn same_url(shown: &str, meant: &str) -> bool {
    match (Url::parse(shown), Url::parse(meant.trim())) {
        (Ok(shown), Ok(meant)) => shown == meant,
        _ => shown == meant,
    }
}
