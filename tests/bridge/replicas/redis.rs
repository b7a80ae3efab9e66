//! A Redis of its own on a free port, and a way to it that can be slow. `SMARTCHAT_REDIS=valkey-server` names another program,
//! in which all of these tests must hold.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::bridge::signal;
use crate::support::*;

pub(super) struct Redis {
    child: Child,
    pub(super) port: u16,
    folder: TempDir,
    arguments: Vec<String>,
}

impl Redis {
    /// `None`, said so, where no `redis-server` is installed.
    pub(super) fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// The same with more arguments.
    pub(super) fn with(arguments: &[&str]) -> Option<Self> {
        if Command::new(server()).arg("--version").stdout(Stdio::null()).status().is_err() {
            skip(&format!("{} is not installed", server()));
            return None;
        }
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        // Another process may take the port before Redis does.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let folder = tempfile::tempdir().unwrap();
            let child = run(port, &folder, &arguments);
            let mut redis = Self { child, port, folder, arguments: arguments.clone() };
            if redis.answers() {
                return Some(redis);
            }
        }
        panic!("Redis does not start");
    }

    fn answers(&mut self) -> bool {
        for _ in 0..1000 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.try_say("PING").is_some() {
                return true;
            }
            thread::sleep(ms(5));
        }
        false
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn try_say(&self, words: &str) -> Option<redis::Value> {
        let client = redis::Client::open(self.url()).ok()?;
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(1)).ok()?;
        let mut words = words.split(' ');
        let mut cmd = redis::cmd(words.next()?);
        words.for_each(|word| {
            cmd.arg(word);
        });
        cmd.query(&mut connection).ok()
    }

    /// Says a command; its answer.
    #[track_caller]
    pub(super) fn say(&self, words: &str) -> redis::Value {
        self.try_say(words).unwrap_or_else(|| panic!("{words} is refused"))
    }

    /// How often a command was called, by `INFO commandstats`.
    pub(super) fn calls(&self, command: &str) -> u64 {
        let redis::Value::BulkString(info) = self.say("INFO commandstats") else { panic!("no text") };
        let info = String::from_utf8(info).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }

    pub(super) fn keys(&self, pattern: &str) -> usize {
        let redis::Value::Array(keys) = self.say(&format!("KEYS {pattern}")) else { panic!("no list") };
        keys.len()
    }

    /// Stops it from running, as a machine that hangs.
    pub(super) fn pause(&self) {
        signal(&self.child, "STOP");
    }

    pub(super) fn go_on(&self) {
        signal(&self.child, "CONT");
    }

    /// As `kill -9` leaves it.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, with what it has kept.
    pub(super) fn start_again(&mut self) {
        self.begin_again(&[]);
        assert!(self.answers(), "Redis does not start again");
    }

    /// The same with more arguments, and without waiting until it is there.
    pub(super) fn begin_again(&mut self, arguments: &[&str]) {
        let more = arguments.iter().map(|argument| (*argument).to_owned());
        self.child = run(self.port, &self.folder, &self.arguments.iter().cloned().chain(more).collect::<Vec<_>>());
    }

    /// Its folder.
    pub(super) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }
}

fn server() -> String {
    variable("SMARTCHAT_REDIS").unwrap_or_else(|| "redis-server".to_owned())
}

fn run(port: u16, folder: &TempDir, arguments: &[String]) -> Child {
    let mut command = Command::new(server());
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder.path());
    command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A way to Redis on which every answer takes so long.
pub(super) struct SlowWay {
    pub(super) address: SocketAddr,
    delay: Arc<AtomicU64>,
    port: Arc<AtomicU16>,
}

impl SlowWay {
    pub(super) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let delay = Arc::new(AtomicU64::new(0));
        let port = Arc::new(AtomicU16::new(port));
        let (slow, leads) = (Arc::clone(&delay), Arc::clone(&port));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", leads.load(Ordering::SeqCst))) else { continue };
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                thread::spawn(move || carry(near, far, &AtomicU64::new(0)));
                let slow = Arc::clone(&slow);
                thread::spawn(move || carry(far_too, near_too, &slow));
            }
        });
        Self { address, delay, port }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// New connections lead there, as a name does after a failover.
    pub(super) fn leads_to(&self, port: u16) {
        self.port.store(port, Ordering::SeqCst);
    }

    pub(super) fn takes(&self, delay: Duration) {
        self.delay.store(delay.as_millis() as u64, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: &AtomicU64) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut bytes) {
        thread::sleep(ms(delay.load(Ordering::SeqCst)));
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _closed = to.shutdown(std::net::Shutdown::Both);
}
