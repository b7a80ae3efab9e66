//! A scripted server: a thread that takes one connection after the other and does what the script says.

use super::*;

pub(crate) trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// One connection, seen from the bot.
pub(crate) struct Peer {
    pub(crate) wire: Box<dyn Wire>,
    /// Which connection this is, from 0.
    pub(crate) number: usize,
    heard: Arc<Mutex<Vec<String>>>,
    closed: mpsc::UnboundedSender<()>,
}

impl Peer {
    /// Reads one request and notes it down; `None` when the client closed instead.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut request = Vec::new();
        let mut byte = [0_u8; 1];
        while !request.ends_with(b"\r\n\r\n") {
            if self.wire.read(&mut byte).unwrap_or(0) == 0 {
                return None;
            }
            request.push(byte[0]);
        }
        let head = String::from_utf8(request).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0_u8; length];
        self.wire.read_exact(&mut body).unwrap();
        let request = head + &String::from_utf8(body).unwrap();
        self.heard.lock().unwrap().push(request.clone());
        Some(request)
    }

    /// Writes, as far as anyone listens.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let written = self.wire.write_all(bytes.as_ref());
        written.and_then(|()| self.wire.flush()).ok();
    }

    /// Writes until the peer has gone or `most` bytes went out; how many went out.
    pub(crate) fn pour(&mut self, chunk: &[u8], most: usize) -> usize {
        let mut poured = 0;
        while poured < most && self.wire.write_all(chunk).is_ok() {
            poured += chunk.len();
        }
        poured
    }

    /// Hears requests and answers each with `answer`, until the client closes.
    pub(crate) fn serve(&mut self, answer: &str) {
        while self.hear().is_some() {
            self.say(answer);
        }
    }

    /// Waits until the client has closed.
    pub(crate) fn wait_for_close(&mut self) {
        while self.wire.read(&mut [0; 64]).unwrap_or(0) > 0 {}
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.wire = Box::new(std::io::empty());
        self.closed.send(()).ok();
    }
}

pub(crate) struct Bot {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    closed: mpsc::UnboundedReceiver<()>,
}

impl Bot {
    pub(crate) fn scripted(script: impl FnMut(&mut Peer) + Send + 'static) -> Self {
        Self::wrapped(|tcp| Some(Box::new(tcp)), script)
    }

    pub(crate) fn tls(config: rustls::ServerConfig, script: impl FnMut(&mut Peer) + Send + 'static) -> Self {
        let config = Arc::new(config);
        let wrap = move |mut tcp: TcpStream| -> Option<Box<dyn Wire>> {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            while tls.is_handshaking() {
                tls.complete_io(&mut tcp).ok()?;
            }
            Some(Box::new(rustls::StreamOwned::new(tls, tcp)))
        };
        Self::wrapped(wrap, script)
    }

    fn wrapped(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Wire>> + Send + 'static,
        mut script: impl FnMut(&mut Peer) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (closes, closed) = mpsc::unbounded_channel();
        let bot = Self { address, heard: Arc::clone(&heard), connections: Arc::clone(&connections), closed };
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                if let Some(wire) = wrap(tcp.unwrap()) {
                    let (heard, closed) = (Arc::clone(&heard), closes.clone());
                    script(&mut Peer { wire, number, heard, closed });
                }
            }
        });
        bot
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until the bot has closed one more connection.
    pub(crate) async fn closed(&mut self) {
        self.closed.recv().await.unwrap();
    }
}
