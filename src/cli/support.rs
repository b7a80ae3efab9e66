//! `support`: one file to send to whoever helps.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderValue};
use url::Url;

use super::exit::Exit;
use super::health::reachable;
use super::output::{complain, refuse};
use super::sources::SourceArgs;
use crate::check::{self, Plan};
use crate::config::settings::{Admin, Trust};
use crate::config::{self, Loaded, Problems};
use crate::fault::chain;
use crate::messages::{Language, Message, conversation, support as messages};
use crate::net::call::{Call, call as http_call};
use crate::support::{BridgeState, Parts, compose};

/// How long the running bridge may take: it answers from memory.
const PATIENCE: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge support --config bridge.toml                   writes smartchat-bridge-support.txt
  smartchat-bridge support --config bridge.toml --output -        prints it
  smartchat-bridge support --bot http://old-bot:8000 --admin 127.0.0.1:9090

The bots are asked for their home keyboards; no message is sent. The running bridge is asked at its operators' listener.
The file holds no words of users, no keys and no tokens.

Exit codes: 0 it is written, also where the configuration is wrong or no bridge runs, for then it says so; 1 it is not.
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    /// Where to write it, a file that is not there yet; - prints it
    #[arg(long, value_name = "FILE", default_value = "smartchat-bridge-support.txt")]
    output: PathBuf,
}

/// Looks at everything, and writes it down.
pub(super) fn run(args: &Args, language: Language) -> io::Result<Exit> {
    let loaded = config::load(&args.sources.sources().borrowed());
    let file = look(&loaded, language)?;
    if args.output == Path::new("-") {
        io::stdout().lock().write_all(file.as_bytes())?;
        return Ok(Exit::Success);
    }
    let name = args.output.display().to_string();
    let opened = OpenOptions::new().write(true).create_new(true).open(&args.output);
    match opened.and_then(|mut opened| opened.write_all(file.as_bytes())) {
        Ok(()) => {
            complain(messages::written(name).told(language));
            Ok(Exit::Success)
        }
        Err(error) => {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            let not_written = || conversation::file_not_written(&name, error.to_string());
            refuse(&if is_there { conversation::exists(&name) } else { not_written() }, language);
            Ok(Exit::Failure)
        }
    }
}

fn look(loaded: &Result<Loaded, Problems>, language: Language) -> io::Result<String> {
    let runtime = super::runtime()?;
    let mut reports = Vec::new();
    let mut bridge = Err(messages::bridge_silent("-", "-"));
    if let Ok(loaded) = loaded {
        for bot in loaded.settings.bots.values() {
            reports.push(runtime.block_on(check::check(bot, &Plan::default())));
        }
        bridge = runtime.block_on(ask(&loaded.settings.admin));
    }
    let configuration = loaded.as_ref().map(|loaded| (&*loaded.settings, &*loaded.effective));
    Ok(compose(&Parts { configuration, reports: &reports, bridge }, language))
}

/// What the running bridge says of itself.
async fn ask(admin: &Admin) -> Result<BridgeState, Message> {
    Ok(BridgeState {
        readiness: page(admin, "/readyz").await?,
        metrics: page(admin, "/metrics").await?,
        turns: page(admin, "/turns").await?,
    })
}

async fn page(admin: &Admin, path: &str) -> Result<String, Message> {
    let address = reachable(admin.listen).to_string();
    let silent = |reason: String| messages::bridge_silent(&address, reason);
    let url = Url::parse(&format!("http://{address}{path}")).map_err(|error| silent(error.to_string()))?;
    let token = admin.token.as_ref().or(admin.metrics_token.as_ref());
    let bearer = token.and_then(|token| {
        HeaderValue::from_bytes(&[b"Bearer ", token.expose()].concat()).ok().map(|value| (AUTHORIZATION, value))
    });
    let headers: Vec<_> = bearer.into_iter().collect();
    let call = Call {
        method: Method::GET,
        url: &url,
        connect: None,
        headers: &headers,
        body: None,
        within: PATIENCE,
        trust: &Trust::default(),
    };
    let answer = http_call(call).await.map_err(|error| silent(chain(&error)))?;
    // A bridge that is stopping answers with 503, and tells all the same.
    if !matches!(answer.status, 200 | 503) {
        return Err(messages::bridge_refuses(&address, answer.status));
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}
