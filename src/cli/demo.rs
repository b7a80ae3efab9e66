//! `demo`: an old bot of our own, the bridge before it, and what to do with them.

use std::io::{self, Write};
use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::output::{complain, refuse};
use super::say::SINK;
use super::serve;
use super::sources::key_and_value;
use crate::config::{self, Flag};
use crate::conversation::call::{self, Spoken, Who};
use crate::demo::{OldBot, SLOW_WORDS, TRY};
use crate::messages::chat as messages;
use crate::messages::{Language, Message};
use crate::reload::{self, OwnedSources};
use crate::runtime::{Running, StartError};
use crate::telemetry::log;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge demo
  smartchat-bridge demo --listen 127.0.0.1:18080 --admin 127.0.0.1:19090
  smartchat-bridge demo --set bots.default.overflow=carousel
  smartchat-bridge demo --bot-only --listen 0.0.0.0:8000     the old bot alone, for a bridge elsewhere
  smartchat-bridge demo --listen 0.0.0.0:8080 --set bots.default.open=true     in a container, whose loopback is its own

Then, in another terminal: smartchat-bridge say
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Where the bridge listens, or with --bot-only the bot; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Only the old bot, without the bridge before it
    #[arg(long, conflicts_with_all = ["admin", "set"])]
    bot_only: bool,
    /// Where operators look: metrics and readiness; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9090")]
    admin: SocketAddr,
    /// Any key of the configuration; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

/// Runs until it is told to stop.
pub(super) fn run(args: &Args, language: Language) -> io::Result<Exit> {
    if args.bot_only {
        return bot_only(args.listen, language);
    }
    let bot = OldBot::start()?;
    let address = format!("http://{}", bot.address());
    // The environment is left out: the demo is the same everywhere.
    let sources = OwnedSources { flags: flags(args, &address), ..OwnedSources::default() };
    let loaded = match config::load(&sources.borrowed()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(problems.told(language));
            return Ok(Exit::Configuration);
        }
    };
    let _logging = log::start(&loaded.settings.log, loaded.settings.workers)?;
    let mut told = Ok(());
    let ended = reload::serve(loaded, sources, language, |running| told = tell(running, &address, language));
    match ended {
        Ok(ending) => told.map(|()| serve::exit(ending)),
        Err(error) => {
            refuse(&error.message(), language);
            Ok(serve::refused(&error))
        }
    }
}

/// Runs the old bot alone until SIGTERM or Ctrl-C. It holds nothing that a stop could lose, so it ends at once.
fn bot_only(listen: SocketAddr, language: Language) -> io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Received before the bot can be asked: as the first process of a container it gets no default handlers.
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let bot = match OldBot::listen(listen) {
        Ok(bot) => bot,
        Err(error) => {
            refuse(&StartError::Listen { address: listen, flag: "--listen", source: error }.message(), language);
            return Ok(Exit::Configuration);
        }
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", messages::demo_bot(format!("http://{}", bot.address())).text(language))?;
    out.flush()?;
    drop(out);
    runtime.block_on(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    Ok(Exit::Success)
}

/// The user's own settings come last and win.
fn flags(args: &Args, bot: &str) -> Vec<Flag> {
    let own = [
        ("bots.default.url", bot, "demo"),
        // Its picture lies on this machine, where the browser that looks at it runs too.
        ("bots.default.public_url", bot, "demo"),
        ("callback.origins", &format!("https://bot-api.kakao.com,http://{SINK}"), "demo"),
        ("log.filter", "warn", "demo"),
        ("listen", &args.listen.to_string(), "--listen"),
        ("admin.listen", &args.admin.to_string(), "--admin"),
    ];
    let flag =
        |key: &str, value: &str, name: &str| Flag { key: key.into(), value: value.into(), name: name.to_owned() };
    let own = own.into_iter().map(|(key, value, name)| flag(key, value, name));
    own.chain(args.set.iter().map(|(key, value)| flag(key, value, "--set"))).collect()
}

/// Where everything is and what to try. Flushed, because a program that waits for these lines may read them from a
/// pipe.
fn tell(running: &Running, bot: &str, language: Language) -> io::Result<()> {
    let bridge = running.public();
    let url = format!("http://{bridge}/skill");
    let who = Who { user: "DemoUser-001", bot: "64a1f0c27b3d9e5a10c4e8b2", tester: false };
    let words = TRY.first().map(|(words, ..)| *words).unwrap_or_default();
    let mut out = io::stdout().lock();
    let text = |message: Message| message.text(language);
    writeln!(out, "{}", text(messages::demo_bridge(&url)))?;
    writeln!(out, "{}", text(messages::demo_operators(format!("http://{}/", running.admin()))))?;
    for message in running.way_in() {
        writeln!(out, "{}", text(message))?;
    }
    writeln!(out, "{}", text(messages::demo_bot(bot)))?;
    writeln!(out, "\n{}\n", text(messages::demo_speak()))?;
    writeln!(out, "  smartchat-bridge say --url {url}")?;
    writeln!(out, "  smartchat-bridge say --url {url} --callback \"{SLOW_WORDS}\"\n")?;
    writeln!(out, "{}\n", text(messages::demo_call()))?;
    writeln!(out, "  {}\n", curl(&url, &call::body(&who, &Spoken::Words(words), None).to_string()))?;
    writeln!(out, "{}", text(messages::demo_try()))?;
    for (words, english, korean) in TRY {
        writeln!(out, "  {words}  -  {}", language.pick(english, korean))?;
    }
    writeln!(out, "\n{}", text(messages::demo_end()))?;
    out.flush()
}

/// One line for a shell. A single quote in the body ends the quoting, is escaped, and begins it anew.
fn curl(url: &str, body: &str) -> String {
    format!("curl -sS {url} -H 'content-type: application/json' -d '{}'", body.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_the_body_survives_the_shell() {
        assert_eq!(
            curl("http://a/skill", "it's"),
            r"curl -sS http://a/skill -H 'content-type: application/json' -d 'it'\''s'"
        );
    }
}
