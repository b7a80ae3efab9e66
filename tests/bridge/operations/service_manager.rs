//! What a service manager hears on its socket (`Type=notify`): a real datagram socket, the real program.

use std::fs;
use std::os::unix::net::UnixDatagram;

use super::*;

/// The manager's socket, and the program that was started with it.
struct Managed {
    socket: UnixDatagram,
    bridge: Program,
    config: std::path::PathBuf,
    bot: Bot,
    _folder: tempfile::TempDir,
}

impl Managed {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, config) = (folder.path().join("notify"), folder.path().join("bridge.toml"));
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let bot = old_bot("bot");
        write(&config, &bot, "");
        let bridge =
            Program::start(&["--config", config.to_str().unwrap()], &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
        Self { socket, bridge, config, bot, _folder: folder }
    }

    /// The next word.
    #[track_caller]
    fn hears(&self) -> String {
        let mut word = [0; 4096];
        let count = self.socket.recv(&mut word).expect("a word of the bridge");
        String::from_utf8(word[..count].to_vec()).unwrap()
    }

    /// A reload is told with the time at which it began, on the clock that the manager compares with its own.
    #[track_caller]
    fn hears_of_a_reload(&self) {
        let word = self.hears();
        let began = word.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{word:?}"));
        assert!(began.trim_end().parse::<u64>().is_ok_and(|began| began > 0), "{word:?}");
    }
}

fn write(config: &std::path::Path, bot: &Bot, more: &str) {
    fs::write(config, format!("{more}\n[bots.default]\nurl = \"{}\"\n", bot.url())).unwrap();
}

#[test]
fn the_manager_hears_that_the_bridge_serves_when_its_ports_are_open() {
    let managed = Managed::start();
    assert!(managed.hears().starts_with("READY=1\n"));
    assert_eq!(managed.bridge.say(&Say::words(MINA, "급식")).text(), "bot: 급식");
}

#[test]
fn a_reload_is_told_from_its_beginning_to_its_end_whichever_way_it_ends() {
    let managed = Managed::start();
    managed.hears();
    managed.bridge.signal("HUP");
    managed.hears_of_a_reload();
    assert_eq!(managed.hears(), "READY=1\nSTATUS=serving\n");
    write(&managed.config, &managed.bot, "nonsense = true");
    // By itself, for the file has changed.
    managed.hears_of_a_reload();
    let refused = managed.hears();
    assert!(refused.starts_with("READY=1\nSTATUS=serving; the new configuration is refused"), "{refused:?}");
}

#[test]
fn a_stop_is_told_before_the_end() {
    let mut managed = Managed::start();
    managed.hears();
    managed.bridge.signal("TERM");
    assert!(managed.hears().starts_with("STOPPING=1\n"));
    assert_eq!(managed.bridge.ended(), 0);
}

#[test]
fn a_bridge_that_cannot_serve_never_says_that_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    command.args(["serve", "--bot", "http://127.0.0.1:1", "--listen", &address, "--admin", "127.0.0.1:0"]);
    let ended = command.env("NOTIFY_SOCKET", &path).output().unwrap();
    assert_eq!(ended.status.code(), Some(78));
    socket.set_nonblocking(true).unwrap();
    assert_eq!(socket.recv(&mut [0; 64]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
