//! Signals and changed files: the running bridge is told to stop, or given a new configuration (S6).
//!
//! The content of every file that was read is looked at every two seconds, not its time and not by watching: bind
//! mounts and ConfigMaps swap whole folders under a watch. A new configuration is built and checked completely, then
//! put in force by one swap; a bad one changes nothing and is told in the log, in metrics and in `/readyz`.

use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use siphasher::sip::SipHasher13;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::App;
use crate::config::load::{Flag, Loaded, Sources, load};
use crate::config::reload::restart_needed;
use crate::net::tls::ServerTls;
use crate::runtime::{self, Ending, Running, StartError, Stop};

/// How often files are looked at (S6).
const LOOK: Duration = Duration::from_secs(2);

/// Where the configuration came from, kept to read it again.
#[derive(Debug, Clone, Default)]
pub struct OwnedSources {
    /// The file, if one was named by a flag.
    pub file: Option<PathBuf>,
    /// The environment at start; it cannot change under a process.
    pub environment: Vec<(String, String)>,
    /// Flags.
    pub flags: Vec<Flag>,
}

impl OwnedSources {
    /// The same, for [`load`].
    #[must_use]
    pub fn borrowed(&self) -> Sources<'_> {
        Sources { file: self.file.as_deref(), environment: self.environment.clone(), flags: self.flags.clone() }
    }
}

/// Runs the bridge until it is stopped by SIGTERM or SIGINT, reloading meanwhile. `started` is called once it serves.
///
/// # Errors
/// [`StartError`] when it cannot start.
pub fn serve(loaded: Loaded, sources: OwnedSources, started: impl FnOnce(&Running)) -> Result<Ending, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    // Before anything serves: whoever is told that it serves may send a signal at once.
    let signals = {
        let _inside = runtime.enter();
        Signals::receive().map_err(StartError::Thread)?
    };
    let running = runtime::start(Arc::clone(&loaded.settings))?;
    let steward = Steward {
        app: Arc::clone(running.app()),
        tls: running.tls().cloned(),
        seen: content(&loaded.files),
        files: loaded.files,
        refused: false,
        sources,
    };
    let stop = running.stop_handle();
    let spawned = std::thread::Builder::new()
        .name("bridge-steward".to_owned())
        .spawn(move || runtime.block_on(steward.watch(signals, stop)))
        .map_err(StartError::Thread)?;
    // The steward waits for signals for ever; it ends with the process.
    drop(spawned);
    started(&running);
    Ok(running.wait())
}

/// The signals that are answered.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn receive() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// Looks after a running bridge.
struct Steward {
    app: Arc<App>,
    tls: Option<Arc<ServerTls>>,
    sources: OwnedSources,
    files: Vec<PathBuf>,
    seen: u64,
    refused: bool,
}

impl Steward {
    async fn watch(mut self, mut signals: Signals, stop: Stop) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => stop.signal(),
                _ = signals.interrupt.recv() => stop.signal(),
                _ = signals.hang_up.recv() => self.reload(),
                _ = looks.tick() => if content(&self.files) != self.seen || self.is_mended() { self.reload() },
            }
        }
    }

    /// Whether a configuration that was refused is good by now: what it lacked, a secret's file for one, may have come
    /// without a change in any file that is looked at.
    fn is_mended(&self) -> bool {
        self.refused && load(&self.sources.borrowed()).is_ok()
    }

    fn reload(&mut self) {
        // Noted before it is read: a change in between is seen at the next look.
        self.seen = content(&self.files);
        let loaded = match load(&self.sources.borrowed()) {
            Ok(loaded) => loaded,
            Err(problems) => {
                self.refuse(format_args!("{problems}"));
                return;
            }
        };
        for warning in &loaded.warnings {
            tracing::warn!(%warning, "configuration");
        }
        let restart = restart_needed(&self.app.roster().settings, &loaded.settings);
        if !restart.is_empty() {
            tracing::warn!(keys = restart.join(", "), "these changes take effect at the next start only");
        }
        // The certificate first: a bad one must leave everything as it was.
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            self.refuse(format_args!("the certificate cannot be read: {error}"));
            return;
        }
        if let Err(error) = self.app.replace(Arc::clone(&loaded.settings)) {
            self.refuse(format_args!("{error}"));
            return;
        }
        self.refused = false;
        self.app.reloaded(true);
        if loaded.files != self.files {
            self.files = loaded.files;
            self.seen = content(&self.files);
        }
        tracing::info!(bots = loaded.settings.bots.len(), "the new configuration is in force");
    }

    /// Counted before it is told: who reads the line finds it in metrics and `/readyz`.
    fn refuse(&mut self, why: std::fmt::Arguments<'_>) {
        self.refused = true;
        self.app.reloaded(false);
        tracing::error!(problems = %why, "the new configuration is refused; the old one stays in force");
    }
}

/// A fingerprint of what the files hold; one that cannot be read has a fingerprint too.
fn content(files: &[impl AsRef<Path>]) -> u64 {
    let mut hasher = SipHasher13::new();
    for file in files {
        std::fs::read(file).ok().hash(&mut hasher);
    }
    hasher.finish()
}
