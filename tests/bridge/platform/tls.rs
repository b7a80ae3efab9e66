//! TLS for those without a front proxy.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smartchat_bridge::runtime::Ending;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring};

use crate::support::*;

/// A new certificate for `bridge.test`, written where the bridge reads it.
fn issue(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["bridge.test".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

type Secured = StreamOwned<ClientConnection, TcpStream>;

/// A connection that trusts this certificate alone; the handshake is done.
fn connect(to: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<Secured> {
    secure(TcpStream::connect(to)?, trusted)
}

/// The handshake on a connection.
fn secure(mut stream: TcpStream, trusted: &CertificateDer<'static>) -> std::io::Result<Secured> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config =
        builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("bridge.test").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

fn call(stream: &mut (impl Read + Write)) -> Answer {
    let call = http::request("POST", "/skill", &[("Connection", "close")], Say::words(MINA, "안녕").body().as_bytes());
    http::talk(&mut BufReader::new(stream), &call).expect("an answer").valid("by TLS")
}

fn bridge(bot: &Bot, folder: &Path) -> Bridge {
    let files = format!("tls = {{ cert = \"{0}/cert.pem\", key = \"{0}/key.pem\" }}\n", folder.display());
    Bridge::start(&format!("{files}{}", bridge::shop(bot, "")))
}

#[test]
fn calls_come_by_tls_and_a_renewed_certificate_is_used_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = issue(folder.path());
    let bot = Bot::echo("봇");
    let bridge = bridge(&bot, folder.path());
    let mut kept = connect(bridge.public, &first).unwrap();
    assert_eq!(call(&mut connect(bridge.public, &first).unwrap()).text(), "봇: 안녕");

    let second = issue(folder.path());
    let tls = bridge.running().tls().unwrap();
    tls.prepare().unwrap().install();
    assert!(connect(bridge.public, &first).is_err());
    assert_eq!(call(&mut connect(bridge.public, &second).unwrap()).text(), "봇: 안녕");
    // A connection from before goes on, and a file that is spoilt changes nothing.
    assert_eq!(call(&mut kept).text(), "봇: 안녕");
    std::fs::write(folder.path().join("cert.pem"), "spoilt").unwrap();
    assert!(tls.prepare().is_err());
    assert_eq!(call(&mut connect(bridge.public, &second).unwrap()).text(), "봇: 안녕");
}

#[test]
fn plain_http_and_silence_on_the_tls_port_harm_nobody_and_do_not_hold_up_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = issue(folder.path());
    let bot = Bot::echo("봇");
    let bridge = bridge(&bot, folder.path());
    let silent: Vec<_> = (0..20).map(|_| TcpStream::connect(bridge.public).unwrap()).collect();
    for _ in 0..20 {
        let answer = post(bridge.public, "/skill", &[], Say::words(MINA, "몰래"));
        assert_eq!(answer.status, 0, "{}", answer.body);
    }
    assert_eq!(call(&mut connect(bridge.public, &trusted).unwrap()).text(), "봇: 안녕");
    assert_eq!(bot.asked(), [format!("POST /message {MINA} text 안녕")]);
    let started = Instant::now();
    assert_eq!(bridge.stop(), Ending::Drained);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    drop(silent);
}

/// S6: accepted before the stop, its first bytes still on the way, as without TLS.
#[test]
fn a_stop_waits_for_a_handshake_that_is_on_its_way() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = issue(folder.path());
    let bot = Bot::echo("봇");
    let bridge = bridge(&bot, folder.path());
    let stream = TcpStream::connect(bridge.public).unwrap();
    eventually("it is accepted", || bridge.running().in_flight().1 >= 1);
    bridge.signal();
    eventually("it is not ready", || !bridge.running().is_ready());
    assert_eq!(call(&mut secure(stream, &trusted).unwrap()).text(), "봇: 안녕");
    assert_eq!(bridge.wait(), Ending::Drained);
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    issue(folder.path());
    let key = std::fs::read(folder.path().join("key.pem")).unwrap();
    issue(folder.path());
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    let (_folder, path) = bridge::file(&format!(
        "tls = {{ cert = \"{0}/cert.pem\", key = \"{0}/key.pem\" }}\n[bots.shop]\nurl = \"http://old-bot\"\n",
        folder.path().display()
    ));
    let sources = smartchat_bridge::config::load::Sources { file: Some(&path), ..Default::default() };
    let settings = smartchat_bridge::config::load::load(&sources).unwrap().settings;
    let refused = smartchat_bridge::runtime::start(settings).err().expect("a key of another certificate was taken");
    assert!(refused.to_string().contains("key.pem"), "{refused}");
}

/// The farewell of a TLS client is bytes to the kernel: the close must be seen behind them.
#[test]
fn a_caller_by_tls_that_hangs_up_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = issue(folder.path());
    for says_farewell in [true, false] {
        let bot = Bot::scripted([words("답").after(ms(600)), words("둘째 답")]);
        let bridge = bridge(&bot, folder.path());
        let mut caller = connect(bridge.public, &trusted).unwrap();
        caller.write_all(&http::request("POST", "/skill", &[], Say::words(MINA, "하나").body().as_bytes())).unwrap();
        caller.flush().unwrap();
        eventually("the bot was asked", || bot.messages().len() == 1);
        // What lies unread when it closes, as the tickets of the handshake do, makes the kernel send a reset.
        caller.sock.set_read_timeout(Some(ms(50))).unwrap();
        assert!(caller.read(&mut [0]).is_err(), "nothing but tickets has come");
        if says_farewell {
            caller.conn.send_close_notify();
            caller.flush().unwrap();
        }
        drop(caller);
        bridge.settled();
        assert_eq!(call(&mut connect(bridge.public, &trusted).unwrap()).text(), "답\n둘째 답", "{says_farewell}");
    }
}
