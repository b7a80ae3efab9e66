//! A thousand turns against a bot that hangs on a third, cuts a third and answers a third.

use std::collections::HashMap;
use std::time::Duration;

use super::*;

const USERS: usize = 50;
const TURNS: usize = 20;

/// What the bot does to a turn, by user and number.
fn fate(user: usize, turn: usize) -> usize {
    (user + turn) % 3
}

fn name(content: &str) -> (usize, usize) {
    let (user, turn) = content.split_once('-').unwrap();
    (user.parse().unwrap(), turn.parse().unwrap())
}

#[derive(Default)]
struct Figures {
    calls: usize,
    read: usize,
    waits: usize,
    slowest: Duration,
}

/// One user talks: asks again for what is late, and reads what came of every turn before the next.
fn talk(bridge: std::net::SocketAddr, user: usize) -> Figures {
    let mut figures = Figures::default();
    let key = format!("u{user}");
    let mut caller = Client::connect(bridge);
    for turn in 0..TURNS {
        let mut call = words(&key, &format!("{user}-{turn}"));
        loop {
            let answer = caller.say(&call).expect("closed without an answer");
            assert!(answer.took < ms(1_500), "{:?}", answer.took);
            figures.calls += 1;
            figures.slowest = figures.slowest.max(answer.took);
            if answer.quick_replies() == ["답변 보기"] {
                figures.waits += 1;
                call = tap(&key, &answer, "답변 보기");
                continue;
            }
            let expected = if fate(user, turn) == 2 { format!("{user}-{turn}의 답") } else { NO_REPLY.into() };
            assert_eq!(answer.text(), expected, "{user}-{turn}");
            figures.read += usize::from(fate(user, turn) == 2);
            break;
        }
    }
    figures
}

#[test]
fn a_thousand_turns_against_a_bot_that_fails_two_of_three() {
    let bot = Bot::answering(|asked: &Asked| {
        let (user, turn) = name(&asked.content());
        match fate(user, turn) {
            0 => hang(),
            1 => raw(CUT),
            // Some of the answers are late.
            _ => bot::words(&format!("{}의 답", asked.content())).after(ms([0, 50, 400][(user * 7 + turn) % 3])),
        }
    });
    let keys = [
        ("bots.default.deadline", "300ms"),
        // Three times what the slowest answer takes: a busy machine adds hundreds of milliseconds.
        ("bots.default.late", "1200ms"),
        ("callback.after", "200ms"),
        ("bots.default.breaker.failures", "1000000"),
        ("workers", "2"),
    ];
    let bridge = Program::with(&bot.url(), &keys);
    bridge.readiness();
    let (memory, files) = (bridge.resident(), bridge.files());

    let mut figures = Figures::default();
    std::thread::scope(|scope| {
        let address = bridge.public;
        let users: Vec<_> = (0..USERS).map(|user| scope.spawn(move || talk(address, user))).collect();
        for user in users.into_iter().map(|user| user.join().unwrap()) {
            figures.calls += user.calls;
            figures.read += user.read;
            figures.waits += user.waits;
            figures.slowest = figures.slowest.max(user.slowest);
        }
    });

    let mut heard: HashMap<usize, Vec<usize>> = HashMap::new();
    for asked in bot.messages() {
        let (user, turn) = name(&asked.content());
        assert!(asked.user_key().starts_with(&format!("u{user}_")));
        heard.entry(user).or_default().push(turn);
    }
    assert_eq!(heard.len(), USERS);
    for (user, turns) in heard {
        assert_eq!(turns, (0..TURNS).collect::<Vec<_>>(), "user {user}: each turn once, in order");
    }
    let fates = || (0..USERS).flat_map(|user| (0..TURNS).map(move |turn| fate(user, turn)));
    let with = |wanted: usize| fates().filter(|fate| *fate == wanted).count();
    let answered = with(2);

    let left = until("everything is over", || {
        let left = bridge.readiness();
        // One connection is the operators' own and not tracked.
        let over = left["turns_in_flight"] == 0 && left["background_tasks"] == 0 && bridge.files() <= files;
        over.then_some(left)
    });
    assert_eq!(left["bots"][0]["parked_bytes"], 0);
    let grown = bridge.resident().saturating_sub(memory);
    println!(
        "load: {} turns in {} calls, {} hangs, {} cuts, {} told to wait, {} of {answered} answers read ({} lost), \
         slowest {:?} (deadline 300 ms), resident {} KiB before, {} KiB after",
        USERS * TURNS,
        figures.calls,
        with(0),
        with(1),
        figures.waits,
        figures.read,
        answered - figures.read,
        figures.slowest,
        memory / 1024,
        bridge.resident() / 1024,
    );
    assert_eq!(figures.read, answered);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes more");
    eventually("the bot's side is closed too", || bot.open() == 0);
}
