//! TLS and plain HTTP at the wrong port: who sets up a URL sees why nothing comes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::*;

/// The first bytes of a TLS client: a handshake record that announces a ClientHello.
const HELLO: &[u8] = &[0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00];

/// Sends `bytes` and waits until the bridge has closed the connection.
fn speak(to: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // The bridge may reset it: what it says is not what is looked at here.
    let _closed = stream.read_to_end(&mut answer);
}

fn told(log: &str, words: &str) -> Vec<String> {
    log.lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
}

#[test]
fn tls_spoken_to_a_plain_port_is_told_once_with_the_peer_and_the_remedy() {
    let bot = old_bot("bot");
    let url = bot.url();
    let mut bridge = Program::before(&url, &["--set", "workers=1"]);
    for _ in 0..50 {
        speak(bridge.public, HELLO);
    }
    // Rubbish is no TLS.
    speak(bridge.public, b"\x16\x01\x02\x03\r\n\r\n");
    let line = bridge.wait_for("TLS was spoken to the public port");
    assert!(line.contains("\"peer\":\"127.0.0.1:") && line.contains("tls.cert") && line.contains("http://"), "{line}");
    let log = bridge.whole_log();
    assert_eq!(told(&log, "TLS was spoken").len(), 1, "{log}");
}

#[test]
fn tls_spoken_to_the_operators_port_is_told() {
    let bot = old_bot("bot");
    let bridge = Program::before(&bot.url(), &[]);
    speak(bridge.admin, HELLO);
    assert!(bridge.wait_for("TLS was spoken to the operators' port").contains("http://"));
}

#[test]
fn plain_http_spoken_to_a_tls_port_is_told_once_with_the_peer_and_the_remedy() {
    let bot = old_bot("bot");
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["bridge.test".to_owned()]).unwrap();
    std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let file = folder.path().join("bridge.toml");
    let text = format!(
        "workers = 1\ntls = {{ cert = \"cert.pem\", key = \"key.pem\" }}\n[bots.shop]\nurl = \"{}\"\n",
        bot.url()
    );
    std::fs::write(&file, text).unwrap();
    let mut bridge = Program::with_file(&file);
    for _ in 0..50 {
        speak(bridge.public, b"POST /skill HTTP/1.1\r\nHost: bridge.test\r\nContent-Length: 2\r\n\r\n{}");
    }
    let line = bridge.wait_for("was spoken to the public port, which speaks TLS");
    assert!(line.contains("\"peer\":\"127.0.0.1:") && line.contains("https://"), "{line}");
    let log = bridge.whole_log();
    assert_eq!(told(&log, "which speaks TLS").len(), 1, "{log}");
}
