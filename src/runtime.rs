//! Threads, listeners and the stop (S6).
//!
//! One current-thread runtime per core, all accepting from one listening socket: whichever core is free takes the next
//! connection, and nothing that a call touches on its way moves between cores. Rejected: tokio's
//! work-stealing runtime, which moves a call between cores for nothing: a turn is a few system calls.

mod connection;
mod core;
mod quiet_time;
mod start_error;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use self::core::{Core, Places};
pub use self::start_error::StartError;
use crate::concurrency::ConcurrencyLimit;
use crate::config::secret::Secret;
use crate::config::settings::{Settings, StorePlace};
use crate::console::Console;
use crate::keyboards::{Keyboards, SessionMemory};
use crate::messages::Message;
use crate::mutex::lock;
use crate::net::CoreId;
use crate::net::listen::bind;
use crate::net::open_files;
use crate::net::pending::PendingCallers;
use crate::net::tls::ServerTls;
use crate::registry::{self, Connector};
use crate::restore;
use crate::shared::{Lasting, SetupError, Shared};
use crate::store::journal::{HANDOVER, Journal};
use crate::store::remote::Remote;
use crate::telemetry::pace::Pace;

/// Fewer connections than this are worth a warning where more were wanted (S5): at 4.5 s a call, 1,000 of them carry 200
/// calls a second, far beyond what an old bot answers (legacy.md 3).
const FEW_CONNECTIONS: usize = 1_000;
/// How long a start waits for the shared store; without it, it starts all the same (P6).
const STORE_AT_START: Duration = Duration::from_secs(3);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything in flight was finished.
    Drained,
    /// The grace period was over, or a second signal came; so many turns were cut.
    Cut(usize),
}

/// A bridge that runs.
pub struct Running {
    shared: Arc<Shared>,
    public: SocketAddr,
    admin: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    console: Arc<Console>,
    stop: Stop,
    threads: Vec<thread::JoinHandle<()>>,
}

/// Asks a running bridge to stop. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    gently: CancellationToken,
    now: CancellationToken,
    /// Turns that were cut.
    cut: Arc<AtomicUsize>,
}

impl Stop {
    /// The same for one core. Its connections look for a stop whenever they are polled, under a lock of the token; so
    /// each core has a token of its own, and no two cores meet there.
    fn of_core(&self) -> Self {
        Self { gently: self.gently.child_token(), ..self.clone() }
    }

    /// First time: finish what is in flight. Second time: leave now (S6).
    pub fn signal(&self) {
        if self.gently.is_cancelled() {
            self.now.cancel();
        } else {
            self.gently.cancel();
        }
    }
}

/// Starts the bridge as configured.
///
/// # Errors
/// [`StartError`]; nothing runs then.
pub fn start(settings: Arc<Settings>) -> Result<Running, StartError> {
    start_with(settings, Box::new(registry::over_http))
}

/// Builds all that a start builds, and binds and starts nothing: a configuration that passes here fails at a start only
/// for its addresses.
///
/// # Errors
/// [`StartError`], as [`start`] has it.
pub fn check(settings: Arc<Settings>) -> Result<(), StartError> {
    settings.tls.clone().map(ServerTls::load).transpose()?;
    let keyboards = keyboards(&settings);
    Shared::build(settings, keyboards, Lasting::default(), Box::new(registry::over_http))?;
    Ok(())
}

/// Starts the bridge with another way to reach bots; for tests and embedding.
///
/// # Errors
/// [`StartError`]; nothing runs then.
pub fn start_with(settings: Arc<Settings>, connect: Box<Connector>) -> Result<Running, StartError> {
    let tls = settings.tls.clone().map(ServerTls::load).transpose()?.map(Arc::new);
    let keyboards = keyboards(&settings);
    // Before a port is bound: a process that waits for the folder is not ready, and keeps no caller waiting.
    let lasting = lasting(&settings, &keyboards)?;
    let listen = |address, flag| bind(address).map_err(|source| StartError::Listen { address, flag, source });
    let first = listen(settings.listen, "--listen")?;
    let admin = listen(settings.admin.listen, "--admin")?;
    let local = |listener: &TcpListener, address, flag| {
        listener.local_addr().map_err(|source| StartError::Listen { address, flag, source })
    };
    let public = local(&first, settings.listen, "--listen")?;
    let admin_address = local(&admin, settings.admin.listen, "--admin")?;
    let workers = settings.workers.max(1);
    let mut listeners = Vec::with_capacity(workers);
    for _ in 1..workers {
        let clone = first.try_clone();
        listeners.push(clone.map_err(|source| StartError::Listen {
            address: settings.listen,
            flag: "--listen",
            source,
        })?);
    }
    listeners.insert(0, first);

    let pending = PendingCallers::of_cores(workers, settings.limits.pending_bytes);
    let places = Places::of(pending, &ConcurrencyLimit::new(connections(settings.limits.connections)));
    let console = Arc::new(Console::new(&settings.admin, admin_address));
    let operator_places = Places::of_operators(settings.limits.pending_bytes);
    let shared = Shared::build(settings, keyboards, lasting, connect)?;
    let left = Mutex::new(Some(restore::take_up(&shared)));
    let stop = Stop::default();
    let core = |id, places| Core {
        left: lock(&left).take(),
        id: CoreId(id),
        shared: Arc::clone(&shared),
        tls: tls.clone(),
        console: Arc::clone(&console),
        stop: stop.of_core(),
        places,
        strange: Pace::default(),
    };
    let cores = listeners.into_iter().zip(places).enumerate();
    let cores = cores.map(|(number, (listener, places))| {
        run_on_a_thread(format!("bridge-{number}"), core(number, places).run(listener))
    });
    // The operators' listener never shares a thread with users (C1).
    let operators_thread = std::iter::once_with(|| {
        run_on_a_thread("bridge-admin".to_owned(), core(workers, operator_places).run_for_operators(admin))
    });
    let threads = all_or_none(&stop, cores.chain(operators_thread))?;
    Ok(Running { shared, public, admin: admin_address, tls, console, stop, threads })
}

/// What outlasts the process, where it is configured.
fn lasting(settings: &Settings, keyboards: &Arc<Keyboards>) -> Result<Lasting, SetupError> {
    match &settings.store {
        None => Ok(Lasting::default()),
        Some(StorePlace::Path(path)) => {
            let journal = Journal::open(path, keyboards, HANDOVER)?;
            Ok(Lasting { journal: Some(journal), remote: None })
        }
        Some(StorePlace::Url(url)) => {
            let remote = Remote::start(url, settings.workers, keyboards)?;
            remote.wait_until_asked(STORE_AT_START);
            Ok(Lasting { journal: None, remote: Some(remote) })
        }
    }
}

/// The keyboards of all bots, and the bound on their bytes.
fn keyboards(settings: &Settings) -> Arc<Keyboards> {
    Arc::new(Keyboards::new(SessionMemory::new(settings.limits.session_bytes)))
}

/// All threads, each started when it is asked for; where one cannot be started, those before it are ended.
fn all_or_none(
    stop: &Stop,
    starting: impl Iterator<Item = Result<thread::JoinHandle<()>, StartError>>,
) -> Result<Vec<thread::JoinHandle<()>>, StartError> {
    let mut threads = Vec::new();
    for started in starting {
        match started {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                stop.gently.cancel();
                stop.now.cancel();
                for thread in threads {
                    let _why_it_ended = thread.join();
                }
                return Err(error);
            }
        }
    }
    Ok(threads)
}

/// Polls of tasks after which the kernel is asked for news although others are ready. A turn takes four, of some
/// microseconds each: tokio's 61 would ask once in fifteen turns, for nothing.
const POLLS: u32 = 255;

/// Runs `work` to its end on a runtime of its own.
fn run_on_a_thread(
    name: String,
    work: impl Future<Output = ()> + Send + 'static,
) -> Result<thread::JoinHandle<()>, StartError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().event_interval(POLLS).build().map_err(StartError::Thread)?;
    let run = move || {
        runtime.block_on(work);
        // A look-up of a name may hang in the system for minutes; its answer is not waited for any more (S6).
        runtime.shutdown_background();
    };
    thread::Builder::new().name(name).spawn(run).map_err(StartError::Thread)
}

/// How many connections callers may have: as configured, and no more than the limit on open files allows (S5).
fn connections(wanted: usize) -> usize {
    let files = match open_files::raise_limit() {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files is not known; limits.connections counts as it is");
            return wanted;
        }
    };
    let connections = open_files::connections(files, wanted);
    // Many containers have 20,000 files: that is more than enough for a shop, and no reason to alarm it.
    if connections < wanted.min(FEW_CONNECTIONS) {
        tracing::warn!(
            files,
            connections,
            wanted,
            "limits.connections is cut: the limit on open files leaves no more (raise it: ulimit -n, LimitNOFILE, ulimits)"
        );
    } else if connections < wanted {
        tracing::info!(files, connections, wanted, "limits.connections is cut to what the limit on open files leaves");
    }
    connections
}

impl Running {
    /// Where OpenBuilder calls.
    #[must_use]
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where operators look.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The operators' token that this process made for itself, to be printed: the admin listener can be reached from
    /// other machines, and no `admin.token` is configured (C2).
    #[must_use]
    pub fn operators_token(&self) -> Option<&Secret> {
        self.console.operators.token_to_print(&self.shared.registry().settings.admin)
    }

    /// A sign-in link of the console, good for fifteen minutes and once. `None` where `admin.token` signs in, and without
    /// randomness (C2).
    #[must_use]
    pub fn sign_in_link(&self) -> Option<String> {
        self.console.link(&self.shared.registry().settings.admin)
    }

    /// How operators get into the console, to be printed once.
    pub(crate) fn way_in(&self) -> Vec<Message> {
        self.console.way_in(&self.shared.registry().settings.admin)
    }

    /// The console.
    pub(crate) fn console(&self) -> &Arc<Console> {
        &self.console
    }

    /// The parts that all cores share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Turns in flight, and tasks besides the connections' own. For this repository's tests: operators read the same
    /// numbers from the metrics.
    #[doc(hidden)]
    #[must_use]
    pub fn in_flight(&self) -> (usize, usize) {
        (self.shared.turns.count(), self.shared.tasks.running())
    }

    /// Whether new calls are welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.is_ready()
    }

    /// Puts a new configuration in force, in one swap; settings that only a start applies wait for the next start (S6).
    ///
    /// # Errors
    /// [`StartError`]; nothing has changed then.
    pub fn reload(&self, settings: Arc<Settings>) -> Result<(), StartError> {
        self.shared.install(self.shared.prepare(settings).map_err(SetupError::from)?);
        Ok(())
    }

    /// The certificate in use, to be read again when its files change.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<ServerTls>> {
        self.tls.as_ref()
    }

    /// The handle that stops it.
    #[must_use]
    pub fn stop_handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits for the end.
    pub fn wait(self) -> Ending {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the bridge died: this is a bug, please report it");
            }
        }
        if let Some(journal) = self.shared.journal() {
            journal.close();
        }
        if let Some(remote) = self.shared.remote() {
            remote.close();
        }
        // Noted at the cut: a turn that is cut gives its place back like any other.
        let cut = self.stop.cut.load(Ordering::Acquire);
        tracing::info!(turns_cut = cut, "the bridge has stopped");
        match cut {
            0 => Ending::Drained,
            left => Ending::Cut(left),
        }
    }
}

#[cfg(test)]
mod tests;
