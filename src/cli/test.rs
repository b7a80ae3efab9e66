//! `test`: written conversations, played through a bridge before a bot, and what came differently.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::exit::Exit;
use super::output::{complain, refuse};
use super::sources::SourceArgs;
use crate::config::Settings;
use crate::config::settings::BotSettings;
use crate::conversation::play::{Played, play};
use crate::conversation::player::{Player, somebody_new};
use crate::conversation::{Conversation, file, report};
use crate::files;
use crate::messages::{Language, Message, conversation as messages};
use crate::own_bridge::OwnBridge;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge test meal.toml --bot http://old-bot:8000
  smartchat-bridge test tests/*.toml --config bridge.toml --format junit > report.xml
  smartchat-bridge test meal.toml --config bridge.toml --update      what came is what is expected from now on
  smartchat-bridge say --record meal.toml                            writes such a file while you speak

A file:
  name = \"급식 묻기\"
  [[step]]
  enter = true                              # or say = \"…\", or photo = \"https://…\"
  buttons = [\"오늘의 급식\", \"내일의 급식\"]
  [[step]]
  tap = \"오늘의 급식\"
  contains = [\"급식\", \"kcal\"]               # or text = \"…\" for all words, or matches = \"a pattern\"
  within = \"2s\"
  [[step]]
  wait = \"8s\"                               # before it is done, for an answer that comes late
  say = \"아무 말\"
  asked = false                             # the bridge answers by itself

A bridge of its own is started for it, and the bot really acts. Each conversation has a user that the bot has never seen,
unless the file says user = \"…\" (12 characters).

Exit codes: 0 all as expected, 2 something differs, 1 a file cannot be read, 78 the configuration is wrong.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Conversations
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
    /// How the outcome is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write into the files what came where it differs
    #[arg(long)]
    update: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The Test Anything Protocol, version 14
    Tap,
    /// JUnit's XML
    Junit,
}

/// A file that was read.
struct Written {
    path: PathBuf,
    text: String,
    conversation: Conversation,
    bot: Arc<BotSettings>,
}

/// Plays all of them, one after the other.
pub(super) fn run(args: &Args, language: Language) -> io::Result<Exit> {
    let Some(loaded) = super::check::load(None, &args.sources, language) else { return Ok(Exit::Configuration) };
    let settings = &loaded.settings;
    let mut all = Vec::new();
    for path in &args.files {
        match read(path, settings) {
            Ok(written) => all.push(written),
            Err(why) => {
                refuse(&why, language);
                return Ok(Exit::Failure);
            }
        }
    }
    let runtime = super::runtime()?;
    let mut out = io::stdout().lock();
    if args.format == Format::Tap {
        writeln!(out, "TAP version 14\n1..{}", all.len())?;
    }
    let mut played_all: Vec<(String, Played)> = Vec::new();
    let mut bridges: BTreeMap<String, OwnBridge> = BTreeMap::new();
    for (number, written) in (1..).zip(&all) {
        let id = written.bot.id.as_str();
        if !bridges.contains_key(id) {
            match OwnBridge::start(settings, &written.bot) {
                Ok(bridge) => bridges.insert(id.to_owned(), bridge),
                Err(error) => {
                    refuse(&error.message(), language);
                    return Ok(Exit::Configuration);
                }
            };
        }
        let Some(bridge) = bridges.get(id) else { continue };
        let user = written.conversation.user.clone().unwrap_or_else(|| somebody_new(&written.bot.id));
        let played = runtime.block_on(play(&written.conversation, &mut Player::new(bridge.url(), user)));
        let name = written.path.display().to_string();
        match args.format {
            Format::Text => write!(out, "{}", report::text(&name, &played, language))?,
            Format::Tap => write!(out, "{}", report::tap(number, &name, &played, language))?,
            Format::Junit => {}
        }
        out.flush()?;
        if args.update
            && !played.is_good()
            && let Err(why) = update(written, &played, language)
        {
            refuse(&why, language);
            return Ok(Exit::Failure);
        }
        played_all.push((name, played));
    }
    let differing = played_all.iter().filter(|(_, played)| !played.is_good()).count();
    match args.format {
        Format::Text if differing == 0 => {
            writeln!(out, "{}", messages::all_good(played_all.len()).text(language))?;
        }
        Format::Text => writeln!(out, "{}", messages::some_differ(differing, played_all.len()).text(language))?,
        Format::Tap => {}
        Format::Junit => write!(out, "{}", report::junit(&played_all, language))?,
    }
    Ok(if differing == 0 { Exit::Success } else { Exit::Findings })
}

fn read(path: &Path, settings: &Settings) -> Result<Written, Message> {
    let name = path.display().to_string();
    let bytes = files::read(path, file::LONGEST).map_err(|error| messages::file_unreadable(&name, error.message()))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let short = path.file_name().map_or_else(|| name.clone(), |name| name.to_string_lossy().into_owned());
    let conversation = file::read(&text, &short).map_err(|problem| messages::file_not_understood(&name, problem))?;
    let only = || settings.bots.values().next().filter(|_| settings.bots.len() == 1);
    let bot = match &conversation.bot {
        Some(wanted) => settings.bots.values().find(|bot| bot.id.as_str() == wanted),
        None => only(),
    };
    let known = || settings.bots.keys().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    let bot = Arc::clone(bot.ok_or_else(|| messages::which_bot(&name, known()))?);
    Ok(Written { path: path.to_owned(), text, conversation, bot })
}

/// Writes what came into the file.
fn update(written: &Written, played: &Played, language: Language) -> Result<(), Message> {
    let name = written.path.display().to_string();
    let differing = played.steps.iter().enumerate().filter(|(_, step)| !step.differences.is_empty());
    let came = differing.filter_map(|(place, step)| step.came.clone().map(|came| (place, (came.screen, came.asked))));
    let text = file::update(&written.text, &came.collect()).map_err(|why| messages::file_not_understood(&name, why))?;
    std::fs::write(&written.path, text).map_err(|error| messages::file_not_written(&name, error.to_string()))?;
    complain(messages::updated(name).told(language));
    Ok(())
}
