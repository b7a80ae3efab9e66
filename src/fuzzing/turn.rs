//! A conversation through the whole engine: call, reply, and the next call on what the answer offers.
//!
//! The input is a list of steps with `\x1e` between them; the first byte of a step says what it is:
//!
//! - `{`: a skill call as it came over the wire. `w`: words, `f`: the URL of a photo, `e`: the chat room is entered,
//!   `0` to `9`: the button of that number is pressed. Before these, `T`: by a tester, `C`: with a callback, `R`: in a
//!   group room.
//! - `r`: the bot's next reply, `d`: one that takes ten seconds, `x`: the bot cuts the connection, `h`: its home keyboard.
//! - `s`: so many seconds go by.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::bot::{Act, Bot, bridge, settings};
use crate::callback::CallbackUrl;
use crate::config::settings::Settings;
use crate::conversation::call::{Spoken, Who, body};
use crate::conversation::screen::Screen;
use crate::engine::call::{Arrival, Call, CallbackTo};
use crate::engine::serve::serve;
use crate::ids::RequestId;
use crate::net::CoreId;
use crate::reading;
use crate::shared::Shared;
use crate::term::draw::Press;
use crate::time;
use crate::translate::inbound::{Endpoint, InboundRules, UserInput, understand};
use crate::wire::legacy::Keys;
use crate::wire::limits;
use crate::wire::skill::SkillCall;

/// Steps of one input.
const STEPS: usize = 24;
/// Nothing listens there.
const CALLBACK: &str = "http://127.0.0.1:1/v1/bots/64a1f0c27b3d9e5a10c4e8b2/callback/token";

static SETTINGS: LazyLock<Arc<Settings>> =
    LazyLock::new(|| settings(&[("BRIDGE_CALLBACK__ORIGINS", "[\"http://127.0.0.1:1\"]")]));

struct Play {
    shared: Arc<Shared>,
    bot: Arc<Bot>,
    /// What the user saw last.
    screen: Screen,
    /// Every label that the bot has offered.
    labels: HashSet<String>,
    /// Messages that the calls until now may have brought the bot.
    most: usize,
}

pub fn turn(data: &[u8]) {
    super::runtime().block_on(async {
        let bot = Arc::new(Bot::default());
        let shared = bridge(&SETTINGS, &bot);
        let mut play = Play { shared, bot, screen: Screen::default(), labels: HashSet::new(), most: 0 };
        for step in data.split(|byte| *byte == 0x1e).take(STEPS) {
            play.step(step).await;
        }
        // The longest that anything may take is a callback's 55 s.
        sleep(Duration::from_secs(120)).await;
        assert_eq!((play.shared.turns.count(), play.shared.tasks.running()), (0, 0), "something is left");
    });
}

impl Play {
    async fn step(&mut self, step: &[u8]) {
        let Some((kind, rest)) = step.split_first() else { return };
        match kind {
            b'r' => self.reply(Duration::ZERO, rest),
            b'd' => self.reply(Duration::from_secs(10), rest),
            b'x' => self.bot.replies.lock().unwrap().push_back(Act::Cut),
            b'h' => {
                if let Ok(home) = reading::read_home(rest) {
                    self.offer(&home.keys);
                }
                *self.bot.home.lock().unwrap() = rest.to_vec();
            }
            b's' => {
                let seconds = String::from_utf8_lossy(rest).trim().parse().unwrap_or(1);
                sleep(Duration::from_secs(u64::from(u16::min(seconds, 3600)))).await;
            }
            b'{' => self.call(step, false).await,
            _ => self.spoken(step).await,
        }
    }

    fn reply(&mut self, after: Duration, body: &[u8]) {
        if let Ok(reading::Reading { keyboard: Some(keys), .. }) = reading::read(body) {
            self.offer(&keys);
        }
        self.bot.replies.lock().unwrap().push_back(Act::Say(after, body.to_vec()));
    }

    fn offer(&mut self, keys: &Keys<'_>) {
        if let Keys::Buttons(labels) = keys {
            self.labels.extend(labels.iter().map(|label| label.to_string()));
        }
    }

    /// A call as the platform makes it.
    async fn spoken(&mut self, mut step: &[u8]) {
        let (mut tester, mut callback, mut room) = (false, None, false);
        while let Some((flag, rest)) = step.split_first() {
            match flag {
                b'T' => tester = true,
                b'C' => callback = Some(CALLBACK),
                b'R' => room = true,
                _ => break,
            }
            step = rest;
        }
        let Some((kind, rest)) = step.split_first() else { return };
        let text = String::from_utf8_lossy(rest);
        let pressed: Option<Press> = match kind {
            b'0'..=b'9' => self.screen.presses.get(usize::from(kind - b'0')).cloned(),
            _ => None,
        };
        let spoken = match (kind, &pressed) {
            (b'e', _) => Spoken::Home,
            (b'f', _) => Spoken::Photo(&text),
            (_, Some(press)) => Spoken::Press(press),
            (_, None) => Spoken::Words(&text),
        };
        let who = Who { user: "Qw7-eRt_9YzA", bot: "64a1f0c27b3d9e5a10c4e8b2", tester };
        let mut body = body(&who, &spoken, callback);
        if room {
            body["userRequest"]["chat"] = json!({ "id": "room", "type": "botGroupKey" });
        }
        self.call(body.to_string().as_bytes(), pressed.is_some()).await;
    }

    /// One call, as the server makes it of a body, and what every answer must be.
    async fn call(&mut self, body: &[u8], is_press: bool) {
        let bot = Arc::clone(self.shared.registry().iter().next().unwrap());
        let Ok(decoded) = SkillCall::parse(body) else { return };
        let welcome = [Box::from("웰컴 블록")];
        let rules = InboundRules { bot: &bot.settings.id, welcome_blocks: &welcome, media_hosts: &[] };
        let Ok(inbound) = understand(decoded, Endpoint::Skill, &rules) else { return };
        self.most += match &inbound.says {
            UserInput::Media(media) => media.len(),
            UserInput::Tap(_) | UserInput::Home | UserInput::Words(_) | UserInput::Nothing | UserInput::Leave => 1,
        };
        let callback = inbound.callback_url.as_deref();
        let callback =
            callback.and_then(|url| CallbackUrl::parse(url, &SETTINGS.callback.origins).ok()).map(CallbackTo::Kakao);
        let arrival = Arrival {
            core: CoreId(0),
            at: time::instant(),
            request_id: RequestId::Given("request".into()),
            message_block: None,
            callback,
            peer: None,
            exchange: None,
        };
        let (asked, is_alone) = (self.asked(), self.shared.turns.count() == 0);
        let call = Call::new(&self.shared, &bot, inbound, arrival, self.shared.try_acquire(&bot));
        let answer = timeout(Duration::from_secs(5), serve(call)).await.expect("nothing was answered in time (S1)");
        assert!(answer.len() <= limits::ANSWER_BYTES);
        let value: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        self.screen = Screen::of(&answer);
        assert!(self.screen.flaw.is_none(), "Kakao would not show {value}");
        let sent: Vec<String> = self.bot.asked.lock().unwrap()[asked..].to_vec();
        assert!(self.asked() <= self.most, "a message went out twice (I7)");
        // Where earlier messages wait, theirs may go out meanwhile.
        if is_press && is_alone {
            // A tap carries its exact label, however it was cut for show (I3, K3).
            assert!(sent.iter().all(|words| self.labels.contains(words)), "{sent:?} stood on no button");
        }
    }

    fn asked(&self) -> usize {
        self.bot.asked.lock().unwrap().len()
    }
}
