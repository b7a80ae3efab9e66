//! A bot that takes many calls at once, answers each when the test says so, and knows how many sockets are open.

use super::*;

/// One call that waits for its answer.
pub(crate) struct Call {
    /// The request's first line, and its body.
    pub(crate) line: String,
    pub(crate) body: String,
    wire: TcpStream,
    goes_on: std::sync::mpsc::Sender<()>,
}

impl Call {
    pub(crate) fn answer(mut self, answer: &str) {
        self.wire.write_all(answer.as_bytes()).unwrap();
        self.goes_on.send(()).unwrap();
    }

    /// The words of the user.
    pub(crate) fn content(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        body["content"].as_str().unwrap().to_owned()
    }
}

pub(crate) struct Crowd {
    address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
    most: Arc<AtomicUsize>,
}

impl Crowd {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (hears, calls) = mpsc::unbounded_channel();
        let (sockets, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let bot = Self { address, calls, sockets: Arc::clone(&sockets), most: Arc::clone(&most) };
        std::thread::spawn(move || {
            for tcp in listener.incoming().map(Result::unwrap) {
                let mut sockets = sockets.lock().unwrap();
                sockets.push(tcp.try_clone().unwrap());
                most.fetch_max(open(&mut sockets), Ordering::SeqCst);
                let hears = hears.clone();
                std::thread::spawn(move || serve(&tcp, &hears));
            }
        });
        bot
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next call.
    pub(crate) async fn next(&mut self) -> Call {
        self.calls.recv().await.unwrap()
    }

    /// Whether no call waits that was not taken.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.calls.try_recv().is_err()
    }

    /// Sockets that the bridge has not closed.
    pub(crate) fn open(&self) -> usize {
        open(&mut self.sockets.lock().unwrap())
    }

    /// The most that were open at once.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

fn open(sockets: &mut Vec<TcpStream>) -> usize {
    sockets.retain(|tcp| {
        let seen = socket2::SockRef::from(tcp)
            .recv_with_flags(&mut [std::mem::MaybeUninit::uninit()], libc::MSG_PEEK | libc::MSG_DONTWAIT);
        !matches!(seen, Ok(0))
    });
    sockets.len()
}

fn serve(tcp: &TcpStream, hears: &mpsc::UnboundedSender<Call>) {
    let mut reader = std::io::BufReader::new(tcp.try_clone().unwrap());
    loop {
        let (mut head, mut body) = (Vec::new(), Vec::new());
        while let Some(line) = line(&mut reader).filter(|line| !line.is_empty()) {
            head.push(line);
        }
        let Some(first) = head.first().cloned() else { return };
        let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: "));
        body.resize(length.map_or(0, |length| length.parse().unwrap()), 0);
        reader.read_exact(&mut body).unwrap();
        let (goes_on, answered) = std::sync::mpsc::channel();
        let body = String::from_utf8(body).unwrap();
        let call = Call { line: first, body, wire: tcp.try_clone().unwrap(), goes_on };
        if hears.send(call).is_err() || answered.recv().is_err() {
            return;
        }
    }
}

fn line(reader: &mut impl std::io::BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}
