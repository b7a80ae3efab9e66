//! `serve`: the bridge.

use super::exit::Exit;
use super::operators;
use super::output::complain;
use super::sources::SourceArgs;
use crate::config;
use crate::fault::chain;
use crate::reload;
use crate::runtime::{Ending, Running, StartError};
use crate::telemetry::log;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge serve --bot http://old-bot:8000
  smartchat-bridge serve --bot https://bot.example.com/kakao --listen 0.0.0.0:8080 \\
      --set bots.default.secret.header=x-skill-secret --set bots.default.secret.values_file=/run/secrets/skill
  smartchat-bridge serve --config /etc/smartchat-bridge/bridge.toml
  BRIDGE_BOTS__SHOP__URL=http://old-bot:8000 smartchat-bridge serve

In OpenBuilder the skill's URL is https://YOUR-HOST/skill. A flag beats an environment variable (BRIDGE_…), which beats
the file, which beats the default; `smartchat-bridge config show` prints what is in force and where it comes from.
SIGHUP loads the configuration again, SIGTERM and Ctrl-C finish what runs and stop.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
}

/// Serves until it is told to stop.
pub(super) fn run(args: &Args) -> Exit {
    let sources = args.sources.sources();
    let loaded = match config::load(&sources.borrowed()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(problems);
            return Exit::Configuration;
        }
    };
    let _logging = match log::start(&loaded.settings.log, loaded.settings.workers) {
        Ok(logging) => logging,
        Err(error) => {
            complain(format_args!("error: the log cannot be started: {error}"));
            return Exit::Failure;
        }
    };
    for warning in &loaded.warnings {
        tracing::warn!(%warning, "configuration");
    }
    match reload::serve(loaded, sources, started) {
        Ok(ending) => exit(ending),
        Err(error) => {
            complain(format_args!("error: {}", chain(&error)));
            refused(&error)
        }
    }
}

fn started(running: &Running) {
    let (public, admin) = (running.public(), running.admin());
    tracing::info!(%public, %admin, version = env!("CARGO_PKG_VERSION"), "the bridge serves");
    // A closed standard output does not stop the bridge; then the token must be configured.
    if let Err(error) = operators::tell(running) {
        tracing::warn!(%error, "the operators' token could not be printed; set admin.token");
    }
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

/// What the operator configured cannot be had: an address, a certificate. Only a machine out of threads is not theirs.
pub(super) fn refused(error: &StartError) -> Exit {
    match error {
        StartError::Listen { .. } | StartError::Setup(_) | StartError::Tls(_) => Exit::Configuration,
        StartError::Thread(_) => Exit::Failure,
    }
}
