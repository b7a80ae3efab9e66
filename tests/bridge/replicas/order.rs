//! One conversation over several bridges: what one shows, the others know, in one order (P2, P5).

use super::*;

#[test]
fn what_one_replica_shows_another_knows() {
    let Some(redis) = Redis::start() else { return };
    let labels: Vec<String> = (0..30).map(|number| format!("버튼 {number}")).collect();
    let bot = Bot::answering(move |asked| match &*asked.content() {
        "안녕" => buttons("고르세요", &labels.iter().map(String::as_str).collect::<Vec<_>>()),
        other => bot::words(&format!("{other}의 답")),
    });
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    let shown = one.say(&words("u", "안녕"));
    assert_eq!(shown.text(), "고르세요");
    settled(&one);
    // Pages are turned anywhere, and words that match no button are kept from the bot everywhere.
    let page = two.say(&Say::press(&key("u"), &shown.next_page().unwrap()));
    assert!(page.text().contains("(2/"), "{}", page.text());
    settled(&two);
    assert_eq!(one.say(&words("u", "아무 말")).text(), "원하는 버튼을 선택하세요");
    settled(&one);
    assert_eq!(two.say(&words("u", "버튼 17")).text(), "버튼 17의 답");
    assert_eq!(bot.contents(), ["안녕", "버튼 17"]);
}

#[test]
fn p5_an_undisturbed_turn_is_two_round_trips() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| buttons(&format!("{}의 답", asked.content()), &["가", "나"]));
    let bridge = replica(&bot, &redis.url(), &[]);
    bridge.say(&words("u", "가"));
    settled(&bridge);
    let count = |command: &str| redis.calls(command);
    let (scripts, others) = (count("evalsha"), count("get") + count("publish") + count("eval"));
    for _ in 0..20 {
        bridge.say(&words("u", "가"));
        settled(&bridge);
    }
    assert_eq!(count("evalsha") - scripts, 40);
    assert_eq!(count("get") + count("publish") + count("eval"), others);
}

#[test]
fn i6_messages_of_one_user_on_three_replicas_go_one_at_a_time_in_order_of_arrival() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())).after(ms(60)));
    let replicas = [(); 3].map(|()| replica(&bot, &redis.url(), &[]));
    let mut callers: Vec<Client> = (0..7).map(|number| replicas[number % 3].client()).collect();
    for (number, caller) in callers.iter_mut().enumerate() {
        caller.send(&words("u", &format!("말 {number}")));
        // Arrival is what the bridges see: one after the other.
        std::thread::sleep(ms(15));
    }
    for (number, caller) in callers.iter_mut().enumerate() {
        assert_eq!(caller.read().unwrap().text(), format!("말 {number}의 답"));
    }
    assert_eq!(bot.contents(), (0..7).map(|number| format!("말 {number}")).collect::<Vec<_>>());
    assert_eq!(bot.met(), 0);
}

#[test]
fn i3_the_same_tap_on_another_replica_shares_its_answer() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| match &*asked.content() {
        "안녕" => buttons("고르세요", &["가", "나"]),
        other => bot::words(&format!("{other}의 답")).after(ms(500)),
    });
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    let shown = one.say(&words("u", "안녕"));
    let tap = Say::tap(&key("u"), &shown, "가");
    let (first, second) = together(
        || one.say(&tap),
        || {
            eventually("the first is with the bot", || bot.messages().len() == 2);
            two.say(&tap)
        },
    );
    assert_eq!((first.text(), second.text()), ("가의 답".to_owned(), "가의 답".to_owned()));
    assert_eq!(bot.contents(), ["안녕", "가"]);
}

#[test]
fn s3_a_late_answer_is_read_on_another_replica_and_once() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())).after(ms(700)));
    let own = [("bots.default.deadline", "400ms"), ("callback.after", "300ms")];
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &own));
    let waits = one.say(&words("u", "느린 말"));
    assert_eq!(waits.text(), WAIT);
    settled(&one);
    let late = two.say(&Say::press(&key("u"), &waits.late().unwrap()));
    assert_eq!(late.text(), "느린 말의 답");
    settled(&two);
    let again = one.say(&Say::press(&key("u"), &waits.late().unwrap()));
    assert_ne!(again.text(), "느린 말의 답");
    assert_eq!(bot.contents(), ["느린 말"]);
}

#[test]
fn o5_the_rest_of_a_long_answer_is_read_on_another_replica() {
    let Some(redis) = Redis::start() else { return };
    let long: String = (0..2500).map(|number| format!("{number}번째 줄입니다.\n")).collect();
    let bot = Bot::answering(move |_| bot::words(&long));
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    let mut answer = one.say(&words("u", "길게"));
    let mut read = answer.text();
    let mut parts = 1;
    while let Some(more) = answer.more() {
        let next = if parts % 2 == 0 { &one } else { &two };
        settled(&one);
        settled(&two);
        answer = next.say(&Say::press(&key("u"), &more));
        read.push_str(&answer.text());
        parts += 1;
    }
    assert!(parts > 3 && read.contains("2499번째 줄입니다."), "{parts} parts");
    assert_eq!(bot.messages().len(), 1);
}

#[test]
fn p3_a_replica_that_dies_with_a_message_out_leaves_the_words_that_say_so() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| match &*asked.content() {
        "하나" => hang(),
        other => bot::words(&format!("{other}의 답")),
    });
    let [one, two] = [(); 2].map(|()| replica(&bot, &redis.url(), &[]));
    one.client().send(&words("u", "하나"));
    eventually("the bot is asked", || bot.messages().len() == 1);
    drop(one);
    // Its lease is over in 3 s, within the deadline of who comes next.
    let next = two.say(&words("u", "둘"));
    assert_eq!(next.text(), format!("{INTERRUPTED}\n둘의 답"));
    settled(&two);
    assert_eq!(two.say(&words("u", "셋")).text(), "셋의 답");
    assert_eq!(bot.contents(), ["하나", "둘", "셋"]);
    assert_eq!(two.metric("bridge_store_events_total{event=\"interrupted\"}"), 1.0);
}

#[test]
fn p5_a_holder_that_was_paused_longer_than_its_lease_adds_its_answer_late() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|asked| match &*asked.content() {
        "하나" => bot::words("하나의 답").after(ms(5000)),
        other => bot::words(&format!("{other}의 답")),
    });
    let [one, two] =
        [(); 2].map(|()| replica(&bot, &redis.url(), &[("bots.default.deadline", "4s"), ("callback.after", "3s")]));
    let mut caller = one.client();
    caller.send(&words("u", "하나"));
    eventually("the bot is asked", || bot.messages().len() == 1);
    one.signal("STOP");
    assert_eq!(two.say(&words("u", "둘")).text(), format!("{INTERRUPTED}\n둘의 답"));
    settled(&two);
    one.signal("CONT");
    assert_eq!(caller.read().unwrap().text(), WAIT);
    settled(&one);
    let read = two.say(&words("u", "셋"));
    assert_eq!(read.text(), "하나의 답\n셋의 답");
    settled(&two);
    assert_eq!(one.say(&words("u", "넷")).text(), "넷의 답");
    assert_eq!(bot.contents(), ["하나", "둘", "셋", "넷"]);
}

#[test]
fn p5_a_line_is_bounded_over_all_replicas() {
    let Some(redis) = Redis::start() else { return };
    let bot = Bot::answering(|_| bot::words("답").after(ms(400)));
    let replicas = [(); 2].map(|()| replica(&bot, &redis.url(), &[("limits.turns_per_user", "3")]));
    let mut callers: Vec<Client> = (0..6).map(|number| replicas[number % 2].client()).collect();
    for (number, caller) in callers.iter_mut().enumerate() {
        caller.send(&words("u", &format!("{number}")));
    }
    let answers: Vec<String> = callers.iter_mut().map(|caller| caller.read().unwrap().text()).collect();
    assert_eq!(answers.iter().filter(|answer| *answer == "답").count(), 3, "{answers:?}");
    assert_eq!(bot.messages().len(), 3);
}
