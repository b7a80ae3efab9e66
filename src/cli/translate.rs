//! `translate`: an old bot's reply in, the skill response out, and how they differ.
//!
//! The same functions as the bridge's own, with a policy made of flags. There is always an answer: a reply that cannot
//! be read gives the words a user would read, as in the bridge (O4). So the exit code is 0 whenever an answer was
//! printed.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use clap::ValueEnum;
use serde_json::Value;
use url::Url;

use super::exit::Exit;
use super::output::complain;
use crate::ids::BotId;
use crate::reading::{self, Reading};
use crate::term::draw::draw;
use crate::translate::degradation::{Degradation, Degradations};
use crate::translate::keyboard::Keyboard;
use crate::translate::outbound::{self, Content};
use crate::translate::view::{self, Policy, Texts, View};
use crate::wire::legacy::Keys;
use crate::wire::limits;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge translate < reply.json
  curl -s http://old-bot:8000/message -H 'content-type: application/json' \\
      -d '{\"user_key\":\"Qw7-eRt_9YzA\",\"type\":\"text\",\"content\":\"hello\"}' | smartchat-bridge translate --draw
  curl -s http://old-bot:8000/keyboard | smartchat-bridge translate --home
  smartchat-bridge translate --lines < replies.jsonl > responses.jsonl 2> differences.tsv

Standard error has one line for every difference: its code, a tab, what it means; with --lines the number of the line
and a tab before that. The codes are explained in docs/differences.md.

Exit codes: 0 the reply can be shown, 2 it is none (reply.none); with --lines always 0.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// One JSON document per line in, one out, always as many
    #[arg(long)]
    lines: bool,
    /// The input is the answer to GET /keyboard
    #[arg(long)]
    home: bool,
    /// Draw the answer as text instead of printing JSON
    #[arg(long, conflicts_with = "lines")]
    draw: bool,
    /// The bot's HTTP status; with anything but 200 there is no reply
    #[arg(long, value_name = "N", default_value_t = 200)]
    status: u16,
    /// What to do with more than ten buttons
    #[arg(long, value_enum, default_value = "pages")]
    overflow: Overflow,
    /// Quick replies run this block
    #[arg(long, value_name = "ID")]
    message_block: Option<String>,
    /// As in a group room: no quick replies, numbered labels
    #[arg(long)]
    room: bool,
    /// The old bot's own address, by which internal URLs are recognised
    #[arg(long, value_name = "URL")]
    bot: Option<Url>,
    /// What relative and internal URLs are resolved by
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
    /// A label that calls a human; may be given several times
    #[arg(long, value_name = "LABEL")]
    handover: Vec<String>,
    /// Which part of a long reply, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    part: u32,
    /// Which page of the keyboard, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    page: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Overflow {
    Pages,
    Carousel,
}

/// One reply, translated.
struct TranslatedReply {
    answer: Vec<u8>,
    /// `code<TAB>what it means`.
    differences: Vec<String>,
    /// The bot gave no usable reply.
    is_none: bool,
}

/// Reads standard input, writes standard output.
pub(super) fn run(args: &Args) -> io::Result<Exit> {
    let Some(policy) = policy(args) else {
        complain("error: the built-in name of a bot is not valid");
        return Ok(Exit::Failure);
    };
    let input = io::stdin();
    if input.is_terminal() {
        complain("Reading a bot's reply from the terminal; Ctrl-D ends it.");
    }
    if args.lines { lines(args, &policy, &mut input.lock()) } else { whole(args, &policy, &mut input.lock()) }
}

fn whole(args: &Args, policy: &Policy, input: &mut impl BufRead) -> io::Result<Exit> {
    let mut body = Vec::new();
    // One byte more than is read tells that there was more.
    input.take(limits::REPLY_BYTES as u64 + 1).read_to_end(&mut body)?;
    let shown = translate(args, policy, &body);
    for difference in &shown.differences {
        complain(difference);
    }
    let mut out = io::stdout().lock();
    let parsed = || serde_json::from_slice::<Value>(&shown.answer).unwrap_or_default();
    if args.draw {
        out.write_all(draw(&parsed(), 1).text.as_bytes())?;
    } else if out.is_terminal() {
        writeln!(out, "{:#}", parsed())?;
    } else {
        out.write_all(&shown.answer)?;
        out.write_all(b"\n")?;
    }
    // A reply that is none is what one asks this command for; scripts need not read the words.
    Ok(if shown.is_none { Exit::Findings } else { Exit::Success })
}

/// Standard output is flushed at every line, so that another program can speak with this one line by line.
fn lines(args: &Args, policy: &Policy, input: &mut impl BufRead) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    let mut line = Vec::new();
    let mut number = 0_u64;
    while read_line(input, &mut line)? {
        number += 1;
        let mut shown = translate(args, policy, &line);
        for difference in &shown.differences {
            complain(format_args!("{number}\t{difference}"));
        }
        shown.answer.push(b'\n');
        out.write_all(&shown.answer)?;
        out.flush()?;
    }
    Ok(Exit::Success)
}

/// The next line without its end, at most one byte more than a reply may have; the rest of a longer one is skipped.
/// False at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', chunk);
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        let room = (limits::REPLY_BYTES + 1).saturating_sub(line.len());
        line.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(true);
        }
    }
}

fn policy(args: &Args) -> Option<Policy> {
    Some(Policy {
        bot: BotId::parse("default")?,
        overflow: match args.overflow {
            Overflow::Pages => view::Overflow::Pages,
            Overflow::Carousel => view::Overflow::Carousel,
        },
        handover: args.handover.iter().map(|label| Box::from(label.trim())).collect(),
        texts: Texts::default(),
        backend: args.bot.clone(),
        public_url: args.public_url.clone(),
    })
}

/// The reading of a reply, or why it cannot be read.
fn heard<'a>(args: &Args, policy: &'a Policy, body: &'a [u8]) -> Result<Reading<'a>, String> {
    if args.status != 200 {
        return Err(format!("the status is {}, a reply has 200", args.status));
    }
    if body.len() > limits::REPLY_BYTES {
        return Err(format!("the body is longer than {} bytes", limits::REPLY_BYTES));
    }
    if !args.home {
        return reading::read(body).map_err(|error| error.to_string());
    }
    let home = reading::read_home(body).map_err(|error| error.to_string())?;
    let words = if home.keys == Keys::Text { &policy.texts.home_text } else { &policy.texts.home };
    Ok(Reading { keyboard: Some(home.keys), degradations: home.degradations, ..Reading::words(words) })
}

/// Total: every input has an answer.
fn translate(args: &Args, policy: &Policy, body: &[u8]) -> TranslatedReply {
    let view = View { policy, message_block: args.message_block.as_deref(), room: args.room };
    let (reading, none) = match heard(args, policy, body) {
        Ok(reading) => (reading, None),
        Err(why) => (Reading::words(&policy.texts.no_reply), Some(why)),
    };
    let keyboard = match &reading.keyboard {
        Some(Keys::Buttons(labels)) => Keyboard::new(labels),
        Some(Keys::Text) | None => None,
    };
    let content = Content {
        readings: std::slice::from_ref(&reading),
        keyboard: keyboard.as_ref(),
        part: args.part,
        page: args.page,
        late: false,
        older_rest: None,
    };
    let translated = outbound::reply(&content, &view);
    let mut degradations = translated.degradations;
    if none.is_some() {
        degradations.join(Degradations::from(Degradation::NoReply));
    }
    let tell = |degradation: Degradation| {
        let english = degradation.english();
        match (&none, degradation) {
            (Some(why), Degradation::NoReply) => {
                format!("{}\t{}: {why}.", degradation.code(), english.trim_end_matches('.'))
            }
            _ => format!("{}\t{english}", degradation.code()),
        }
    };
    TranslatedReply {
        answer: translated.response.to_bytes().to_vec(),
        differences: degradations.iter().map(tell).collect(),
        is_none: none.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_lines(mut input: &[u8]) -> Vec<Vec<u8>> {
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        while read_line(&mut input, &mut line).unwrap() {
            lines.push(line.clone());
        }
        lines
    }

    #[test]
    fn every_line_counts_also_blank_ones_and_the_last_without_an_end() {
        assert_eq!(all_lines(b"a\n\n\r\nb\r\nc"), [&b"a"[..], b"", b"", b"b", b"c"]);
        assert_eq!(all_lines(b"a\n"), [b"a"]);
        assert!(all_lines(b"").is_empty());
    }

    #[test]
    fn the_rest_of_an_endless_line_is_skipped() {
        let mut input = vec![b'x'; limits::REPLY_BYTES * 2];
        input.extend_from_slice(b"\nnext\n");
        let lines = all_lines(&input);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].len(), &*lines[1]), (limits::REPLY_BYTES + 1, &b"next"[..]));
    }
}
