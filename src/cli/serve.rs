//! `serve`: the bridge.

use std::sync::Arc;

use super::exit::Exit;
use super::greeting;
use super::output::{complain, refuse};
use super::sources::SourceArgs;
use crate::config;
use crate::config::settings::Settings;
use crate::messages::{Language, start as messages};
use crate::reload;
use crate::runtime::{Ending, Running, StartError};
use crate::telemetry::log;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge serve --bot http://old-bot:8000
  smartchat-bridge serve --bot https://bot.example.com/kakao --listen 0.0.0.0:8080 \\
      --set bots.default.secret.header=x-skill-secret \\
      --set bots.default.secret.values_file=/etc/smartchat-bridge/skill-secret
  smartchat-bridge serve --config /etc/smartchat-bridge/bridge.toml
  BRIDGE_BOTS__SHOP__URL=http://old-bot:8000 smartchat-bridge serve

In OpenBuilder the skill's URL is https://YOUR-HOST/skill. A flag beats an environment variable (BRIDGE_…), which beats
the file, which beats the default; `smartchat-bridge config show` prints what is in force and where it comes from.
SIGHUP loads the configuration again, SIGUSR1 prints a sign-in link of the console, SIGTERM and Ctrl-C finish what runs and stop.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
}

/// Serves until it is told to stop.
pub(super) fn run(args: &Args, language: Language) -> Exit {
    let sources = args.sources.sources();
    let loaded = match config::load(&sources.borrowed()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(problems.told(language));
            return Exit::Configuration;
        }
    };
    let _logging = match log::start(&loaded.settings.log, loaded.settings.workers) {
        Ok(logging) => logging,
        Err(error) => {
            refuse(&messages::no_log(error.to_string()), language);
            return Exit::Failure;
        }
    };
    for warning in &loaded.warnings {
        tracing::warn!(%warning, "configuration");
    }
    let settings = Arc::clone(&loaded.settings);
    match reload::serve(loaded, sources, language, |running| started(running, settings, language)) {
        Ok(ending) => exit(ending),
        Err(error) => {
            refuse(&error.message(), language);
            refused(&error)
        }
    }
}

fn started(running: &Running, settings: Arc<Settings>, language: Language) {
    let (public, admin) = (running.public(), running.admin());
    tracing::info!(%public, %admin, version = env!("CARGO_PKG_VERSION"), "the bridge serves");
    greeting::greet(running, settings, language);
}

/// How a stop went.
pub(super) fn exit(ending: Ending) -> Exit {
    match ending {
        Ending::Drained => Exit::Success,
        Ending::Cut(turns) => {
            tracing::warn!(turns, "stopped before everything was finished");
            Exit::Failure
        }
    }
}

/// Something that the operator configured is not available: an address, a certificate. Only a lack of threads is not
/// the operator's doing.
pub(super) fn refused(error: &StartError) -> Exit {
    match error {
        StartError::Listen { .. } | StartError::Setup(_) | StartError::Tls(_) => Exit::Configuration,
        StartError::Thread(_) => Exit::Failure,
    }
}
