//! Connections to the store, on a thread of their own: commands go out in the order in which they were queued.
//!
//! A user's commands take one connection, so that a begin is never overtaken by the end that gives it up. A command waits
//! for no other's answer. Rejected: a connection per core, whose driver would be a task among a core's turns; the order of
//! two calls of one user on two cores would then be nobody's.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError, ServerErrorKind,
    TlsCertificates, Value,
};
use socket2::TcpKeepalive;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::sleep;

use super::health::{Health, Trouble};
use crate::config::settings::StoreUrl;

/// Commands that wait for a connection. Half a second of the fastest gate (benches/gate: 10,000 turns a second on a core).
const QUEUE: usize = 16_384;
/// How long one try to connect takes at most.
const CONNECT: Duration = Duration::from_secs(1);
/// After how long a host that acknowledges nothing is given up.
const VANISHED: Duration = Duration::from_secs(5);
/// The wait between two tries.
const AGAIN: Duration = Duration::from_millis(200);
/// How often a command is tried at the nodes of a cluster, with a short wait between: a slot that has moved is found so. A
/// node that has died is found by connecting anew, not by waiting; the library alone would wait more than a second at least,
/// and minutes in all.
const CLUSTER_TRIES: u32 = 4;
/// The shortest and the longest such wait (ms).
const CLUSTER_WAIT: (u64, u64) = (5, 80);

/// Begins a turn.
pub(super) static BEGIN: Script = Script::new(include_str!("scripts/begin.lua"));
/// Ends one.
pub(super) static END: Script = Script::new(include_str!("scripts/end.lua"));
/// Renews a lease.
pub(super) static RENEW: Script = Script::new(include_str!("scripts/renew.lua"));

/// Those of every turn.
pub(super) static ALL: [&Script; 3] = [&BEGIN, &END, &RENEW];

/// A script of ours. It is named by its hash, and sent whole where the store does not have it.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    hash: OnceLock<String>,
}

impl Script {
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, hash: OnceLock::new() }
    }

    pub(super) const fn text(&self) -> &'static str {
        self.text
    }

    fn hash(&self) -> &str {
        self.hash.get_or_init(|| redis::Script::new(self.text).get_hash().to_owned())
    }
}

/// Told what became of a command, on the thread of the connections.
pub(super) type Done = Box<dyn FnOnce(Result<Value, Trouble>) + Send>;

/// A command on its way.
pub(super) struct Command {
    cmd: Cmd,
    /// The script that it runs, to be sent whole where the store has lost it.
    script: Option<(&'static Script, Vec<Vec<u8>>, usize)>,
    done: Done,
}

impl Command {
    /// A command of one word or more.
    pub(super) fn plain(cmd: Cmd, done: impl FnOnce(Result<Value, Trouble>) + Send + 'static) -> Self {
        Self { cmd, script: None, done: Box::new(done) }
    }

    /// A script: the first `keys` of `args` are keys.
    pub(super) fn script(
        script: &'static Script,
        keys: usize,
        args: Vec<Vec<u8>>,
        done: impl FnOnce(Result<Value, Trouble>) + Send + 'static,
    ) -> Self {
        let cmd = call("EVALSHA", script.hash().as_bytes(), keys, &args);
        Self { cmd, script: Some((script, args, keys)), done: Box::new(done) }
    }

    pub(super) fn fail(self, trouble: Trouble) {
        (self.done)(Err(trouble));
    }
}

fn call(name: &str, script: &[u8], keys: usize, args: &[Vec<u8>]) -> Cmd {
    let mut cmd = redis::cmd(name);
    cmd.arg(script).arg(keys);
    for arg in args {
        cmd.arg(&arg[..]);
    }
    cmd
}

/// A host that vanishes without a word is noticed within seconds, not after the kernel's quarter of an hour. One that is only
/// stopped still answers for its kernel, and is waited for.
fn tcp() -> TcpSettings {
    let probes = TcpKeepalive::new().with_time(VANISHED).with_interval(VANISHED / 3).with_retries(3);
    TcpSettings::default().set_keepalive(probes).set_user_timeout(VANISHED)
}

fn alive(url: &str) -> Result<ConnectionInfo, RedisError> {
    Ok(url.into_connection_info()?.set_tcp_settings(tcp()))
}

/// The way to one store.
#[derive(Debug, Clone)]
pub(super) struct Address {
    client: Client,
    /// Of a cluster's other nodes, too.
    certificates: Option<TlsCertificates>,
}

impl Address {
    /// Reads the URL, and the file of the authority where one is named.
    pub(super) fn parse(settings: &StoreUrl) -> Result<Self, RedisError> {
        let url = std::str::from_utf8(settings.url.expose()).unwrap_or_default();
        let Some(ca) = settings.ca.as_ref().filter(|_| url.starts_with("rediss:")) else {
            return Ok(Self { client: Client::open(alive(url)?)?, certificates: None });
        };
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(std::fs::read(ca)?) };
        let client = Client::build_with_tls(alive(url)?, certificates.clone())?;
        Ok(Self { client, certificates: Some(certificates) })
    }

    /// A connection that is used once.
    pub(super) async fn once(&self) -> Result<MultiplexedConnection, RedisError> {
        timely(self.client.get_multiplexed_async_connection()).await
    }

    /// A connection for the messages that replicas send each other.
    pub(super) async fn subscribe(&self, channel: &[u8]) -> Result<redis::aio::PubSub, RedisError> {
        let mut messages = timely(self.client.get_async_pubsub()).await?;
        timely(messages.subscribe(channel)).await?;
        Ok(messages)
    }

    async fn connect(&self, health: &Health) -> Result<Wire, RedisError> {
        // A store that is only stopped answers later; who waits has a patience of their own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE);
        let mut one = timely(self.client.get_multiplexed_async_connection_with_config(&config)).await?;
        let info: String = timely(redis::cmd("INFO").arg("cluster").query_async(&mut one)).await.unwrap_or_default();
        // A first begin that does not know the clock would be too old, and be asked again behind others.
        if let Ok(clock) = timely(redis::cmd("TIME").query_async::<(i64, i64)>(&mut one)).await {
            health.forget_time();
            health.tells_time(clock.0.saturating_mul(1000).saturating_add(clock.1 / 1000));
        }
        let mut wire = if info.contains("cluster_enabled:1") {
            let mut nodes = ClusterClient::builder(vec![self.client.get_connection_info().clone()])
                .connection_timeout(CONNECT)
                .tcp_settings(tcp())
                .retries(CLUSTER_TRIES)
                .min_retry_wait(CLUSTER_WAIT.0)
                .max_retry_wait(CLUSTER_WAIT.1);
            if let Some(certificates) = &self.certificates {
                nodes = nodes.certs(certificates.clone());
            }
            Wire::Cluster(Box::new(timely(nodes.build()?.get_async_connection()).await?))
        } else {
            Wire::Single(one)
        };
        // What is sent whole later would be overtaken by what follows it.
        for script in ALL {
            let mut load = redis::cmd("SCRIPT");
            load.arg("LOAD").arg(script.text);
            timely(wire.send(&load)).await?;
        }
        Ok(wire)
    }
}

async fn timely<T>(work: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    let late = |_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    tokio::time::timeout(CONNECT, work).await.map_err(late)?
}

/// A connection to one server, or to the nodes of a cluster.
#[derive(Clone)]
enum Wire {
    Single(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
}

impl Wire {
    async fn send(&mut self, cmd: &Cmd) -> Result<Value, RedisError> {
        let answer = match self {
            Self::Single(one) => one.send_packed_command(cmd).await,
            Self::Cluster(all) => all.req_packed_command(cmd).await,
        };
        answer?.extract_error()
    }
}

/// Where commands are queued.
#[derive(Debug, Clone)]
pub(super) struct Link(Sender<Command>);

impl Link {
    /// A connection that is to be driven by [`drive`].
    pub(super) fn new() -> (Self, Receiver<Command>) {
        let (sender, commands) = channel(QUEUE);
        (Self(sender), commands)
    }

    /// Queues a command; one that finds no room fails at once.
    pub(super) fn send(&self, command: Command) {
        if let Err(error) = self.0.try_send(command) {
            error.into_inner().fail(Trouble::Slow);
        }
    }
}

/// Drives one connection, and makes it again when it breaks, until nobody can queue any more.
pub(super) async fn drive(address: Address, mut commands: Receiver<Command>, health: Arc<Health>) {
    loop {
        let connected = {
            let connecting = address.connect(&health);
            tokio::pin!(connecting);
            loop {
                tokio::select! {
                    connected = &mut connecting => break connected,
                    command = commands.recv() => match command {
                        Some(command) => command.fail(Trouble::Gone),
                        None => return,
                    },
                }
            }
        };
        match connected {
            Ok(wire) => {
                if carry(wire, &mut commands, &health).await == End::Closed {
                    return;
                }
            }
            Err(error) => health.fall(Trouble::of(&error), &crate::fault::chain(&error)),
        }
        let wait = sleep(AGAIN);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => break,
                command = commands.recv() => match command {
                    Some(command) => command.fail(Trouble::Gone),
                    None => return,
                },
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum End {
    /// Nobody can queue any more.
    Closed,
    /// The connection is broken, or leads to the wrong server.
    Broken,
}

async fn carry(wire: Wire, commands: &mut Receiver<Command>, health: &Health) -> End {
    let mut out = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(command) => out.push(one(wire.clone(), command, health)),
                None => {
                    while out.next().await.is_some() {}
                    return End::Closed;
                }
            },
            Some(goes_on) = out.next() => {
                if !goes_on {
                    // What is out fails with the connection.
                    drop(wire);
                    while out.next().await.is_some() {}
                    return End::Broken;
                }
            }
        }
    }
}

/// Sends one command and tells what became of it; whether the connection can be used on.
async fn one(mut wire: Wire, command: Command, health: &Health) -> bool {
    let Command { cmd, script, done } = command;
    let mut answer = wire.send(&cmd).await;
    if let (Err(error), Some((script, args, keys))) = (&answer, script)
        && error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
    {
        answer = wire.send(&call("EVAL", script.text.as_bytes(), keys, &args)).await;
    }
    match answer {
        Ok(value) => {
            done(Ok(value));
            true
        }
        Err(error) => {
            let trouble = Trouble::of(&error);
            health.fall(trouble, &crate::fault::chain(&error));
            done(Err(trouble));
            // After a failover the name leads to another server.
            !(error.is_connection_dropped()
                || error.is_io_error()
                || matches!(trouble, Trouble::ReadOnly | Trouble::Gone))
        }
    }
}
