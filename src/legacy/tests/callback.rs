//! Late answers to Kakao (S2) and the operator's alert.

use super::*;

fn callback_url(origin: &str) -> CallbackUrl {
    let origins = [Url::parse(origin).unwrap()];
    CallbackUrl::parse(&format!("{origin}/v1/bots/5a0f!/callback/t0ken"), &origins).unwrap()
}

async fn call_back(kakao: &Bot) -> Result<Option<Box<str>>, CallbackError> {
    let client = CallbackClient::new().unwrap();
    let accepted = client.post(&callback_url(&kakao.url()), Bytes::from_static(b"{}"), patience()).await;
    accepted.map(|accepted| accepted.task_id)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_callback_is_posted_once_as_json() {
    let success = answer("200 OK", r#"{"taskId":"7f","status":"SUCCESS","message":"","timestamp":1}"#);
    let kakao = Bot::scripted(move |peer| peer.serve(&success));
    assert_eq!(call_back(&kakao).await.unwrap().as_deref(), Some("7f"));
    let heard = kakao.heard();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].starts_with("POST /v1/bots/5a0f!/callback/t0ken HTTP/1.1\r\n"), "{heard:?}");
    assert!(heard[0].contains("\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"));
}

#[tokio::test]
async fn fail_error_and_bad_statuses_are_read_as_refusals() {
    for (status, body, words) in [
        ("200 OK", r#"{"status":"FAIL","message":"Invalid callback token."}"#, "Invalid callback token."),
        ("200 OK", r#"{"taskId":3,"status":"error","timestamp":"x"}"#, ""),
        ("400 Bad Request", r#"{"status":"FAIL","message":"no"}"#, "no"),
        ("500 Oops", "<html>", ""),
        ("302 Found", "", ""),
    ] {
        let said = answer(status, body);
        let kakao = Bot::scripted(move |peer| peer.serve(&said));
        let error = call_back(&kakao).await.unwrap_err();
        assert!(matches!(&error, CallbackError::Refused { message, .. } if **message == *words), "{error:?}");
        assert_eq!(kakao.heard().len(), 1, "never twice");
    }
}

#[tokio::test]
async fn a_good_status_with_an_unreadable_body_was_accepted() {
    for said in
        [answer("200 OK", "ok"), answer("204 No Content", ""), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".into()]
    {
        let kakao = Bot::scripted(move |peer| {
            peer.hear();
            peer.say(&said);
        });
        assert_eq!(call_back(&kakao).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_callback_that_may_have_arrived_is_not_repeated() {
    let kakao = Bot::scripted(|peer| drop(peer.hear()));
    let error = call_back(&kakao).await.unwrap_err();
    assert!(matches!(error, CallbackError::Undelivered { sent: Sent::Unknown, .. }), "{error:?}");
    assert_eq!(kakao.heard().len(), 1);
}

#[tokio::test]
async fn a_callback_is_tried_again_while_the_connection_is_refused() {
    // The address is taken but refuses until a listener is there.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let url = callback_url(&format!("http://{address}"));
    let client = CallbackClient::new().unwrap();

    let error = client.post(&url, Bytes::from_static(b"{}"), in_millis(300)).await.unwrap_err();
    assert!(matches!(error, CallbackError::Undelivered { sent: Sent::Nothing, .. }), "{error:?}");

    let posting = client.post(&url, Bytes::from_static(b"{}"), patience());
    let listening = async {
        // The first try has been refused once this one is.
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
        socket.listen(8).unwrap();
        let listener = TcpListener::from(socket);
        tokio::task::spawn_blocking(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let mut seen = [0_u8; 1024];
            let read = tcp.read(&mut seen).unwrap();
            tcp.write_all(answer("200 OK", "{}").as_bytes()).unwrap();
            read
        })
        .await
        .unwrap()
    };
    let (posted, read) = tokio::join!(posting, listening);
    assert!(posted.is_ok() && read > 0);
}

#[tokio::test]
async fn an_alert_may_go_to_plain_http() {
    let said = answer("200 OK", "thanks");
    let sink = Bot::scripted(move |peer| peer.serve(&said));
    let url = Url::parse(&format!("{}/hook?room=1", sink.url())).unwrap();
    let client = CallbackClient::new().unwrap();
    client.post_json(&url, Bytes::from_static(b"{}"), patience()).await.unwrap();
    assert!(sink.heard()[0].starts_with("POST /hook?room=1 HTTP/1.1\r\n"));
}
