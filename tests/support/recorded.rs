//! Bots as files: our own in `tests/bots/`, one per quirk, and recordings of real ones where they lie beside the
//! repository (or where `SMARTCHAT_SHARED` says). What they say is read here by other means than the bridge's.

use std::path::Path;

use serde_json::Value;

use super::bot::{Bot, Reply, hang, raw, raw_open, status};
use super::{Asked, variable};

#[derive(Debug, Clone)]
pub struct Recorded {
    pub name: String,
    file: Value,
}

impl Recorded {
    /// Our own, then the recordings, as far as they are there.
    pub fn all() -> Vec<Self> {
        let mut all = Self::own();
        if let Some(folder) = super::shared("bots") {
            all.extend(Self::below(&folder));
        }
        let only = variable("WALK_ONLY");
        all.retain(|bot| only.as_ref().is_none_or(|only| bot.name.contains(only.as_str())));
        all
    }

    pub fn own() -> Vec<Self> {
        let own = Self::below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bots"));
        assert!(own.len() > 10, "our own bots are missing");
        own
    }

    fn below(folder: &Path) -> Vec<Self> {
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        let read = |path: &std::path::PathBuf| Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            file: serde_json::from_slice(&std::fs::read(path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        };
        paths.iter().map(read).collect()
    }

    pub fn base_path(&self) -> &str {
        self.file["base_path"].as_str().unwrap_or_default()
    }

    /// The answers to one kind of call: `keyboard`, `message` or `lifecycle`.
    pub fn answers(&self, kind: &str) -> Vec<Value> {
        self.file[kind].as_array().cloned().unwrap_or_default()
    }

    /// Type and content of every message.
    pub fn messages(&self) -> Vec<(String, String)> {
        let word = |message: &Value, name: &str| message[name].as_str().unwrap().to_owned();
        self.answers("message").iter().map(|message| (word(message, "type"), word(message, "content"))).collect()
    }

    /// What one says to our own bots, and what one reads.
    pub fn expected(&self) -> Vec<(String, Value)> {
        let expected = self.file["expected"].as_array().unwrap_or_else(|| panic!("{} expects nothing", self.name));
        expected.iter().map(|step| (step["said"].as_str().unwrap().to_owned(), step.clone())).collect()
    }

    /// The bodies of the good answers to one kind of call, each with a name.
    pub fn bodies(&self, kind: &str) -> Vec<(String, Vec<u8>)> {
        let good = self
            .answers(kind)
            .into_iter()
            .filter(|answer| status_line(answer).is_some_and(|line| line.contains(" 200")));
        good.enumerate().map(|(place, answer)| (format!("{} {kind} {place}", self.name), body(&answer))).collect()
    }

    /// Serves it, as strict about what it is asked as the strictest bots were.
    pub fn serve(&self) -> Bot {
        let bot = self.clone();
        Bot::new(move |asked| bot.answer(asked))
    }

    fn answer(&self, asked: &Asked) -> Reply {
        if asked.header("transfer-encoding").is_some() || asked.header("accept") != Some("*/*") {
            return status(406, "<h1>no</h1>");
        }
        let Some(path) = asked.path.strip_prefix(self.base_path()) else { return status(404, "<h1>no</h1>") };
        let found = match (asked.method(), path) {
            ("GET", "/keyboard" | "/keyboard/") => self
                .answers("keyboard")
                .into_iter()
                .find(|answer| answer["path"].as_str().unwrap_or("/keyboard").ends_with(path)),
            ("POST", "/message") => {
                let call = asked.json();
                let members: Vec<_> = call.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let three =
                    members.len() == 3 && ["content", "type", "user_key"].iter().all(|name| members.contains(name));
                if !three
                    || asked.content().is_empty()
                    || asked.header("content-type").is_none_or(|own| !own.starts_with("application/json"))
                {
                    return status(400, "<h1>no</h1>");
                }
                let (all, kind) = (self.answers("message"), &call["type"]);
                let same = all.iter().find(|answer| answer["type"] == *kind && answer["content"] == call["content"]);
                // For words it was never asked, another of its answers, always the same one for the same words.
                let others: Vec<_> = all.iter().filter(|answer| answer["type"] == *kind).collect();
                let others = if others.is_empty() { all.iter().collect() } else { others };
                let place = asked.content().bytes().map(usize::from).sum::<usize>() % others.len();
                Some(same.unwrap_or(others[place]).clone())
            }
            (method, path) => {
                let kind = |path: &str| path.trim_matches('/').split('/').next().unwrap_or_default().to_owned();
                let fits = |answer: &Value| {
                    let own = answer["path"].as_str().unwrap_or_default();
                    answer["method"] == method && kind(own.strip_prefix(self.base_path()).unwrap_or(own)) == kind(path)
                };
                self.answers("lifecycle").into_iter().find(fits)
            }
        };
        found.map_or_else(|| status(404, "<h1>no</h1>"), |answer| written(&answer))
    }
}

/// The status line; `None` where nothing ever came.
fn status_line(answer: &Value) -> Option<&str> {
    if answer.get("status_line").is_some_and(Value::is_null) {
        return None;
    }
    Some(answer["status_line"].as_str().unwrap_or("HTTP/1.1 200 OK"))
}

/// `text` is a body that can be read, `body` one in base64.
fn body(answer: &Value) -> Vec<u8> {
    answer["text"].as_str().map_or_else(|| base64(answer["body"].as_str().unwrap_or_default()), |text| text.into())
}

/// An answer as it goes out.
fn written(answer: &Value) -> Reply {
    let Some(first) = status_line(answer) else { return hang() };
    let mut body = body(answer);
    let (mut head, mut stays) = (format!("{first}\r\n"), first.starts_with("HTTP/1.1"));
    for header in answer["headers"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let lower = header.to_lowercase();
        stays &= !(lower.starts_with("connection:") && lower.contains("close"));
        if !lower.starts_with("content-length:") && !lower.starts_with("transfer-encoding:") {
            head.push_str(&format!("{header}\r\n"));
        }
    }
    match answer["ended_by"].as_str().unwrap_or("content-length") {
        "chunked-end" => {
            head.push_str("Transfer-Encoding: chunked\r\n");
            let halves = body.split_at(body.len() / 2);
            let chunks = [halves.0, halves.1].into_iter().filter(|half| !half.is_empty());
            let chunk = |half: &[u8]| [format!("{:x}\r\n", half.len()).as_bytes(), half, b"\r\n"].concat();
            body = chunks.map(chunk).chain([b"0\r\n\r\n".to_vec()]).collect::<Vec<_>>().concat();
        }
        "server-closed" => stays = false,
        _ => head.push_str(&format!("Content-Length: {}\r\n", body.len())),
    }
    let bytes = [head.as_bytes(), b"\r\n", &body].concat();
    if stays { raw_open(bytes) } else { raw(bytes) }
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sixes: Vec<usize> = text.chars().filter_map(|letter| ALPHABET.find(letter)).collect();
    let bits = |four: &[usize]| four.iter().chain(&[0; 3]).take(4).fold(0, |bits, six| (bits << 6) | six);
    let three = |four: &[usize]| [16, 8, 0].map(|shift| (bits(four) >> shift) as u8)[..four.len() - 1].to_vec();
    sixes.chunks(4).flat_map(three).collect()
}

/// What a reply holds, read as another parser sees it: the first JSON document behind the byte order mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub text: Option<String>,
    pub photo: Option<String>,
    pub link: Option<(String, String)>,
    /// `None` for free typing.
    pub labels: Option<Vec<String>>,
}

fn document(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    serde_json::Deserializer::from_slice(body).into_iter().next()?.ok()
}

impl Said {
    pub fn read(body: &[u8]) -> Option<Self> {
        let document = document(body)?;
        let message = &document["message"];
        let words = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let button = [message, &document].map(|holder| &holder["message_button"]).into_iter().find(|b| b.is_object());
        Some(Self {
            text: words(&message["text"]),
            photo: words(&message["photo"]["url"]).map(|url| url.trim().to_owned()),
            link: button.and_then(|b| Some((words(&b["label"])?, words(&b["url"])?.trim().to_owned()))),
            labels: labels(&document["keyboard"]),
        })
    }

    /// The labels of a home keyboard; `Some(None)` is one for free typing.
    pub fn home(body: &[u8]) -> Option<Option<Vec<String>>> {
        let document = document(body)?;
        Some(labels(if document["keyboard"].is_object() { &document["keyboard"] } else { &document }))
    }
}

fn labels(keyboard: &Value) -> Option<Vec<String>> {
    let labels = keyboard["buttons"].as_array()?.iter();
    let labels: Vec<String> = labels.filter_map(|label| Some(label.as_str()?.to_owned())).collect();
    (!labels.is_empty()).then_some(labels)
}
