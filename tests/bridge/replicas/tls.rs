//! The way to the store by TLS: what is trusted, and what is said of what is not.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::trouble::checked;
use super::*;

/// An authority, and a Redis whose certificate it has signed for `name`.
struct Secured {
    redis: Redis,
    port: u16,
    ca: PathBuf,
    _folder: tempfile::TempDir,
}

fn authority(folder: &Path, file: &str) -> (CertifiedIssuer<'static, KeyPair>, PathBuf) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let path = folder.join(file);
    std::fs::write(&path, authority.pem()).unwrap();
    (authority, path)
}

impl Secured {
    fn start(name: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (authority, ca) = authority(folder.path(), "ca.pem");
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (cert, key) = (file("cert.pem", own.pem()), file("key.pem", key.serialize_pem()));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (number, authority) = (port.to_string(), ca.to_str().unwrap());
        let redis = Redis::with(&[
            "--tls-port",
            &number,
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            authority,
            "--tls-auth-clients",
            "no",
        ])?;
        Some(Self { redis, port, ca, _folder: folder })
    }

    fn url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }
}

#[test]
fn a_store_by_tls_is_shared_where_the_authority_that_signed_it_is_named() {
    let Some(secured) = Secured::start("localhost") else { return };
    // Nothing goes by the other port.
    secured.redis.say("ACL SETUSER bridge on >a-long-password-of-it ~smartchat:* &smartchat:* +@all -@dangerous +info");
    let url = format!("rediss://bridge:a-long-password-of-it@localhost:{}", secured.port);
    let bot = Bot::answering(|asked| buttons(&format!("{}의 답", asked.content()), &["가", "나"]));
    let keys = [("store.ca", secured.ca.to_str().unwrap())];
    let [one, two] = [(); 2].map(|()| replica(&bot, &url, &keys));
    assert_eq!(one.say(&words("u", "가")).text(), "가의 답");
    settled(&one);
    assert_eq!(two.say(&words("u", "아무 말")).text(), "원하는 버튼을 선택하세요");
    // A message between replicas goes by TLS, too: one waits for the other's end.
    let (first, second) = together(|| one.say(&words("v", "가")), || two.say(&words("v", "나")));
    assert!(first.text() == "가의 답" && second.text() == "나의 답", "{first:?} {second:?}");
    let (code, said) = checked(&bot, &url, &[("BRIDGE_STORE__CA", secured.ca.to_str().unwrap())]);
    assert!(code == 0 && !said.contains("SB33"), "{said}");
}

/// Users notice nothing, the log says what is wrong, and `config check` what to do.
#[track_caller]
fn is_refused(secured: &Secured, ca: Option<&Path>, reason: &str) {
    let bot = Bot::echo("bot");
    let ca = ca.map(|ca| ca.to_str().unwrap());
    let keys: Vec<(&str, &str)> = ca.map(|ca| ("store.ca", ca)).into_iter().collect();
    let url = secured.url();
    let bridge = Program::with(&bot.url(), &[&[("store.url", &*url)], &keys[..]].concat());
    eventually("it is told", || bridge.log.lock().unwrap().contains("invalid peer certificate"));
    assert!(bridge.log.lock().unwrap().contains(reason), "{}", bridge.log.lock().unwrap());
    assert_eq!(bridge.say(&words("u", "안녕")).text(), "bot: 안녕");
    assert_eq!((bridge.metric("bridge_store_up"), &bridge.readiness()["ready"]), (0.0, &true.into()));
    let environment: Vec<(&str, &str)> = ca.map(|ca| ("BRIDGE_STORE__CA", ca)).into_iter().collect();
    let (code, said) = checked(&bot, &url, &environment);
    assert!(code == 2 && said.contains("SB3309") && said.contains(reason) && said.contains("store.ca"), "{said}");
}

#[test]
fn a_store_whose_authority_is_not_named_is_refused() {
    let Some(secured) = Secured::start("localhost") else { return };
    is_refused(&secured, None, "UnknownIssuer");
}

#[test]
fn a_store_that_another_authority_has_signed_is_refused() {
    let Some(secured) = Secured::start("localhost") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_other, path) = authority(folder.path(), "other.pem");
    is_refused(&secured, Some(&path), "invalid peer certificate");
}

#[test]
fn a_store_whose_certificate_has_another_name_is_refused() {
    let Some(secured) = Secured::start("redis.example") else { return };
    is_refused(&secured, Some(&secured.ca), "not valid for");
}
