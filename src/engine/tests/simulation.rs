//! One user talks at random; the same talk for the same seed.

use super::*;

/// xorshift: the same talk for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// One user talks without waiting, hangs up, taps twice, asks for what is late, while the bot is slow, cut, or buggy.
/// In every case: an answer by the deadline, the bot asked in order, one message out, and every answer of the bot read:
/// once, or by each who made the same tap.
#[tokio::test(start_paused = true)]
async fn whatever_a_user_does_no_answer_is_lost_or_read_twice() {
    let (mut calls, mut said, mut slowest) = (0, 0, Duration::ZERO);
    for seed in 1..=600_u64 {
        let bridge = Bridge::new(&[("bots.default.breaker.failures", "1000000")], move |words| {
            let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9).wrapping_add(words.bytes().map(u64::from).sum()));
            dice.roll(7);
            let after = ms([5, 300, 4_499, 4_500, 6_000, 9_000, 16_000][usize::try_from(dice.roll(7)).unwrap()]);
            match dice.roll(8) {
                0 => (after, Act::Cut),
                1 => (after, Act::Panic),
                2 => (after, says_with(&format!("[{words}]"), &["가", "나"])),
                _ => (after, says(&format!("[{words}]"))),
            }
        });
        let mut dice = Dice(seed);
        let mut talk = Vec::new();
        let (mut hung_up, mut taps, mut talked) = (0, 1, Vec::new());
        for _ in 0..10 {
            sleep(ms([0, 10, 1_500, 5_000, 12_000][usize::try_from(dice.roll(5)).unwrap()])).await;
            let begun = time::instant();
            let (tap, call) = match dice.roll(6) {
                0 => ("답변 보기".to_owned(), bridge.call("답변 보기", Some(&json!({ "v": 1, "l": true })), None)),
                // Free text would be kept from the bot while buttons are shown: a tap always reaches it.
                roll => {
                    if roll > 1 {
                        taps += 1;
                    }
                    // Now and then the same button again, while or after it is in flight.
                    let words = format!("말{:02}", taps - 1);
                    talked.push(words.clone());
                    let call = bridge.call(&words, Some(&json!({ "v": 1, "w": words })), None);
                    (words, call)
                }
            };
            let hangs_up = hung_up < 4 && dice.roll(4) == 0;
            hung_up += usize::from(hangs_up);
            let patience =
                if hangs_up { ms([0, 200, 2_000, 4_400][usize::try_from(dice.roll(4)).unwrap()]) } else { ms(60_000) };
            talk.push(spawn(async move {
                let answer = tokio::time::timeout(patience, call).await.ok()?;
                Some((tap, begun, answer))
            }));
        }
        let mut read = Vec::new();
        for call in talk {
            read.extend(call.await.unwrap());
        }
        sleep(ms(20_000)).await;
        read.push(("답변 보기".to_owned(), time::instant(), bridge.ask_for_late().await.unwrap()));
        // The rest that did not fit one answer.
        for part in 1..9 {
            if !read.last().unwrap().2.offers("이어서 보기") {
                break;
            }
            let more = bridge.call("이어서 보기", Some(&json!({ "v": 1, "m": part })), None).await;
            read.push((format!("이어서 보기 {part}"), time::instant(), more));
        }
        for (_, _, answer) in &read {
            slowest = slowest.max(answer.took);
            assert!(answer.took <= ms(4_500), "seed {seed}: {answer:?}");
        }
        let asked = bridge.asked();
        // A second tap whose first was taken out of the line stands for itself, behind what came meanwhile.
        let twice = |words: &String| talked.iter().filter(|said| *said == words).count() > 1;
        let once: Vec<_> = asked.iter().filter(|words| !twice(words)).collect();
        assert!(once.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {asked:?}");
        assert!(bridge.bot.most_out.load(Ordering::SeqCst) <= 1, "seed {seed}: two messages were out");
        let said_by_the_bot = bridge.bot.said.lock().unwrap().clone();
        for words in &said_by_the_bot {
            said += 1;
            let line = format!("[{words}]");
            let count = |answer: &Read| answer.text().lines().filter(|own| *own == line).count();
            let readers: Vec<_> = read.iter().filter(|(_, _, answer)| count(answer) > 0).collect();
            // A call that makes the same tap while it is in flight reads the same answer, with all that stands above
            // it.
            let read_anew = |place: &usize| {
                let (tap, at, _) = readers[*place];
                let shares =
                    |(own, begun, answer): &&(String, Instant, Read)| own == tap && *at <= *begun + answer.took;
                !place.checked_sub(1).is_some_and(|before| shares(&readers[before]))
            };
            let times_read: usize = (0..readers.len()).filter(read_anew).map(|place| count(&readers[place].2)).sum();
            let times_said = bridge.bot.said.lock().unwrap().iter().filter(|said| *said == words).count();
            assert!(
                times_read == times_said,
                "seed {seed}: {words} was read {} times; asked {asked:?}, read {:?}",
                readers.len(),
                read.iter().map(|(tap, at, answer)| (tap, at, answer.text(), answer.took)).collect::<Vec<_>>()
            );
        }
        calls += read.len();
        bridge.is_quiet();
    }
    println!("simulation: {calls} answers read, {said} replies of the bot, 0 lost, slowest {slowest:?}");
}
