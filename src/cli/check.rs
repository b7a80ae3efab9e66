//! `check`: what an old bot is like, before and after moving it.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::exit::Exit;
use super::output::{complain, refuse};
use super::sources::SourceArgs;
use crate::check::report::{Report, page, screen, verdict};
use crate::check::{self, Plan, Weight};
use crate::config::settings::BotSettings;
use crate::config::{self, Flag, Loaded};
use crate::conversation::crawl::{Bounds, BridgeWorld, Visited, crawl};
use crate::messages::{Language, conversation, start as messages};
use crate::own_bridge::OwnBridge;

/// Presses of a crawl, whatever is wanted.
const MOST: i64 = crate::conversation::crawl::MOST as i64;
/// Bytes of an answer that is typed.
const ANSWER: u64 = 64;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge check http://old-bot:8000                 asks GET /keyboard, which makes no bot act
  smartchat-bridge check http://old-bot:8000 --message 메뉴   also sends one message
  smartchat-bridge check --all --events --config bridge.toml  a button, unknown words, a photo, and friend and chat_room
  smartchat-bridge check http://old-bot:8000 --all --html check.html    one page to send on
  smartchat-bridge check http://old-bot:8000 --crawl 30      presses 30 buttons, one a second, and draws every screen
  smartchat-bridge check --config bridge.toml --json --strict    for CI: any difference is a finding

The bot acts on messages: it keeps a user called BridgeCheck0. Labels with 주문, 예약, 결제, 신청, 취소, 삭제 or 접수 are
not pressed, unless a crawl gets --press-all. A crawl types nothing, and every path is walked by a user of its own.

Exit codes: 0 users lose nothing, 2 they lose something (--strict: anything differs), 1 a bot is not reachable, 78 the
configuration is wrong.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The old bot's address, with its base path if it has one; without it the bots of the configuration
    #[arg(value_name = "URL", conflicts_with = "bot")]
    url: Option<String>,
    #[command(flatten)]
    sources: SourceArgs,
    /// Send this message
    #[arg(long, value_name = "WORDS")]
    message: Option<String>,
    /// Send the first button (or --message), words the bot does not know, and a photo
    #[arg(long)]
    all: bool,
    /// Also the calls of the life cycle: POST /friend, DELETE /chat_room and /friend
    #[arg(long)]
    events: bool,
    /// Press up to N buttons, one a second, and draw every screen; the bot really acts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST))]
    crawl: Option<u16>,
    /// Crawl without asking
    #[arg(long, requires = "crawl")]
    yes_the_bot_acts: bool,
    /// Also press what orders, books, pays, applies, cancels and deletes
    #[arg(long, requires = "crawl")]
    press_all: bool,
    /// Exit with 2 for any difference, also where users lose nothing
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write one page to send on
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Asks the bots, and tells what they are like.
pub(super) fn run(args: &Args, language: Language) -> io::Result<Exit> {
    let Some(loaded) = load(args.url.as_deref(), &args.sources, language) else { return Ok(Exit::Configuration) };
    if let Some(presses) = args.crawl
        && !may_crawl(args, presses, language)?
    {
        refuse(&conversation::wants_yes(), language);
        return Ok(Exit::Usage);
    }
    let plan = Plan { words: args.message.clone(), all: args.all, events: args.events };
    let only_asked = plan.words.is_none() && !plan.all && args.crawl.is_none();
    let runtime = super::runtime()?;
    let mut out = io::stdout().lock();
    let mut reports: Vec<Report> = Vec::new();
    let is_meant = |bot: &&Arc<BotSettings>| args.url.is_none() || bot.id.as_str() == "default";
    for bot in loaded.settings.bots.values().filter(is_meant) {
        let mut report = runtime.block_on(check::check(bot, &plan));
        if let Some(presses) = args.crawl.filter(|_| report.reached) {
            let bridge = match OwnBridge::start(&loaded.settings, bot) {
                Ok(bridge) => bridge,
                Err(error) => {
                    refuse(&error.message(), language);
                    return Ok(Exit::Configuration);
                }
            };
            let bounds = Bounds { presses: usize::from(presses), press_all: args.press_all };
            let mut world = BridgeWorld::new(bridge.url(), &bot.id);
            let mut told = Ok(());
            let tell = |visited: &Visited| {
                if !args.json && told.is_ok() {
                    told = write!(out, "{}", screen(visited, language)).and_then(|()| out.flush());
                }
            };
            let crawled = runtime.block_on(crawl(&mut world, bounds, tell));
            told?;
            check::take_in(bot, crawled, &mut report);
        }
        if !args.json {
            writeln!(out, "{}", report.text(language))?;
            out.flush()?;
        }
        reports.push(report);
    }
    if args.json {
        let all: Vec<_> = reports.iter().map(|report| report.json(language)).collect();
        writeln!(out, "{:#}", serde_json::Value::from(all))?;
    } else {
        for message in verdict(&reports, only_asked) {
            writeln!(out, "{}", message.text(language))?;
        }
    }
    if let Some(file) = &args.html
        && let Err(error) = std::fs::write(file, page(&reports, only_asked, language))
    {
        refuse(&messages::not_written(error.to_string()), language);
        return Ok(Exit::Failure);
    }
    Ok(exit(&reports, args.strict))
}

/// Says that the bot acts, and asks whoever sits there.
fn may_crawl(args: &Args, presses: u16, language: Language) -> io::Result<bool> {
    complain(conversation::the_bot_acts(presses, presses).told(language));
    if args.yes_the_bot_acts {
        return Ok(true);
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    let mut err = io::stderr().lock();
    write!(err, "{} ", conversation::go_on().text(language))?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(ANSWER).read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "예" | "네"))
}

fn exit(reports: &[Report], strict: bool) -> Exit {
    if reports.iter().any(|report| !report.reached) {
        Exit::Failure
    } else if reports.iter().any(|report| report.lost() > 0 || strict && report.count(Weight::Differs) > 0) {
        Exit::Findings
    } else {
        Exit::Success
    }
}

/// The configuration, or one bot at `url` and defaults for all else.
pub(super) fn load(url: Option<&str>, sources: &SourceArgs, language: Language) -> Option<Loaded> {
    let mut sources = sources.sources();
    if let Some(url) = url {
        // One bot alone is meant, whatever this machine's bridge is configured with.
        sources.environment.clear();
        sources.flags.push(Flag { key: "bots.default.url".to_owned(), value: url.to_owned(), name: "URL".to_owned() });
    }
    match config::load(&sources.borrowed()) {
        Ok(loaded) => Some(loaded),
        Err(problems) => {
            complain(problems.told(language));
            None
        }
    }
}
