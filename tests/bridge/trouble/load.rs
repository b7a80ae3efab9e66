//! A thousand turns against a bot that hangs on a third, cuts a third and answers a third.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::support::caller::{Caller, words};
use super::support::mock_bot::{Asked, MockBot, cut_mid_body, hang, says};
use super::support::process::Process;
use super::support::{app, eventually, ms};

const USERS: usize = 50;
const TURNS: usize = 20;
const NO_REPLY: &str = "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.";

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
async fn talk(bridge: std::net::SocketAddr, user: usize) -> Figures {
    let mut figures = Figures::default();
    let key = format!("u{user}");
    let mut caller = Caller::connect(bridge).await.unwrap();
    for turn in 0..TURNS {
        let mut call = words(&key, &format!("{user}-{turn}"));
        loop {
            let answer = caller.try_call(&call).await.expect("closed without an answer");
            assert!(answer.took < app::AT_MOST, "{:?}", answer.took);
            figures.calls += 1;
            figures.slowest = figures.slowest.max(answer.took);
            if answer.buttons() == ["답변 보기"] {
                figures.waits += 1;
                call = answer.tap(&key, "답변 보기");
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

#[tokio::test]
async fn a_thousand_turns_against_a_bot_that_fails_two_of_three() {
    let bot = MockBot::answering(|asked: &Asked| {
        let (user, turn) = name(&asked.content);
        match fate(user, turn) {
            0 => hang(),
            1 => cut_mid_body(),
            // Some of the answers are late.
            _ => says(&format!("{}의 답", asked.content)).after(ms([0, 50, 400][(user * 7 + turn) % 3])),
        }
    })
    .await;
    let keys = [
        ("bots.default.deadline", "300ms"),
        ("bots.default.late", "600ms"),
        ("callback.after", "200ms"),
        ("bots.default.breaker.failures", "1000000"),
        ("workers", "2"),
    ];
    let bridge = Process::start(&bot.url(), &keys).await;
    let detail = async || -> Value { serde_json::from_str(&bridge.look("/readyz").await).unwrap() };
    detail().await;
    let (memory, files) = (bridge.resident(), bridge.files());

    let mut users = tokio::task::JoinSet::new();
    for user in 0..USERS {
        users.spawn(talk(bridge.public, user));
    }
    let mut figures = Figures::default();
    while let Some(user) = users.join_next().await {
        let user = user.unwrap();
        figures.calls += user.calls;
        figures.read += user.read;
        figures.waits += user.waits;
        figures.slowest = figures.slowest.max(user.slowest);
    }

    let asked = bot.asked();
    let mut heard: HashMap<usize, Vec<usize>> = HashMap::new();
    for asked in &asked {
        let (user, turn) = name(&asked.content);
        assert!(asked.user_key.starts_with(&format!("u{user}_")));
        heard.entry(user).or_default().push(turn);
    }
    assert_eq!(heard.len(), USERS);
    for (user, turns) in heard {
        assert_eq!(turns, (0..TURNS).collect::<Vec<_>>(), "user {user}: each turn once, in order");
    }
    let answered = (0..USERS).flat_map(|user| (0..TURNS).map(move |turn| fate(user, turn))).filter(|fate| *fate == 2);
    let answered = answered.count();

    let mut left = detail().await;
    for _ in 0..1_000 {
        // One connection is the operators' own and not tracked.
        if left["turns_in_flight"] == 0 && left["background_tasks"] == 0 && bridge.files() <= files {
            break;
        }
        tokio::time::sleep(ms(10)).await;
        left = detail().await;
    }
    assert_eq!((&left["turns_in_flight"], &left["background_tasks"]), (&0.into(), &0.into()), "{left}");
    assert_eq!(left["bots"][0]["parked_bytes"], 0);
    assert!(bridge.files() <= files, "{} files were open, {} are", files, bridge.files());
    let grown = bridge.resident().saturating_sub(memory);
    println!(
        "load: {} turns in {} calls, {} hangs, {} cuts, {} told to wait, {} of {answered} answers read ({} lost), \
         slowest {:?} (deadline 300 ms), resident {} KiB before, {} KiB after",
        USERS * TURNS,
        figures.calls,
        asked
            .iter()
            .filter(|asked| {
                let (user, turn) = name(&asked.content);
                fate(user, turn) == 0
            })
            .count(),
        asked
            .iter()
            .filter(|asked| {
                let (user, turn) = name(&asked.content);
                fate(user, turn) == 1
            })
            .count(),
        figures.waits,
        figures.read,
        answered - figures.read,
        figures.slowest,
        memory / 1024,
        bridge.resident() / 1024,
    );
    assert_eq!(figures.read, answered);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes more");
    eventually("the bot's side is closed too", || bot.messages() == USERS * TURNS).await;
}
