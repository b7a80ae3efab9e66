//! `config`: its problems, the values in force, the keys that can be written.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use clap::Subcommand;

use super::exit::Exit;
use super::output::{complain, refuse};
use super::sources::SourceArgs;
use crate::check::home::{self, Verdict};
use crate::config::settings::StorePlace;
use crate::config::{self, Loaded};
use crate::messages::{Language, probe as probe_messages, start as messages};
use crate::runtime;
use crate::store::remote::check::check;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge config check --config bridge.toml            every problem at once, with its line and its fix
  smartchat-bridge config check --probe --config bridge.toml    and whether the old bots answer
  smartchat-bridge config show --set callback.after=3s          every value in force and where it comes from
  smartchat-bridge config schema > bridge.schema.json           for editors
  smartchat-bridge config reference --lang ko                   every key, explained

--probe sends GET /keyboard and nothing else: a message would make the bot act. What POST /message would come to is
judged from that answer.

Exit codes: 0 good, 2 a bot's messages would fail (--probe) or the shared store is not fit, 78 the configuration is wrong.
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
    Reference,
}

/// Does what is asked.
pub(super) fn run(args: &Args, language: Language) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    match &args.what {
        What::Check { sources, probe } => {
            let Some(loaded) = load(sources, language) else { return Ok(Exit::Configuration) };
            for warning in &loaded.warnings {
                complain(messages::warning(warning.told(language)).text(language));
            }
            // Problems that only a start would find: a key of another certificate, a broken private CA.
            if let Err(error) = runtime::check(Arc::clone(&loaded.settings)) {
                refuse(&error.message(), language);
                return Ok(Exit::Configuration);
            }
            let store_is_fit = is_store_fit(&loaded, language)?;
            let found = if *probe { probe_all(&loaded, language, &mut out)? } else { Vec::new() };
            // Behind what was found of the bots, which is what people look for.
            for advice in &loaded.advice {
                complain(messages::note(advice.told(language)).text(language));
            }
            // The verdict is the last line: "good" above a bot that cannot be reached would read as success.
            let bots = loaded.settings.bots.len();
            let failing = found.iter().filter(|verdict| **verdict == Verdict::Failing).count();
            let unconfirmed = found.iter().filter(|verdict| **verdict == Verdict::Unconfirmed).count();
            let verdict = match (bots, failing, unconfirmed) {
                (1, 0, 0) if *probe => messages::good_one_probed(),
                (1, 0, 0) => messages::good_one(),
                (bots, 0, 0) if *probe => messages::good_probed(bots),
                (bots, 0, 0) => messages::good(bots),
                (_, 0, unconfirmed) => messages::bots_unconfirmed(unconfirmed),
                (_, failing, _) => messages::bots_fail(failing),
            };
            let verdict = if store_is_fit { verdict } else { probe_messages::store_unfit() };
            writeln!(out, "{}", verdict.text(language))?;
            Ok(if failing == 0 && store_is_fit { Exit::Success } else { Exit::Findings })
        }
        What::Show { sources } => {
            let Some(loaded) = load(sources, language) else { return Ok(Exit::Configuration) };
            show(&loaded, &mut out)?;
            Ok(Exit::Success)
        }
        What::Schema => {
            writeln!(out, "{:#}", config::schema())?;
            Ok(Exit::Success)
        }
        What::Reference => {
            write!(out, "{}", config::reference(language))?;
            Ok(Exit::Success)
        }
    }
}

/// Looks at the store that several bridges share, where there is one; whether it can be used as it is.
fn is_store_fit(loaded: &Loaded, language: Language) -> io::Result<bool> {
    let Some(StorePlace::Url(url)) = &loaded.settings.store else { return Ok(true) };
    let findings = super::runtime()?.block_on(check(url));
    for finding in &findings {
        complain(messages::warning(finding.message.told(language)).text(language));
    }
    Ok(!findings.iter().any(|finding| finding.is_wrong))
}

fn load(sources: &SourceArgs, language: Language) -> Option<Loaded> {
    match config::load(&sources.sources().borrowed()) {
        Ok(loaded) => Some(loaded),
        Err(problems) => {
            complain(problems.told(language));
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

/// Asks every bot for its home keyboard, one after the other, and tells what was found.
fn probe_all(loaded: &Loaded, language: Language, out: &mut impl Write) -> io::Result<Vec<Verdict>> {
    let runtime = super::runtime()?;
    let mut verdicts = Vec::new();
    for bot in loaded.settings.bots.values() {
        let found = runtime.block_on(home::ask(bot));
        for line in found.lines(bot, language) {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        verdicts.push(found.verdict);
    }
    Ok(verdicts)
}
