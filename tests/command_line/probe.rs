//! `config check --probe`: what is said of bots whose messages would fail, and of those whose would not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

use super::support::{Bot, reply, status};
use super::{Ended, run};

/// A server that gives every request the same answer.
struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` is a whole HTTP response, `ADDRESS` in it the server's own.
    fn plain(answer: &str) -> Self {
        Self::start(answer, None)
    }

    fn start(answer: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = answer.replace("ADDRESS", &address.to_string());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                match &tls {
                    None => exchange(stream, &answer, &noted),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        exchange(StreamOwned::new(connection, stream), &answer, &noted)
                    }
                };
            }
        });
        Self { address, heads }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/kakao", self.address)
    }

    fn probe(&self) -> Ended {
        probe(&self.url("http"))
    }
}

/// The head is noted before the answer leaves: who has read the answer may count the heads at once.
fn exchange(mut stream: impl Read + Write, answer: &str, noted: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = String::new();
    {
        let mut reader = BufReader::new(&mut stream);
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
    }
    noted.lock().unwrap().push(head);
    stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).ok()
}

fn probe(url: &str) -> Ended {
    run(&["config", "check", "--probe", "--bot", url], b"")
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

const BUTTONS: &str = r#"{"type":"buttons","buttons":["하나","둘"]}"#;

#[test]
fn a_bot_that_redirects_is_a_finding_with_what_its_messages_will_get() {
    for (location, code, remedy) in [
        ("https://ADDRESS/kakao/keyboard", "SB3101", "Write url = \"https://ADDRESS/kakao\"."),
        (
            "http://ADDRESS/kakao/keyboard/",
            "SB3102",
            "\n    DirectorySlash Off\n    RewriteEngine On\n    RewriteRule ^(keyboard|message|friend)$ $1/index.php [L]\n",
        ),
        ("http://www.example.com/kakao/keyboard", "SB3103", "Write url = \"http://www.example.com/kakao\""),
        ("/login", "SB3104", "will fail"),
    ] {
        let bot = Server::plain(&response("301 Moved Permanently", &format!("Location: {location}\r\n"), ""));
        let ended = bot.probe();
        let remedy = remedy.replace("ADDRESS", &bot.address.to_string());
        assert!(ended.out(2).contains(code) && ended.out.contains(&remedy), "{location}: {ended:?}");
        let message = format!("POST http://{}/kakao/message", bot.address);
        assert!(ended.out.contains(&message) && ended.out.contains("301"), "{}", ended.out);
        let heads = bot.heads.lock().unwrap();
        assert!(heads.len() == 1 && heads[0].starts_with("GET /kakao/keyboard "), "only asked: {heads:?}");
    }
}

#[test]
fn a_bot_without_a_home_keyboard_is_no_finding() {
    for status in ["405 Method Not Allowed", "501 Not Implemented"] {
        let ended = Server::plain(&response(status, "", "<h1>no</h1>")).probe();
        assert!(ended.out(0).contains("SB3003") && ended.out.contains(&status[..3]), "{ended:?}");
    }
}

#[test]
fn a_path_with_nothing_at_it_is_never_called_good() {
    for (status, language, verdict) in [
        ("404 Not Found", "en", "Bots that may not be at the path it names: 1."),
        ("410 Gone", "ko", "그 경로에 봇이 있는지는 확인되지 않았습니다(봇 1개)."),
    ] {
        let bot = Server::plain(&response(status, "", "<h1>no</h1>"));
        let ended = run(&["config", "check", "--probe", "--bot", &bot.url("http"), "--lang", language], b"");
        assert!(ended.out(0).contains("SB3005") && ended.out.contains(&status[..3]), "{ended:?}");
        assert!(ended.out.lines().last().unwrap().contains(verdict), "{ended:?}");
        assert!(!ended.out.contains("is good") && !ended.out.contains("문제가 없"), "{ended:?}");
    }
}

/// A server that gives its keyboard below these paths, and 404 elsewhere.
fn keyboard_at(paths: &'static [&'static str]) -> Bot {
    Bot::new(move |asked| {
        let path = asked.first.split(' ').nth(1).unwrap_or_default();
        if paths.contains(&path) { reply(BUTTONS) } else { status(404, "no") }
    })
}

#[test]
fn a_url_that_ends_in_a_call_is_a_finding_unless_the_bot_lies_there() {
    // Apache hands a script what follows its name; `php -S` looks for an index.php upwards.
    for (paths, path) in [
        (&["/kakao/keyboard"][..], "/kakao/keyboard"),
        (&["/kakao/keyboard"], "/kakao/message"),
        (&["/kakao/keyboard", "/kakao/keyboard/keyboard"], "/kakao/keyboard"),
        (&["/kakao/keyboard/index.php/keyboard"], "/kakao/keyboard/index.php"),
        (&["/kakao/keyboard.php/keyboard"], "/kakao/keyboard.php"),
    ] {
        let bot = keyboard_at(paths);
        let ended = probe(&format!("{}{path}", bot.url()));
        assert!(ended.out(2).contains("SB3111"), "{path}: {ended:?}");
        assert!(ended.out.contains(&format!("Write url = \"{}/kakao\".", bot.url())), "{path}: {ended:?}");
        assert_eq!(ended.out.contains("SB3112"), path == "/kakao/keyboard.php", "{path}: {ended:?}");
    }
    for (paths, path) in [(&["/message/keyboard"][..], "/message"), (&["/index.php/keyboard"], "/index.php")] {
        let bot = keyboard_at(paths);
        let ended = probe(&format!("{}{path}", bot.url()));
        assert!(ended.out(0).contains("SB3001"), "{path}: {ended:?}");
    }
}

#[test]
fn a_bot_of_scripts_is_a_finding_at_the_right_url_too() {
    let bot = keyboard_at(&["/kakao/keyboard.php"]);
    let ended = probe(&format!("{}/kakao", bot.url()));
    assert!(ended.out(2).contains("SB3005") && ended.out.contains("SB3112"), "{ended:?}");
    assert!(ended.out.contains("\n    RewriteRule ^(keyboard|message|friend)$ $1.php [L]\n"), "{ended:?}");
}

#[test]
fn a_bot_that_does_not_admit_this_machine_or_has_no_keyboard_for_it_is_a_finding() {
    for (answer, code) in [
        (response("403 Forbidden", "", "no"), "SB3106"),
        (response("500 Internal Server Error", "", "<h1>500</h1>"), "SB3107"),
        (response("200 OK", "", "<html>Welcome to nginx!</html>"), "SB3108"),
        (response("200 OK", "", ""), "SB3108"),
        (response("200 OK", "", "\nPHP Fatal error:  Uncaught Error in /srv/bot.php on line 3\n"), "SB3110"),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), "SB3213"),
    ] {
        let ended = Server::plain(&answer).probe();
        assert!(ended.out(2).contains(code), "{answer}: {ended:?}");
        assert!(!ended.out.contains("nginx") && !ended.out.contains("/srv"), "nothing of the page is shown: {ended:?}");
    }
}

#[test]
fn the_verdict_is_the_last_line_and_good_only_where_every_bot_is() {
    let good = Server::plain(&response("200 OK", "", BUTTONS)).probe();
    let last = good.out(0).lines().last().unwrap();
    assert!(last.starts_with("The configuration is good, and the bot answers. No message was sent"), "{last}");
    for (language, verdict) in [("en", "Bots with a problem: 1. "), ("ko", "고쳐야 할 봇: 1개. ")] {
        let ended = run(&["config", "check", "--probe", "--bot", "http://127.0.0.1:1", "--lang", language], b"");
        assert!(ended.out(2).lines().last().unwrap().starts_with(verdict), "{ended:?}");
        assert!(!ended.out.contains("is good") && !ended.out.contains("문제가 없습니다. 봇"), "{ended:?}");
    }
}

#[test]
fn a_refused_connection_says_what_loopback_means_in_a_container() {
    for bot in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
        let ended = probe(bot);
        assert!(ended.out(2).contains("[SB3209]") && ended.out.contains("host.docker.internal"), "{ended:?}");
    }
    // `connect` leads the name to this machine.
    let connect = ["--set", "bots.default.connect=127.0.0.1:1"];
    let ended = run(&[&["config", "check", "--probe", "--bot", "http://bot.example"][..], &connect].concat(), b"");
    assert!(ended.out(2).contains("[SB3209]"), "{ended:?}");
}

#[test]
fn differences_of_the_home_keyboard_are_told_and_no_finding() {
    let body = format!("<br />\n<b>Warning</b>:  Undefined index in <b>/a.php</b> on line <b>3</b><br />\n{BUTTONS}");
    let ended = Server::plain(&response("200 OK", "", &body)).probe();
    assert!(ended.out(0).contains("2 buttons") && ended.out.contains("SB3004"), "{ended:?}");
    assert!(ended.out.contains("reply.php_message"), "{}", ended.out);
}

/// A certificate for `127.0.0.1` as `change` wants it; its PEM beside it.
fn issued(change: impl FnOnce(&mut rcgen::CertificateParams)) -> (Arc<ServerConfig>, String) {
    let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    (Arc::new(config.with_single_cert(chain, key).unwrap()), certificate.pem())
}

fn probe_with_ca(url: &str, folder: &Path, pem: &str) -> Ended {
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, pem).unwrap();
    let ca = format!("bots.default.ca={}", ca.display());
    run(&["config", "check", "--probe", "--bot", url, "--set", &ca], b"")
}

#[test]
fn tls_problems_are_told_with_their_remedy() {
    let good = response("200 OK", "", BUTTONS);
    let folder = tempfile::tempdir().unwrap();

    let (config, pem) = issued(|_| {});
    let bot = Server::start(&good, Some(config));
    let unknown = probe(&bot.url("https"));
    assert!(unknown.out(2).contains("SB3206") && unknown.out.contains("`ca`"), "{unknown:?}");
    // The trust of the configuration is the probe's too.
    assert!(probe_with_ca(&bot.url("https"), folder.path(), &pem).out(0).contains("2 buttons"));

    let (config, pem) = issued(|params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let bot = Server::start(&good, Some(config));
    assert!(probe_with_ca(&bot.url("https"), folder.path(), &pem).out(2).contains("SB3204"));

    let (config, pem) = issued(|params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained));
    let bot = Server::start(&good, Some(config));
    let ended = probe_with_ca(&bot.url("https"), folder.path(), &pem);
    assert!(ended.out(2).contains("SB3217") && ended.out.contains("CA:FALSE"), "{ended:?}");

    let (config, pem) = issued(|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("bot.example.com".try_into().unwrap())];
    });
    let bot = Server::start(&good, Some(config));
    assert!(probe_with_ca(&bot.url("https"), folder.path(), &pem).out(2).contains("SB3205"));
}

#[test]
fn https_spoken_to_a_plain_bot_and_http_to_a_bot_with_tls_are_told_apart() {
    let plain = Server::plain(&response("200 OK", "", BUTTONS));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let deaf = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut first = [0; 16];
            // As every web server answers what is no HTTP.
            let _read = stream.read(&mut first);
            let _sent = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    assert!(probe(&deaf).out(2).contains("SB3201"));
    // Reads, and hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _read = stream.read(&mut [0; 1024]);
        }
    });
    let ended = probe(&mute);
    assert!(ended.out(2).contains("SB3216") && ended.out.contains("try http://"), "{ended:?}");
    assert!(plain.probe().out(0).contains("2 buttons"));

    let (config, _) = issued(|_| {});
    let bot = Server::start(&response("200 OK", "", BUTTONS), Some(config));
    let ended = probe(&bot.url("http"));
    assert!(ended.out(2).contains("SB3109") && ended.out.contains("https://"), "{ended:?}");
}
