//! Signals and changed files: the running bridge is told to stop, or given a new configuration (S6).
//!
//! Two threads. One has the signals and does nothing else, so that a stop is heard even while the disk hangs. The other
//! looks at the content of every file that was read, each second: not at its time and not by a watch, for bind mounts
//! and ConfigMaps swap whole folders. A change counts once the same content was seen twice, because a file that is
//! still being written may be valid in its half. A new configuration is built and checked completely, then put in force
//! by one swap; a bad one changes nothing and is told in the log, in metrics and in `/readyz`.

use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use siphasher::sip::SipHasher13;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::load::{Flag, LONGEST_FILE, Loaded, Sources, load};
use crate::files;
use crate::messages::{Language, Message};
use crate::net::tls::{NewCertificate, ServerTls};
use crate::registry::BotRegistry;
use crate::runtime::{self, Ending, Running, StartError, Stop};
use crate::shared::Shared;

/// How often files are looked at (S6). A change counts at the second look, so it is in force within two seconds.
const LOOK: Duration = Duration::from_millis(900);

/// Where the configuration came from, kept to read it again.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnedSources {
    /// The file, if one was named by a flag.
    pub(crate) file: Option<PathBuf>,
    /// The environment at start; it cannot change under a process.
    pub(crate) environment: Vec<(String, String)>,
    /// Flags.
    pub(crate) flags: Vec<Flag>,
}

impl OwnedSources {
    /// The same, for [`load`].
    #[must_use]
    pub(crate) fn borrowed(&self) -> Sources<'_> {
        let (environment, flags) = (self.environment.clone(), self.flags.clone());
        Sources { file: self.file.as_deref(), environment, flags, bound: None }
    }
}

/// Runs the bridge until it is stopped by SIGTERM or SIGINT, reloading meanwhile. `started` is called once it serves;
/// SIGUSR1 prints the way into the console in `language` (C2).
///
/// # Errors
/// [`StartError`] when it cannot start.
pub(crate) fn serve(
    loaded: Loaded,
    sources: OwnedSources,
    language: Language,
    started: impl FnOnce(&Running),
) -> Result<Ending, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    // Before anything serves: a program that is told that it serves may send a signal at once.
    let signals = {
        let _inside = runtime.enter();
        Signals::receive().map_err(StartError::Thread)?
    };
    let running = runtime::start(Arc::clone(&loaded.settings))?;
    let watcher = ConfigWatcher {
        shared: Arc::clone(running.shared()),
        tls: running.tls().cloned(),
        bound: running.public(),
        seen: content(&loaded.files),
        changing: None,
        files: loaded.files,
        refused: None,
        sources,
    };
    let stop = running.stop_handle();
    let (hang_up, hung_up) = channel();
    // Both threads wait for ever; they end with the process.
    let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
    drop(thread("bridge-config").spawn(move || watcher.watch(&hung_up)).map_err(StartError::Thread)?);
    let (shared, console) = (Arc::clone(running.shared()), Arc::clone(running.console()));
    let way_in = move || print_way_in(console.way_in(&shared.registry().settings.admin), language);
    let hear = move || runtime.block_on(signals.hear(stop, hang_up, way_in));
    drop(thread("bridge-signals").spawn(hear).map_err(StartError::Thread)?);
    started(&running);
    Ok(running.wait())
}

/// Prints lines from a thread of its own: a pipe without a reader must not keep a stop from being heard.
fn print_way_in(lines: Vec<Message>, language: Language) {
    let print = move || {
        let mut out = io::stdout().lock();
        let printed = lines.iter().try_for_each(|line| writeln!(out, "{}", line.text(language)));
        if let Err(error) = printed.and_then(|()| out.flush()) {
            tracing::warn!(%error, "the way into the console could not be printed");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("bridge-print".to_owned()).spawn(print) {
        tracing::warn!(%error, "the way into the console is not printed: there is no thread for it");
    }
}

/// The signals that are answered.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    user: Signal,
}

impl Signals {
    fn receive() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    async fn hear(mut self, stop: Stop, hang_up: Sender<()>, way_in: impl Fn()) {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => "SIGTERM",
                _ = self.interrupt.recv() => "SIGINT",
                _ = self.hang_up.recv() => {
                    // Where the watcher is gone, nothing is reloaded any more.
                    let _gone = hang_up.send(());
                    continue;
                }
                _ = self.user.recv() => {
                    way_in();
                    continue;
                }
            };
            // Told first: a bridge that has nothing to finish ends at once.
            tracing::info!(
                signal = name,
                "a signal: the bridge finishes what runs and stops; a second one ends it now"
            );
            stop.signal();
        }
    }
}

/// Looks after the configuration of a running bridge.
struct ConfigWatcher {
    shared: Arc<Shared>,
    tls: Option<Arc<ServerTls>>,
    bound: std::net::SocketAddr,
    sources: OwnedSources,
    files: Vec<PathBuf>,
    /// Content that was tried already.
    seen: u64,
    /// Content that was seen once, and is tried when it is seen again.
    changing: Option<u64>,
    /// Why the newest configuration is not in force.
    refused: Option<String>,
}

/// Everything that a new configuration needs, checked and not in force yet.
struct Prepared {
    loaded: Loaded,
    bots: BotRegistry,
    certificate: Option<NewCertificate>,
}

impl ConfigWatcher {
    fn watch(mut self, hang_ups: &Receiver<()>) {
        loop {
            match hang_ups.recv_timeout(LOOK) {
                // A signal says that the file is complete.
                Ok(()) => self.reload(),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&mut self) {
        let content = content(&self.files);
        if content != self.seen {
            if self.changing.replace(content) == Some(content) {
                self.reload();
            }
            return;
        }
        self.changing = None;
        // A part that a refused configuration lacked, such as the file of a secret, may have come without a change in
        // any file that is looked at.
        if self.refused.is_some()
            && let Ok(prepared) = self.prepare()
        {
            self.install(prepared);
        }
    }

    fn reload(&mut self) {
        // Noted before it is read: a change in between is seen at the next look.
        self.seen = content(&self.files);
        self.changing = None;
        match self.prepare() {
            Ok(prepared) => self.install(prepared),
            Err(why) => self.refuse(why),
        }
    }

    fn prepare(&self) -> Result<Prepared, String> {
        let sources = Sources { bound: Some(self.bound), ..self.sources.borrowed() };
        let loaded = load(&sources).map_err(|problems| problems.to_string())?;
        let certificate = self.tls.as_ref().map(ServerTls::prepare).transpose();
        let certificate = certificate.map_err(|error| format!("the certificate cannot be used: {error}"))?;
        let bots = self.shared.prepare(Arc::clone(&loaded.settings)).map_err(|error| error.to_string())?;
        Ok(Prepared { loaded, bots, certificate })
    }

    fn install(&mut self, Prepared { loaded, bots, certificate }: Prepared) {
        for warning in &loaded.warnings {
            tracing::warn!(%warning, "configuration");
        }
        if let Some(certificate) = certificate {
            certificate.install();
        }
        self.shared.install(bots);
        let waiting = self.shared.waits_for_restart();
        if !waiting.is_empty() {
            tracing::warn!(keys = waiting.join(", "), "these changes take effect at the next start only");
        }
        self.refused = None;
        self.shared.reloaded(true);
        if loaded.files != self.files {
            self.files = loaded.files;
            self.seen = content(&self.files);
        }
        tracing::info!(bots = loaded.settings.bots.len(), "the new configuration is in force");
    }

    /// Counted before it is told: an operator who reads the line finds it in metrics and `/readyz`. The same reason is
    /// told once.
    fn refuse(&mut self, why: String) {
        self.shared.reloaded(false);
        if self.refused.as_ref() != Some(&why) {
            tracing::error!(problems = %why, "the new configuration is refused; the old one stays in force");
        }
        self.refused = Some(why);
    }
}

/// A fingerprint of what the files hold; one that cannot be read has a fingerprint too.
fn content(paths: &[impl AsRef<Path>]) -> u64 {
    let mut hasher = SipHasher13::new();
    for path in paths {
        files::read(path.as_ref(), LONGEST_FILE).map_err(|error| error.to_string()).hash(&mut hasher);
    }
    hasher.finish()
}
