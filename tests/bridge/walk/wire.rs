//! What passes between the bridge and a bot.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::http::Message;
use crate::support::recorded::Said;
use crate::support::*;

/// One exchange between the bridge and the bot.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub asked: Asked,
    /// The response's head and body as they came; empty while nothing has come.
    pub answered: Vec<u8>,
}

impl Exchange {
    /// The status and the body, or `None` when no whole response came.
    pub fn response(&self) -> Option<(u16, Vec<u8>)> {
        let message = Message::read(&mut BufReader::new(&*self.answered))?;
        Some((message.word(1).parse().ok()?, message.body))
    }

    /// What a user must read of it; `None` when the bot gave nothing usable.
    pub fn said(&self) -> Option<Said> {
        let (status, body) = self.response()?;
        if status == 200 { Said::read(&body) } else { None }
    }
}

/// Stands between bridge and bot and writes down what passes.
#[derive(Clone)]
pub struct Wire {
    log: Arc<Mutex<Vec<Exchange>>>,
    pub address: SocketAddr,
}

impl Wire {
    pub fn to(bot: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Self { log: Arc::default(), address: listener.local_addr().unwrap() };
        let tapped = wire.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(bot) else { continue };
                let tapped = tapped.clone();
                thread::spawn(move || tapped.carry(client, server));
            }
        });
        wire
    }

    fn carry(&self, client: TcpStream, server: TcpStream) {
        let open = Arc::new(Mutex::new(None::<usize>));
        let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let (this, place) = (self.clone(), Arc::clone(&open));
        let back = thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from_server.read(&mut buffer) {
                // Written down before it is passed on, so that who has the answer finds it here.
                if let Some(place) = *place.lock().unwrap() {
                    this.log.lock().unwrap()[place].answered.extend_from_slice(&buffer[..count]);
                }
                if to_client.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            let _gone = to_client.shutdown(std::net::Shutdown::Both);
        });
        let mut from_client = BufReader::new(Recorder { stream: client, seen: Vec::new() });
        let mut to_server = server;
        while from_client.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            let Some(message) = Message::read(&mut from_client) else { break };
            let asked = Asked::new(message);
            {
                let mut log = self.log.lock().unwrap();
                log.push(Exchange { asked, answered: Vec::new() });
                *open.lock().unwrap() = Some(log.len() - 1);
            }
            let bytes = std::mem::take(&mut from_client.get_mut().seen);
            if to_server.write_all(&bytes).is_err() {
                break;
            }
        }
        let _gone = to_server.shutdown(std::net::Shutdown::Both);
        let _gone = back.join();
    }

    /// How much has passed so far.
    pub fn mark(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// What has passed since.
    pub fn since(&self, mark: usize) -> Vec<Exchange> {
        self.log.lock().unwrap()[mark..].to_vec()
    }
}

/// Keeps the bytes that are read, to pass them on as they came.
struct Recorder {
    stream: TcpStream,
    seen: Vec<u8>,
}

impl Read for Recorder {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}
