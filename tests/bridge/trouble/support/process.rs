//! The real program in a process of its own: to be killed, and to have its memory looked at.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tokio::net::TcpStream;

use super::ms;

pub(crate) struct Process {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Process {
    /// Starts it and waits until it serves.
    pub(crate) async fn start(bot: &str, keys: &[(&str, &str)]) -> Self {
        let (public, admin) = (free(), free());
        let mut command = Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
        command.arg("serve").args(["--bot", bot, "--listen", &public.to_string(), "--admin", &admin.to_string()]);
        for (key, value) in keys {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        #[allow(clippy::zombie_processes, reason = "waited for when dropped")]
        let child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        for _ in 0..1_000 {
            if TcpStream::connect(public).await.is_ok() {
                return Self { child, public, admin };
            }
            tokio::time::sleep(ms(10)).await;
        }
        panic!("it does not start");
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end; its exit code.
    pub(crate) async fn exited(&mut self) -> Option<i32> {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(ms(5)).await;
        }
    }

    /// A page of the operators' listener.
    pub(crate) async fn look(&self, path: &str) -> String {
        super::http::get(self.admin, path).await
    }

    /// Waits until `/readyz` says so of a bot.
    pub(crate) async fn until(&self, bot: &str, what: &str, number: usize) {
        for _ in 0..1_000 {
            let detail: serde_json::Value = serde_json::from_str(&self.look("/readyz").await).unwrap();
            let bots = detail["bots"].as_array().unwrap();
            if bots.iter().any(|own| own["bot"] == bot && own[what] == number) {
                return;
            }
            tokio::time::sleep(ms(10)).await;
        }
        panic!("{what} of {bot} never became {number}");
    }

    /// Bytes in memory.
    pub(crate) fn resident(&self) -> usize {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4096
    }

    /// Open files.
    pub(crate) fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that was free a moment ago. The program cannot be asked which one the system chose.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
