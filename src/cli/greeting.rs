//! The words of `serve` to the person who starts it, in their language: where it serves, how operators get in (C2), and
//! what each bot answered.
//!
//! On standard output, because log lines go to standard error, are English and are kept by collectors, which must not
//! get a token. All of it comes from a thread of its own: neither a bot that hangs nor a pipe without a reader holds up
//! the bridge.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use crate::check::home::{self, Found, Verdict};
use crate::config::secret::Secret;
use crate::config::settings::{BotSettings, Settings};
use crate::messages::{Language, Message, start as messages};
use crate::runtime::Running;

/// Bots that are asked at once.
const AT_ONCE: usize = 16;
/// When a bot that was not there is asked again: bot and bridge often start together, as under compose, and a bot that
/// is only slower than the bridge is no news.
const AGAIN: Duration = Duration::from_secs(3);

/// Everything that is told at a start.
struct Greeting {
    settings: Arc<Settings>,
    public: SocketAddr,
    admin: SocketAddr,
    token: Option<Secret>,
    way_in: Vec<Message>,
    language: Language,
}

/// Starts to tell it.
pub(super) fn greet(running: &Running, settings: Arc<Settings>, language: Language) {
    let greeting = Greeting {
        settings,
        public: running.public(),
        admin: running.admin(),
        token: running.operators_token().cloned(),
        way_in: running.way_in(),
        language,
    };
    // Ends with the process at the latest; it is not waited for.
    let spawned = std::thread::Builder::new().name("bridge-greeting".to_owned()).spawn(move || greeting.tell());
    if let Err(error) = spawned {
        tracing::warn!(%error, "the bots are not asked at start: there is no thread for it");
    }
}

impl Greeting {
    fn tell(&self) {
        // A closed standard output does not stop the bridge; then the token must be configured.
        if let Err(error) = self.addresses() {
            tracing::warn!(%error, "the way into the console could not be printed; set admin.token");
        }
        match super::runtime() {
            Ok(runtime) => runtime.block_on(self.ask_all()),
            Err(error) => tracing::warn!(%error, "the bots are not asked at start: there is no runtime for it"),
        }
    }

    /// Where the bridge serves; the token, where no `admin.token` is configured and other machines reach the admin
    /// listener.
    fn addresses(&self) -> io::Result<()> {
        let scheme = if self.settings.tls.is_some() { "https" } else { "http" };
        let (public, admin) = (reachable(self.public), reachable(self.admin));
        let url = format!("http://{admin}");
        let mut out = io::stdout().lock();
        let serves = messages::serves(format!("{scheme}://{public}/skill"), format!("{url}/"));
        writeln!(out, "{}", serves.text(self.language))?;
        for message in &self.way_in {
            writeln!(out, "{}", message.text(self.language))?;
        }
        if let Some(token) = &self.token {
            let token = String::from_utf8_lossy(token.expose());
            writeln!(out, "{}", messages::operators_token(&url).text(self.language))?;
            writeln!(out, "  curl -H 'Authorization: Bearer {token}' {url}/readyz")?;
        }
        out.flush()
    }

    /// Asks each bot, and says what it is found to be: in the log, and here.
    async fn ask_all(&self) {
        let bots = self.settings.bots.values();
        let mut asked =
            futures_util::stream::iter(bots.map(|bot| async move { (bot, ask(bot).await) })).buffer_unordered(AT_ONCE);
        while let Some((bot, what)) = asked.next().await {
            for message in &what.messages {
                // What is to be copied stands in lines of its own, which a log line cannot have.
                let (code, text) = (message.code(), message.text(Language::English).replace('\n', " "));
                match what.verdict {
                    Verdict::Failing => tracing::warn!(bot = %bot.id, code, "{text}"),
                    Verdict::Good | Verdict::Unconfirmed => tracing::info!(bot = %bot.id, code, "{text}"),
                }
            }
            for line in what.lines(bot, self.language) {
                // The log has it.
                let _closed = writeln!(io::stdout().lock(), "{line}");
            }
        }
    }
}

/// Asks `bot` once, and once more where no bot was there.
async fn ask(bot: &BotSettings) -> Found {
    let found = home::ask(bot).await;
    if !found.absent {
        return found;
    }
    tokio::time::sleep(AGAIN).await;
    home::ask(bot).await
}

/// An address that a browser can be given: the machine itself where all addresses are listened on.
fn reachable(bound: SocketAddr) -> SocketAddr {
    if bound.ip().is_unspecified() { SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bound.port()) } else { bound }
}
