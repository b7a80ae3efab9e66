//! Callers who close their sending side: they may still read, or they are gone, and only an answer tells (I7).

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;
use crate::net::stream::Socket;

impl Bridge {
    /// One call over a connection that its caller closes after so long. The answer is written to it all the same.
    async fn call_that_is_closed(&self, body: &Value, after: Duration) -> JoinHandle<Read> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let caller = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, address) = listener.accept().await.unwrap();
        let mut socket = Socket::of_caller(stream);
        let (begun, call) = (time::instant(), self.call_from(Some(Peer::new(address, socket.clone())), body));
        drop(spawn(async move {
            sleep(after).await;
            drop(caller);
        }));
        spawn(async move {
            let body = serve(call).await;
            let took = begun.elapsed();
            let _gone = socket.write_all(&body).await;
            Read { json: serde_json::from_slice(&body).unwrap_or_default(), took }
        })
    }
}

fn words(words: &str) -> Value {
    json!({ "userRequest": { "utterance": words, "user": { "properties": { "plusfriendUserKey": "Qw7-eRt_9YzA" } } } })
}

fn tap(label: &str) -> Value {
    let mut body = words(label);
    body["action"] = json!({ "clientExtra": { "sb": { "v": 1, "w": label } } });
    body
}

#[tokio::test(start_paused = true)]
async fn i7_who_closes_their_side_in_the_line_finds_behind_the_tap_what_became_of_their_words() {
    for (takes, sent) in [(9_000, true), (12_000, false)] {
        let bridge = Bridge::new(&[], move |words| (ms(if words == "하나" { takes } else { 1 }), says(words)));
        let first = bridge.say("하나");
        sleep(ms(1)).await;
        let second = bridge.call_that_is_closed(&words("둘"), ms(1_000)).await;
        assert_eq!(first.await.unwrap().text(), WAIT);
        let second = second.await.unwrap();
        assert_eq!((second.text(), second.took), (WAIT.into(), ms(4_500)), "who still reads is told to wait");
        assert!(second.offers("답변 보기"), "{second:?}");
        sleep(ms(20_000)).await;
        assert_eq!(bridge.asked().contains(&"둘".to_owned()), sent);
        let became = if sent { "둘" } else { RESEND };
        assert_eq!(bridge.ask_for_late().await.unwrap().text(), format!("하나\n{became}"));
        bridge.is_quiet();
    }
}

/// At the real clock, for a reset takes its time to come back.
#[tokio::test]
async fn i3_an_answer_that_was_shared_with_nobody_but_one_who_has_gone_is_parked() {
    let bridge = Bridge::new(&[], |words| (ms(300), says(words)));
    let first = bridge.tap("가");
    sleep(ms(10)).await;
    let second = bridge.call_that_is_closed(&tap("가"), ms(50)).await;
    sleep(ms(100)).await;
    first.abort();
    assert_eq!(second.await.unwrap().text(), "가");
    sleep(ms(500)).await;
    assert_eq!(bridge.ask_for_late().await.unwrap().text(), "가");
    bridge.is_quiet();
}
