//! A late answer that was taken for a callback is not lost when the callback fails (S2, S3).

use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::bot;
use crate::support::bridge::Bridge;
use crate::support::call::Caller;
use crate::support::until;

/// Opened for as many messages as have been let go.
type Gate = Arc<(Mutex<usize>, Condvar)>;

fn let_go(gate: &Gate) {
    *gate.0.lock().unwrap() += 1;
    gate.1.notify_all();
}

/// A bot that answers the n-th message when it has been let go n times.
fn slow_bot(gate: &Gate) -> std::net::SocketAddr {
    let (gate, asked_so_far) = (Arc::clone(gate), Mutex::new(0));
    bot::start(move |asked, stream| {
        if asked.method == "GET" {
            return bot::good(stream, r#"{"type":"text"}"#);
        }
        let number = {
            let mut number = asked_so_far.lock().unwrap();
            *number += 1;
            *number
        };
        let (lock, signal) = &*gate;
        drop(signal.wait_while(lock.lock().unwrap(), |gone| *gone < number).unwrap());
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        bot::good(
            stream,
            &json!({ "message": { "text": format!("답: {}", body["content"].as_str().unwrap()) } }).to_string(),
        )
    })
}

fn parked(bridge: &Bridge) -> String {
    let page = crate::support::http::Client::connect(bridge.admin).request("GET", "/metrics", &[], b"");
    let page = String::from_utf8(page.unwrap().body).unwrap();
    page.lines().filter(|line| line.starts_with("bridge_parked{")).collect()
}

#[test]
fn a_late_answer_outlives_a_callback_that_fails() {
    let gate = Gate::default();
    // Kakao's side of the callback: every token is refused.
    let sink = bot::start(|_, stream| {
        bot::good(stream, r#"{"taskId":"x","status":"FAIL","message":"Invalid callback token."}"#)
    });
    let origins = format!(r#"["http://{sink}"]"#);
    let more =
        [("bots.default.deadline", "400ms"), ("callback.after", "300ms"), ("callback.origins", origins.as_str())];
    let bridge = Bridge::start(&format!("http://{}", slow_bot(&gate)), &more);
    let caller = Caller::new();
    let say = |call: &Value, about: &str| Answer::of(&bridge.post("/skill", call.to_string().as_bytes()), about);

    let button = say(&caller.types("하나"), "the first question").late().expect("답변 보기");
    let_go(&gate);
    until("the first answer to be parked", || parked(&bridge).ends_with(" 1").then_some(()));

    // The second question holds the turn; who asks for the late answer meanwhile is told by callback.
    say(&caller.types("둘"), "the second question");
    let mut call = caller.presses(&button);
    call["userRequest"]["callbackUrl"] = json!(format!("http://{sink}/v1/bots/x/callback/y"));
    let acknowledged = bridge.post("/skill", call.to_string().as_bytes());
    assert_eq!(acknowledged.json()["useCallback"], true, "{}", acknowledged.json());
    let_go(&gate);
    // The callback is refused, and both answers wait again.
    until("both answers to be seen", || {
        let answer = say(&caller.presses(&button), "asked again");
        let words = answer.words();
        (words.contains("답: 하나") && words.contains("답: 둘")).then_some(())
    });
}
