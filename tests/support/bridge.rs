//! A bridge: in this process, or as the real program in a process of its own. Both on ports of their own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use smartchat_bridge::config::load::{Flag, Sources, load};
use smartchat_bridge::runtime::{self, Ending, Running, Stop};
use tempfile::TempDir;

use super::answer::Answer;
use super::bot::Bot;
use super::http::{self, Client};
use super::say::Say;
use super::{PATIENCE, until};

/// Where a bridge is reached, and who calls there.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub public: SocketAddr,
    pub admin: SocketAddr,
    /// No answer may take longer, whatever happens.
    pub at_most: Duration,
}

impl Doors {
    pub fn client(&self) -> Client {
        Client::connect(self.public)
    }

    /// A skill call on a connection of its own, and its valid answer in time.
    #[track_caller]
    pub fn say(&self, say: &Say) -> Answer {
        let answer = self.post(&say.path, &[], say.body()).valid(&say.path);
        assert!(answer.took < self.at_most, "answered after {:?}: {}", answer.took, answer.body);
        answer
    }

    /// Any bytes as a skill call.
    #[track_caller]
    pub fn send(&self, body: impl AsRef<[u8]>) -> Answer {
        self.client().post("/skill", body.as_ref()).expect("a response")
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: impl ToString) -> Answer {
        http::post(self.public, path, headers, body)
    }

    /// An event by the channel webhook, with the admin key `kakao-admin-key-of-shop`.
    #[track_caller]
    pub fn tell(&self, event: &Value) {
        let answer = self.post("/channel", &[("Authorization", "KakaoAK kakao-admin-key-of-shop")], event);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// A page of the operators' listener.
    pub fn look(&self, path: &str) -> Answer {
        http::get(self.admin, path)
    }

    pub fn metrics(&self) -> String {
        self.look("/metrics").body
    }

    /// A number of the metrics page; 0 where the series is missing.
    pub fn metric(&self, series: &str) -> f64 {
        let page = self.metrics();
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.parse().unwrap())
    }

    /// The sum of all samples of a metric whose labels hold `having`.
    pub fn sum(&self, metric: &str, having: &str) -> f64 {
        let page = self.metrics();
        let samples = page.lines().filter(|line| line.starts_with(metric) && line.contains(having));
        samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    pub fn readiness(&self) -> Value {
        self.look("/readyz").json()
    }

    /// What `/readyz` says of a bot.
    pub fn detail(&self, bot: &str) -> Value {
        let readiness = self.readiness();
        readiness["bots"].as_array().unwrap().iter().find(|own| own["bot"] == bot).unwrap().clone()
    }
}

/// A bridge in this process. Runs until it is dropped.
pub struct Bridge {
    doors: Doors,
    stop: Stop,
    running: Option<Running>,
    _folder: Option<TempDir>,
}

impl Deref for Bridge {
    type Target = Doors;

    fn deref(&self) -> &Doors {
        &self.doors
    }
}

/// A whole configuration file: listeners on ports of the system's choice, and what the test adds.
pub fn file(rest: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.toml");
    let listen = if rest.starts_with("listen") { "" } else { "listen = \"127.0.0.1:0\"\n" };
    let top = "workers = 2\ngrace = \"5s\"\nadmin.listen = \"127.0.0.1:0\"\n";
    std::fs::write(&path, format!("{listen}{top}{rest}\n")).unwrap();
    (folder, path)
}

/// The section of one bot called `shop`.
pub fn shop(bot: &Bot, own: &str) -> String {
    format!("[bots.shop]\nurl = \"{}\"\n{own}\n", bot.url())
}

impl Bridge {
    /// From a file as an operator would write it, with the bots and settings of `rest`.
    #[track_caller]
    pub fn start(rest: &str) -> Self {
        super::logs::capture();
        let (folder, path) = file(rest);
        let mut bridge = Self::of_sources(&Sources { file: Some(&path), ..Sources::default() });
        bridge._folder = Some(folder);
        bridge
    }

    /// One bot called `shop`, with these lines of its own.
    #[track_caller]
    pub fn of(bot: &Bot, own: &str) -> Self {
        Self::start(&shop(bot, own))
    }

    /// In front of the bot at `url`, with these keys set.
    #[track_caller]
    pub fn before(url: &str, keys: &[(&str, &str)]) -> Self {
        let fixed = [
            ("bots.default.url", url),
            ("listen", "127.0.0.1:0"),
            ("admin.listen", "127.0.0.1:0"),
            ("workers", "2"),
            ("grace", "5s"),
        ];
        let flag = |(key, value): &(&str, &str)| Flag {
            key: (*key).to_owned(),
            value: (*value).to_owned(),
            name: format!("--{key}"),
        };
        let flags = fixed.iter().filter(|(key, value)| !value.is_empty() && keys.iter().all(|(own, _)| own != key));
        Self::of_sources(&Sources { flags: flags.chain(keys).map(flag).collect(), ..Sources::default() })
    }

    #[track_caller]
    fn of_sources(sources: &Sources<'_>) -> Self {
        let settings = load(sources).unwrap_or_else(|problems| panic!("{problems}")).settings;
        let running = runtime::start(settings).unwrap_or_else(|error| panic!("{error}"));
        let doors = Doors { public: running.public(), admin: running.admin(), at_most: Duration::from_secs(5) };
        Self { doors, stop: running.stop_handle(), running: Some(running), _folder: None }
    }

    /// Holds it to shorter times.
    pub fn at_most(mut self, at_most: Duration) -> Self {
        self.doors.at_most = at_most;
        self
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Turns and tasks that are still there.
    pub fn busy(&self) -> (usize, usize) {
        self.running().in_flight()
    }

    /// Puts another file in force, with the bots and settings of `rest`.
    #[track_caller]
    pub fn reload(&self, rest: &str) {
        let (_folder, path) = file(rest);
        let settings = load(&Sources { file: Some(&path), ..Sources::default() });
        let settings = settings.unwrap_or_else(|problems| panic!("{problems}")).settings;
        self.running().reload(settings).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Waits until no turn is left: what had to be parked is parked.
    pub fn settled(&self) {
        super::eventually("no turn is left", || self.busy().0 == 0);
    }

    /// Asks it to stop; a second time, to stop now.
    pub fn signal(&self) {
        self.stop.signal();
    }

    /// Stops gently and waits for the end.
    pub fn stop(self) -> Ending {
        self.signal();
        self.wait()
    }

    /// Waits for the end of a stop.
    pub fn wait(mut self) -> Ending {
        self.running.take().unwrap().wait()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stop.signal();
        self.stop.signal();
        if let Some(running) = self.running.take() {
            running.wait();
        }
    }
}

/// The real program in a process of its own; killed when dropped.
pub struct Program {
    child: Child,
    doors: Doors,
    lines: Mutex<Receiver<String>>,
    pub log: Arc<Mutex<String>>,
}

impl Deref for Program {
    type Target = Doors;

    fn deref(&self) -> &Doors {
        &self.doors
    }
}

impl Program {
    /// `serve` before the bot at `url`.
    pub fn before(url: &str, more: &[&str]) -> Self {
        Self::start(&[&["--bot", url], more].concat(), &[])
    }

    /// The same with these keys set.
    pub fn with(url: &str, keys: &[(&str, &str)]) -> Self {
        let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Self::before(url, &keys.iter().flat_map(|key| ["--set", key]).collect::<Vec<_>>())
    }

    /// `serve` with a configuration file.
    pub fn with_file(file: &Path) -> Self {
        Self::start(&["--config", file.to_str().unwrap()], &[])
    }

    /// Starts `serve`, on free ports unless the arguments name some, and waits for its line that says where it serves.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_smartchat-bridge")), arguments, environment)
    }

    /// The same by another command that ends in the binary.
    pub fn run(mut command: Command, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        command.arg("serve").args(arguments).envs(environment.iter().copied());
        for flag in ["--listen", "--admin"] {
            if !arguments.contains(&flag) && !arguments.contains(&"--admin") {
                command.args([flag, "127.0.0.1:0"]);
            }
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
                let _unheard = sender.send(line);
            }
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let doors = Doors { public: nowhere, admin: nowhere, at_most: Duration::from_secs(5) };
        let mut program = Self { child, doors, lines: Mutex::new(lines), log };
        let line = program.wait_for("the bridge serves");
        program.doors.public = field(&line, "public").parse().unwrap();
        program.doors.admin = field(&line, "admin").parse().unwrap();
        program
    }

    /// What it prints on standard output, up to the line that holds `words`.
    #[track_caller]
    pub fn printed_until(&mut self, words: &str) -> String {
        self.printed_until_times(words, 1)
    }

    /// What it prints on standard output, up to the line that holds `words` for the so-manieth time.
    #[track_caller]
    pub fn printed_until_times(&mut self, words: &str, times: usize) -> String {
        let mut out = BufReader::new(self.child.stdout.take().unwrap());
        let mut printed = String::new();
        while printed.matches(words).count() < times {
            assert_ne!(out.read_line(&mut printed).unwrap(), 0, "no {words:?} in {printed}");
        }
        printed
    }

    /// The next log line that holds `words`.
    #[track_caller]
    pub fn wait_for(&self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.lock().unwrap().recv_timeout(left) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(_) => panic!("no line with {words:?} in\n{}", self.log.lock().unwrap()),
            }
        }
    }

    /// Stops it; everything it has logged.
    #[track_caller]
    pub fn whole_log(&mut self) -> String {
        self.signal("TERM");
        self.ended();
        // The end of the lines is the end of what it wrote.
        while self.lines.lock().unwrap().recv_timeout(PATIENCE).is_ok() {}
        self.log.lock().unwrap().clone()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for the end; the exit code.
    #[track_caller]
    pub fn ended(&mut self) -> i32 {
        ended(&mut self.child)
    }

    /// Bytes in memory.
    pub fn resident(&self) -> usize {
        super::resident(&self.child.id().to_string())
    }

    /// Open files.
    pub fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Sends a signal by name.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.unwrap().success());
}

/// Waits for the end of a process; its exit code.
#[track_caller]
pub fn ended(child: &mut Child) -> i32 {
    until("it to end", || Some(child.try_wait().unwrap()?.code().unwrap_or(-1)))
}

/// A field of a log line in either format.
fn field(line: &str, name: &str) -> String {
    if let Ok(line) = serde_json::from_str::<Value>(line) {
        return line[name].as_str().unwrap().to_owned();
    }
    let behind = line.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {line}")).1;
    behind.split(' ').next().unwrap_or_default().to_owned()
}
