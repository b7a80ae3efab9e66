//! The stop (S6): what was accepted is answered, within the grace period, and a second signal leaves now.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use smartchat_bridge::runtime::Ending;
use smartchat_bridge::time;
use tokio::net::TcpStream;

use super::support::app::Bridge;
use super::support::callback_sink::CallbackSink;
use super::support::caller::{Caller, words};
use super::support::mock_bot::{MockBot, hang, says};
use super::support::process::Process;
use super::support::{eventually, ms};

#[tokio::test]
async fn a_stop_finishes_turns_and_callbacks_and_says_it_is_not_ready() {
    let sink = CallbackSink::start().await;
    let bot = MockBot::answering(|_| says("답").after(ms(500))).await;
    let origins = format!("[\"{}\"]", sink.origin());
    let bridge = Bridge::with(&bot.url(), &[("callback.origins", &origins), ("callback.after", "200ms")]);
    let mut plain = Caller::connect(bridge.address).await.unwrap();
    let called_back = bridge.call(&words("a", "안녕").with_callback(&sink.url())).await;
    assert!(called_back.is_acknowledgement());
    let call = words("b", "안녕");
    let answer = async { plain.try_call(&call).await.unwrap() };
    let (answer, ()) = tokio::join!(answer, async {
        eventually("both are out", || bot.messages() == 2).await;
        bridge.signal();
        eventually("it is not ready", || !bridge.running().is_ready()).await;
        assert!(bridge.look("/readyz").await.contains("\"ready\":false"), "operators may look until the end");
        eventually("the port is closed", || std::net::TcpStream::connect(bridge.address).is_err()).await;
    });
    assert_eq!(answer.text(), "답");
    eventually("the callback is out", || sink.posted().len() == 1).await;
    let running = time::instant();
    assert_eq!(bridge.waited().await, Ending::Drained);
    assert!(running.elapsed() < ms(1_000));
}

#[tokio::test]
async fn a_second_signal_leaves_now_and_tells_how_many_turns_were_cut() {
    let bot = MockBot::answering(|_| hang()).await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.late", "30s")]);
    bridge.say("a", "안녕").await;
    let mut waiting = Caller::connect(bridge.address).await.unwrap();
    waiting.send(&words("b", "안녕")).await;
    eventually("both are out", || bot.messages() == 2).await;
    bridge.signal();
    bridge.signal();
    let asked = time::instant();
    assert_eq!(bridge.waited().await, Ending::Cut(2));
    assert!(asked.elapsed() < ms(1_000));
}

#[tokio::test]
async fn the_grace_period_bounds_a_stop() {
    let bot = MockBot::answering(|_| hang()).await;
    let bridge = Bridge::with(&bot.url(), &[("bots.default.late", "30s"), ("grace", "700ms")]);
    bridge.say("a", "안녕").await;
    let asked = time::instant();
    assert_eq!(bridge.stopped().await, Ending::Cut(1));
    assert!((ms(650)..ms(1_500)).contains(&asked.elapsed()), "{:?}", asked.elapsed());
}

/// A crowd that keeps coming does not keep the bridge from stopping.
#[tokio::test]
async fn a_stop_comes_to_its_end_though_callers_keep_coming() {
    let bot = MockBot::answering(|_| says("답")).await;
    let bridge = Bridge::before(&bot.url());
    let address = bridge.address;
    let crowd = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(stream) = TcpStream::connect(address).await {
            held.push(stream);
            tokio::task::yield_now().await;
        }
    });
    bridge.signal();
    let waited = tokio::time::timeout(Duration::from_secs(10), bridge.waited()).await;
    crowd.abort();
    assert_eq!(waited.expect("it never stopped"), Ending::Drained);
}

/// The real program, told to stop by the system while fifty users talk.
#[tokio::test]
async fn kill_term_under_load_answers_every_accepted_call_and_exits_with_0() {
    let bot = MockBot::answering(|_| says("답").after(ms(300))).await;
    let mut bridge = Process::start(&bot.url(), &[]).await;
    let address = bridge.public;
    let (sent, answered, refused) = Default::default();
    let counts: [&Arc<AtomicUsize>; 3] = [&sent, &answered, &refused];
    let mut callers = tokio::task::JoinSet::new();
    for user in 0..50 {
        let [sent, answered, refused] = counts.map(Arc::clone);
        callers.spawn(async move {
            for turn in 0.. {
                // A connection a call, as a caller that must not meet a closing one does.
                let Ok(mut caller) = Caller::connect(address).await else { return };
                sent.fetch_add(1, Ordering::Relaxed);
                match caller.try_call(&words(&format!("u{user}"), &format!("말 {turn}"))).await {
                    Some(answer) => {
                        assert_eq!(answer.text(), "답");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    // Connected in the kernel while the listener closed: never accepted.
                    None => {
                        refused.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                }
            }
        });
    }
    eventually("a few rounds went through", || answered.load(Ordering::Relaxed) >= 100).await;
    let asked = time::instant();
    bridge.signal("TERM");
    let status = bridge.exited().await;
    let took = asked.elapsed();
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert_eq!(status, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let [sent, answered, refused] = counts.map(|count| count.load(Ordering::Relaxed));
    println!("TERM under load: {sent} calls, {answered} answered, {refused} came too late, stopped after {took:?}");
    assert_eq!(bot.messages(), answered, "a message went out whose call was not answered");
    assert_eq!(sent, answered + refused);
}

/// Accepted, but its first byte was still on the way when the stop came.
#[tokio::test]
async fn a_call_on_a_connection_accepted_just_before_the_stop_is_answered() {
    let bot = MockBot::scripted([says("답")]).await;
    let bridge = Bridge::before(&bot.url());
    let mut caller = Caller::connect(bridge.address).await.unwrap();
    eventually("it is accepted", || bridge.busy().1 >= 1).await;
    bridge.signal();
    eventually("it is not ready", || !bridge.running().is_ready()).await;
    let answer = caller.try_call(&words("u", "안녕")).await.expect("closed under the call");
    assert_eq!(answer.text(), "답");
    assert_eq!(bridge.waited().await, Ending::Drained);
}
