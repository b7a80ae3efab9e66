//! The stop (S6): what was accepted is answered, within the grace period, and a second signal leaves now.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use smartchat_bridge::runtime::Ending;

use super::callback_sink::CallbackSink;
use super::*;

#[test]
fn a_stop_finishes_turns_and_callbacks_and_says_it_is_not_ready() {
    let sink = CallbackSink::start();
    let bot = Bot::answering(|_| bot::words("답").after(ms(500)));
    let origins = format!("[\"{}\"]", sink.origin());
    let bridge = with(&bot, &[("callback.origins", &origins), ("callback.after", "200ms")]);
    let mut plain = bridge.client();
    let called_back = bridge.say(&words("a", "안녕").callback(&sink.url()));
    assert!(called_back.is_acknowledgement());
    let call = words("b", "안녕");
    let (answer, ()) = together(
        || plain.say(&call).unwrap(),
        || {
            eventually("both are out", || bot.messages().len() == 2);
            bridge.signal();
            eventually("it is not ready", || !bridge.running().is_ready());
            assert!(bridge.look("/readyz").body.contains("\"ready\":false"), "operators may look until the end");
            eventually("the port is closed", || TcpStream::connect(bridge.public).is_err());
        },
    );
    assert_eq!(answer.text(), "답");
    eventually("the callback is out", || sink.posted().len() == 1);
    let running = Instant::now();
    assert_eq!(bridge.wait(), Ending::Drained);
    // The grace is five seconds.
    assert!(running.elapsed() < ms(4_000), "{:?}", running.elapsed());
}

#[test]
fn a_second_signal_leaves_now_and_tells_how_many_turns_were_cut() {
    let bot = Bot::answering(|_| hang());
    let bridge = with(&bot, &[("bots.default.late", "30s")]);
    bridge.say(&words("a", "안녕"));
    let mut waiting = bridge.client();
    waiting.send(&words("b", "안녕"));
    eventually("both are out", || bot.messages().len() == 2);
    bridge.signal();
    bridge.signal();
    let asked = Instant::now();
    assert_eq!(bridge.wait(), Ending::Cut(2));
    assert!(asked.elapsed() < ms(4_000), "{:?}", asked.elapsed());
}

#[test]
fn the_grace_period_bounds_a_stop() {
    let bot = Bot::answering(|_| hang());
    let bridge = with(&bot, &[("bots.default.late", "30s"), ("grace", "700ms")]);
    bridge.say(&words("a", "안녕"));
    let asked = Instant::now();
    assert_eq!(bridge.stop(), Ending::Cut(1));
    assert!((ms(650)..ms(4_000)).contains(&asked.elapsed()), "{:?}", asked.elapsed());
}

/// A crowd that keeps coming does not keep the bridge from stopping.
#[test]
fn a_stop_comes_to_its_end_though_callers_keep_coming() {
    let bot = Bot::answering(|_| bot::words("답"));
    let bridge = before(&bot);
    let address = bridge.public;
    let crowd = std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok(stream) = TcpStream::connect(address) {
            held.push(stream);
        }
    });
    let asked = Instant::now();
    assert_eq!(bridge.stop(), Ending::Drained);
    // Its grace is 5 s.
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    crowd.join().unwrap();
}

/// The real program, told to stop by the system while fifty users talk.
#[test]
fn kill_term_under_load_answers_every_accepted_call_and_exits_with_0() {
    let bot = Bot::answering(|_| bot::words("답").after(ms(300)));
    let mut bridge = Program::before(&bot.url(), &[]);
    let address = bridge.public;
    let [sent, answered, refused] = &[const { AtomicUsize::new(0) }; 3];
    let (status, took) = std::thread::scope(|scope| {
        for user in 0..50 {
            scope.spawn(move || {
                for turn in 0.. {
                    // A connection a call, as a caller that must not meet a closing one does.
                    let Ok(mut caller) = Client::try_connect(address) else { return };
                    sent.fetch_add(1, Ordering::Relaxed);
                    match caller.say(&words(&format!("u{user}"), &format!("말 {turn}"))) {
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
        eventually("a few rounds went through", || answered.load(Ordering::Relaxed) >= 100);
        bridge.signal("TERM");
        timed(|| bridge.ended())
    });
    assert_eq!(status, 0);
    assert!(took < Duration::from_secs(5), "{took:?}");
    let [sent, answered, refused] = [sent, answered, refused].map(|count| count.load(Ordering::Relaxed));
    println!("TERM under load: {sent} calls, {answered} answered, {refused} came too late, stopped after {took:?}");
    assert_eq!(bot.messages().len(), answered, "a message went out whose call was not answered");
    assert_eq!(sent, answered + refused);
}

/// Accepted, but its first byte was still on the way when the stop came.
#[test]
fn a_call_on_a_connection_accepted_just_before_the_stop_is_answered() {
    let bot = Bot::scripted([bot::words("답")]);
    let bridge = before(&bot);
    let mut caller = bridge.client();
    eventually("it is accepted", || bridge.busy().1 >= 1);
    bridge.signal();
    eventually("it is not ready", || !bridge.running().is_ready());
    let answer = caller.say(&words("u", "안녕")).expect("closed under the call");
    assert_eq!(answer.text(), "답");
    assert_eq!(bridge.wait(), Ending::Drained);
}
