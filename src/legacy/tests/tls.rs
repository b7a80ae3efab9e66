//! `https` bots (I8).

use super::*;

struct Issued {
    ca_pem: String,
    server: rustls::ServerConfig,
}

fn issued() -> Issued {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = rcgen::Issuer::new(params, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    Issued { ca_pem: ca.pem(), server }
}

#[tokio::test]
async fn an_https_bot_is_verified_by_its_private_ca_or_told_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let issued = issued();
    std::fs::write(&ca, &issued.ca_pem).unwrap();
    let bot = Bot::tls(issued.server, |peer| peer.serve(OK));
    for name in ["127.0.0.1", "localhost"] {
        let mut settings = settings(&format!("https://{name}:{}", bot.address.port()));

        let error = message(&HttpLegacy::new(&settings, 1).unwrap(), patience()).await.unwrap_err();
        assert_eq!((error.code(), error.sent(), error.blame()), ("untrusted", Sent::Nothing, Blame::Operator));

        settings.trust = Trust { ca: Some(ca.clone()), insecure: false };
        assert_eq!(message(&HttpLegacy::new(&settings, 1).unwrap(), patience()).await.unwrap().status, 200);

        settings.trust = Trust { ca: None, insecure: true };
        assert_eq!(message(&HttpLegacy::new(&settings, 1).unwrap(), patience()).await.unwrap().status, 200);
    }
    assert_eq!(bot.heard().len(), 4);
}

#[tokio::test]
async fn tls_that_ends_without_saying_so_may_have_cut_the_body() {
    let bot = Bot::tls(issued().server, |peer| {
        peer.hear();
        peer.say("HTTP/1.0 200 OK\r\n\r\n{\"a\":1}");
    });
    let mut settings = settings(&format!("https://{}", bot.address));
    settings.trust.insecure = true;
    let reply = message(&HttpLegacy::new(&settings, 1).unwrap(), patience()).await.unwrap();
    assert_eq!((body(&reply), reply.cut_short), ("{\"a\":1}", true));
}

#[tokio::test]
async fn a_bot_that_does_not_speak_tls_sent_nothing() {
    let bot = Bot::scripted(|peer| peer.say("HTTP/1.1 400 Bad Request\r\n\r\n"));
    let error = message(&api(&format!("https://{}", bot.address)), patience()).await.unwrap_err();
    assert_eq!((error.code(), error.sent()), ("tls", Sent::Nothing));
}
