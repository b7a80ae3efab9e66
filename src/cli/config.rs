//! `config`: what is wrong with it, what is in force, what may be written.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use hyper::Method;

use super::exit::Exit;
use super::http::{self, Call};
use super::output::complain;
use super::sources::SourceArgs;
use crate::config::settings::BotSettings;
use crate::config::{self, Language, Loaded};
use crate::fault::chain;
use crate::reading;
use crate::runtime;
use crate::wire::legacy::Keys;

/// What the old platform gave a bot to answer (legacy.md 1).
const PATIENCE: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge config check --config bridge.toml            every problem at once, with its line and its fix
  smartchat-bridge config check --probe --config bridge.toml    and whether the old bots answer
  smartchat-bridge config show --set callback.after=3s          every value in force and where it comes from
  smartchat-bridge config schema > bridge.schema.json           for editors
  smartchat-bridge config reference --language ko               every key, explained

Exit codes: 0 good, 2 an old bot did not answer as it should (--probe), 78 the configuration is wrong.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Goes the way of the start and tells every problem at once
    Check {
        #[command(flatten)]
        sources: SourceArgs,
        /// Also asks every bot for its home keyboard
        #[arg(long)]
        probe: bool,
    },
    /// Prints every value in force and where it comes from; secrets are dots
    Show {
        #[command(flatten)]
        sources: SourceArgs,
    },
    /// Prints a JSON Schema of the file
    Schema,
    /// Prints the reference of all keys as Markdown
    Reference {
        /// In which language
        #[arg(long, value_enum, default_value = "en")]
        language: Tongue,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tongue {
    En,
    Ko,
}

/// Does what is asked.
pub(super) fn run(args: &Args) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    match &args.what {
        What::Check { sources, probe } => {
            let Some(loaded) = load(sources) else { return Ok(Exit::Configuration) };
            for warning in &loaded.warnings {
                complain(format_args!("warning: {warning}"));
            }
            for advice in &loaded.advice {
                complain(format_args!("note: {advice}"));
            }
            // What only a start would find: a key of another certificate, a broken private CA.
            if let Err(error) = runtime::check(Arc::clone(&loaded.settings)) {
                complain(format_args!("error: {}", chain(&error)));
                return Ok(Exit::Configuration);
            }
            let bots = loaded.settings.bots.len();
            writeln!(out, "The configuration is good: {bots} {}.", if bots == 1 { "bot" } else { "bots" })?;
            if *probe { probe_all(&loaded, &mut out) } else { Ok(Exit::Success) }
        }
        What::Show { sources } => {
            let Some(loaded) = load(sources) else { return Ok(Exit::Configuration) };
            show(&loaded, &mut out)?;
            Ok(Exit::Success)
        }
        What::Schema => {
            writeln!(out, "{:#}", config::schema())?;
            Ok(Exit::Success)
        }
        What::Reference { language } => {
            let language = match language {
                Tongue::En => Language::English,
                Tongue::Ko => Language::Korean,
            };
            write!(out, "{}", config::reference(language))?;
            Ok(Exit::Success)
        }
    }
}

fn load(sources: &SourceArgs) -> Option<Loaded> {
    match config::load(&sources.sources().borrowed()) {
        Ok(loaded) => Some(loaded),
        Err(problems) => {
            complain(problems);
            None
        }
    }
}

/// For people in columns, for scripts divided by tabs: key, value, origin.
fn show(loaded: &Loaded, out: &mut impl Write) -> io::Result<()> {
    let longest = |width: fn(&config::Effective) -> usize| loaded.effective.iter().map(width).max().unwrap_or_default();
    let key = longest(|effective| effective.key.chars().count());
    // A long text pushes only its own origin to the right.
    let value = longest(|effective| effective.value.chars().count()).min(40);
    let columns = io::stdout().is_terminal();
    for effective in &loaded.effective {
        let config::Effective { key: name, value: words, origin } = effective;
        if columns {
            writeln!(out, "{name:key$} = {words:value$}  # {origin}")?;
        } else {
            writeln!(out, "{name}\t{words}\t{origin}")?;
        }
    }
    Ok(())
}

/// Asks every bot for its home keyboard, one after the other; a bot that does not answer is a finding.
fn probe_all(loaded: &Loaded, out: &mut impl Write) -> io::Result<Exit> {
    let runtime = http::runtime()?;
    let mut exit = Exit::Success;
    for bot in loaded.settings.bots.values() {
        match runtime.block_on(probe(bot)) {
            Ok(found) => writeln!(out, "{}: {found}", bot.id)?,
            Err(finding) => {
                writeln!(out, "{}: {finding}", bot.id)?;
                exit = Exit::Findings;
            }
        }
    }
    Ok(exit)
}

async fn probe(bot: &BotSettings) -> Result<String, String> {
    let mut url = bot.url.clone();
    url.set_path(&format!("{}/keyboard", bot.url.path().trim_end_matches('/')));
    // Whether its certificate is trusted is the bridge's question at start; here it is whether the bot is there.
    let any_certificate = bot.trust.insecure || bot.trust.ca.is_some();
    let call = Call {
        method: Method::GET,
        url: &url,
        connect: bot.connect,
        headers: &bot.headers,
        body: None,
        within: PATIENCE,
        any_certificate,
    };
    let answer = http::call(call).await.map_err(|error| chain(&error))?;
    match answer.status {
        200 => {}
        // Followed by the bridge, once (K1).
        301 | 302 | 303 | 307 | 308 => return Ok(format!("{url} redirects")),
        status => return Err(format!("{url} answered with status {status}, a home keyboard has 200")),
    }
    match reading::read_home(&answer.body) {
        Ok(home) => Ok(match home.keys {
            Keys::Text => format!("{url} answers: free typing"),
            Keys::Buttons(labels) => format!("{url} answers: {} buttons", labels.len()),
        }),
        Err(error) => Err(format!("{url} gave no keyboard: {error}")),
    }
}
