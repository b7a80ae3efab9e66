//! `say`: a skill call as KakaoTalk makes it, from a terminal, and the answer drawn as text.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use serde_json::Value;
use url::Url;

use super::exit::Exit;
use super::output::{complain, refuse};
use crate::config::settings::Trust;
use crate::conversation::call::{self, Spoken, Who};
use crate::ids::UserKey;
use crate::messages::{Language, Message, chat as messages};
use crate::net::call::{Call, call as http_call};
use crate::term::draw::{self, Press};
use crate::time;
use crate::wire::explain::X_BRIDGE_EXPLAIN;
use reasons::{bot_failed, is_of_a_bridge, silence, unasked};
use record::Record;
use sink::Sink;

mod reasons;
mod record;
mod sink;

/// Kakao waits 5 s (openbuilder.md 4); looking on for a while longer tells a slow bridge from a dead one.
const PATIENCE: Duration = Duration::from_secs(15);
const KAKAO: Duration = Duration::from_secs(5);
/// How long a callback address is good (openbuilder.md 3).
const CALLBACK: Duration = Duration::from_secs(60);
/// Bytes of a line that is typed.
const LINE: u64 = 64 * 1024;

/// Where a callback comes to unless told otherwise: fixed, so that the bridge can be told before; the demo's bridge is.
pub(super) const SINK: &str = "127.0.0.1:9191";

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge say \"오늘의 메뉴\"
  smartchat-bridge say                                 a conversation: type words, or a number to press that button;
                                                       an empty line goes home, a blank before a number sends the number
  smartchat-bridge say --url https://bridge.example.com --header 'x-skill-secret: …' \"메뉴\"
  smartchat-bridge say --record meal.toml              a conversation that `test` plays again
  smartchat-bridge say --home                          enters the chat room
  smartchat-bridge say --photo https://talk.kakaocdn.net/dna/x/y/z/i_1.jpg
  smartchat-bridge say --callback \"천천히 답하기\"       the bridge must run with --set callback.origins=http://127.0.0.1:9191;
                                                       the demo does

Exit codes: 0 an answer that KakaoTalk would show, 2 the same, but the bot gave no reply to it, 1 no answer.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What to say; without it a conversation begins
    words: Vec<String>,
    /// The skill's address; one without a path gets /skill
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/skill")]
    url: Url,
    /// Who speaks: the channel's user key
    #[arg(long, value_name = "KEY", default_value = "DemoUser-001")]
    user: String,
    /// The OpenBuilder bot's id; one that ends in ! is the development channel's
    #[arg(long, value_name = "ID", default_value = "64a1f0c27b3d9e5a10c4e8b2")]
    bot_id: String,
    /// Enter the chat room, as the welcome block does
    #[arg(long, conflicts_with_all = ["words", "photo"])]
    home: bool,
    /// Send a photo that lies at this URL
    #[arg(long, value_name = "URL", conflicts_with = "words")]
    photo: Option<Url>,
    /// As OpenBuilder's own test panel calls: no user key, no callback
    #[arg(long)]
    tester: bool,
    /// Offer a callback to this address on this machine [default: 127.0.0.1:9191], and wait a minute for it; the
    /// bridge must know it by callback.origins
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = SINK)]
    callback: Option<std::net::SocketAddr>,
    /// A header to send, such as the skill's secret; may be given several times
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(HeaderName, HeaderValue)>,
    /// Print the answer as it came instead of drawing it
    #[arg(long)]
    json: bool,
    /// Write the conversation into a new file that `test` plays again
    #[arg(long, value_name = "FILE")]
    record: Option<std::path::PathBuf>,
}

impl Args {
    /// Whether lines are read until the input ends.
    fn is_conversation(&self) -> bool {
        self.words.is_empty() && !self.home && self.photo.is_none()
    }
}

/// Says one thing, or holds a conversation.
pub(super) fn run(args: &Args, language: Language) -> io::Result<Exit> {
    let runtime = super::runtime()?;
    let sink = match args.callback {
        None => None,
        Some(address) => match runtime.block_on(Sink::open(address)) {
            Ok(sink) => Some(sink),
            Err(error) => {
                refuse(&messages::callback_address_unavailable(address, error.to_string()), language);
                return Ok(Exit::Failure);
            }
        },
    };
    if let Some(sink) = &sink {
        complain(messages::callback_offered(sink.origin()).told(language));
    }
    let mut url = args.url.clone();
    if url.path() == "/" {
        url.set_path("/skill");
    }
    let headers = args.header.iter().cloned().chain([(X_BRIDGE_EXPLAIN, HeaderValue::from_static("1"))]).collect();
    let record = match args.record.as_deref().map(Record::begin).transpose() {
        Ok(record) => record,
        Err(why) => {
            refuse(&why, language);
            return Ok(Exit::Failure);
        }
    };
    let mut speaker = Speaker { args, language, url, headers, runtime, sink, presses: Vec::new(), record };
    if !args.tester && UserKey::parse(&args.user).is_none() {
        speaker.tell(&messages::user_key_replaced(draw::printable(&args.user)));
    }
    let ended = if args.home {
        speaker.say(&Spoken::Home)
    } else if let Some(photo) = &args.photo {
        speaker.say(&Spoken::Photo(photo.as_str()))
    } else if args.is_conversation() {
        speaker.converse()
    } else {
        speaker.say(&Spoken::Words(&args.words.join(" ")))
    };
    if let Some(record) = &speaker.record {
        complain(record.told().told(language));
    }
    ended
}

struct Speaker<'a> {
    args: &'a Args,
    language: Language,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    runtime: tokio::runtime::Runtime,
    sink: Option<Sink>,
    /// The button that each number on the screen presses.
    presses: Vec<Press>,
    record: Option<Record>,
}

impl Speaker<'_> {
    /// Says something beside the conversation.
    fn tell(&self, message: &Message) {
        complain(message.told(self.language));
    }

    /// Lines until the end of the input; the worst exit of all.
    fn converse(&mut self) -> io::Result<Exit> {
        let input = io::stdin();
        let people = input.is_terminal();
        if people {
            self.tell(&messages::how_to_converse());
        }
        let mut worst = Exit::Success;
        loop {
            if people {
                let mut err = io::stderr().lock();
                write!(err, "> ")?;
                err.flush()?;
            }
            let mut line = Vec::new();
            if input.lock().take(LINE).read_until(b'\n', &mut line)? == 0 {
                if people {
                    complain("");
                }
                return Ok(worst);
            }
            let line = String::from_utf8_lossy(&line);
            let exit = self.line(line.trim_end_matches(['\r', '\n']))?;
            // What did not work is worse than what came and is wrong.
            if exit != Exit::Success && worst != Exit::Failure {
                worst = exit;
            }
        }
    }

    fn line(&mut self, line: &str) -> io::Result<Exit> {
        let number = line.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let pressed = number.and_then(|place| self.presses.get(place)).cloned();
        match pressed {
            Some(press) => {
                if !self.args.json {
                    writeln!(io::stdout().lock(), "» {}", draw::printable(&press.words))?;
                }
                self.say(&Spoken::Press(&press))
            }
            None if line.is_empty() => self.say(&Spoken::Home),
            None => self.say(&Spoken::Words(line.trim())),
        }
    }

    /// One call and its answer, and the callback where one was promised.
    fn say(&mut self, spoken: &Spoken<'_>) -> io::Result<Exit> {
        let who = Who { user: &self.args.user, bot: &self.args.bot_id, tester: self.args.tester };
        let callback = self.sink.as_ref().map(|sink| sink.url(&self.args.bot_id));
        let body = call::body(&who, spoken, callback.as_deref());
        let call = Call {
            method: Method::POST,
            url: &self.url,
            connect: None,
            headers: &self.headers,
            body: Some(Bytes::from(body.to_string())),
            within: PATIENCE,
            trust: &Trust::default(),
        };
        let asked = time::instant();
        let answer = match self.runtime.block_on(http_call(call)) {
            Ok(answer) => answer,
            Err(error) => {
                self.tell(&messages::bridge_silent(self.url.as_str(), silence(&error)));
                return Ok(Exit::Failure);
            }
        };
        let took = time::instant().saturating_duration_since(asked);
        if took > KAKAO {
            self.tell(&messages::answer_slow(format!("{:.1}", took.as_secs_f32())));
        }
        if answer.status != 200 {
            let words = String::from_utf8_lossy(&answer.body);
            self.tell(&messages::call_refused(answer.status, draw::printable(words.trim())));
            // The operators' port asks for a token in this way, the skill for its header without it.
            if answer.status == 401 && !answer.headers.contains_key(WWW_AUTHENTICATE) {
                self.tell(&self.about_the_secret());
            } else if matches!(answer.status, 401 | 404 | 405 | 501) {
                self.tell(&messages::not_a_skill(self.url.as_str()));
            }
            return Ok(Exit::Failure);
        }
        if let Some(why) = unasked(&answer.headers, self.args.is_conversation()) {
            self.tell(&why);
        }
        let (exit, promised) = self.show(&answer.body)?;
        if exit == Exit::Failure && !is_of_a_bridge(&answer.headers) {
            self.tell(&messages::not_a_skill(self.url.as_str()));
        }
        let exit = if exit == Exit::Success && bot_failed(&answer.headers) { Exit::Findings } else { exit };
        match &self.sink {
            Some(sink) if promised => match self.runtime.block_on(sink.wait(CALLBACK)) {
                Some(body) => {
                    let shown = self.show(&body)?.0;
                    self.take_down(spoken, &body, &answer.headers)?;
                    Ok(shown)
                }
                None => {
                    self.tell(&messages::callback_missing());
                    Ok(Exit::Failure)
                }
            },
            _ => {
                self.take_down(spoken, &answer.body, &answer.headers)?;
                Ok(exit)
            }
        }
    }

    /// Records what was done and what came.
    fn take_down(&mut self, spoken: &Spoken<'_>, body: &[u8], headers: &HeaderMap) -> io::Result<()> {
        self.record.as_mut().map_or(Ok(()), |record| record.add(spoken, body, headers))
    }

    /// The header that an answer of 401 asks for.
    fn about_the_secret(&self) -> Message {
        let names: Vec<&str> = self.args.header.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() { messages::secret_missing() } else { messages::secret_wrong(names.join(", ")) }
    }

    /// Draws an answer, and remembers what can be pressed. True where a callback was promised.
    fn show(&mut self, body: &[u8]) -> io::Result<(Exit, bool)> {
        let answer: Value = match serde_json::from_slice(body) {
            Ok(answer) => answer,
            Err(error) => {
                self.tell(&messages::answer_not_json(error.to_string()));
                return Ok((Exit::Failure, false));
            }
        };
        let drawn = draw::draw(&answer, 1);
        let mut out = io::stdout().lock();
        if self.args.json {
            out.write_all(body)?;
            out.write_all(b"\n")?;
        } else {
            out.write_all(drawn.text.as_bytes())?;
        }
        out.flush()?;
        self.presses = drawn.presses;
        let promised = answer.get("useCallback") == Some(&Value::Bool(true));
        if let Some(flaw) = draw::flaw(&answer) {
            self.tell(&messages::answer_not_shown(flaw));
            return Ok((Exit::Failure, promised));
        }
        Ok((Exit::Success, promised))
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("write NAME: VALUE")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| "this is no header name")?;
    // A secret is never repeated in an error.
    let value = HeaderValue::from_str(value.trim()).map_err(|_| "a header cannot carry this value")?;
    Ok((name, value))
}
