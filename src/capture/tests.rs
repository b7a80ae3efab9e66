use super::*;
use crate::exchange::{Manner, Origin};
use crate::ids::RequestId;

fn at(seconds: u64) -> Moment {
    Moment::from_millis(1_000_000 + seconds * 1_000)
}

fn look(capture: &Capture, user: u64, words: &str, now: Moment) -> Looked {
    let begin = || Beginning {
        origin: Origin::Capture,
        at: now,
        request_id: &RequestId::Own { at: 1, number: 1 },
        call: words.as_bytes(),
        keys: ["", ""],
        manner: Manner::default(),
    };
    capture.look(user, Some(words), begin, now)
}

fn is_kept(looked: &Looked) -> bool {
    matches!(looked, Looked::Kept(_))
}

#[test]
fn c5_it_is_off_until_it_is_started_and_keeps_one_user_only() {
    let capture = Capture::default();
    assert!(!capture.is_on());
    assert!(matches!(look(&capture, 1, "a", at(0)), Looked::Away));
    capture.start(Whom::User(1), at(0));
    assert!(capture.is_on() && is_kept(&look(&capture, 1, "a", at(1))));
    assert!(matches!(look(&capture, 2, "a", at(1)), Looked::Away));
    assert_eq!(capture.kept(at(1)).len(), 1);
    capture.start(Whom::Everybody, at(2));
    assert!(capture.kept(at(2)).is_empty(), "what was captured of another goes");
    assert!(is_kept(&look(&capture, 2, "a", at(2))) && is_kept(&look(&capture, 1, "a", at(2))));
}

#[test]
fn c5_it_ends_by_itself_after_ten_minutes_and_is_erased_ten_minutes_later() {
    let capture = Capture::default();
    capture.start(Whom::User(1), at(0));
    drop(look(&capture, 1, "a", at(599)));
    assert_eq!(capture.sweep(at(599)), []);
    assert!(matches!(look(&capture, 1, "a", at(600)), Looked::Away), "not a moment longer, sweep or not");
    assert_eq!(capture.sweep(at(601)), [Change::Ended]);
    assert!(!capture.is_on());
    let standing = capture.standing(at(601));
    assert_eq!((standing.watch, standing.erase, standing.turns), (None, Some(at(1200)), 1));
    assert_eq!(capture.sweep(at(1199)), []);
    assert_eq!(capture.kept(at(1199)).len(), 1);
    assert_eq!(capture.sweep(at(1200)), [Change::Erased]);
    assert_eq!((capture.kept(at(1200)).len(), capture.budget.used()), (0, 0));
    assert_eq!(capture.sweep(at(1201)), []);
}

#[test]
fn c5_who_looks_before_the_sweep_sees_nothing_that_is_over() {
    let capture = Capture::default();
    capture.start(Whom::User(1), at(0));
    drop(look(&capture, 1, "a", at(1)));
    assert!(capture.kept(at(1200)).is_empty());
    assert_eq!(capture.sweep(at(1201)), [Change::Ended, Change::Erased], "it is told all the same");
}

#[test]
fn c5_it_can_be_ended_and_erased_before_its_time() {
    let capture = Capture::default();
    assert!(!capture.stop(at(0)), "nobody was captured");
    capture.start(Whom::Everybody, at(0));
    drop(look(&capture, 1, "a", at(1)));
    assert!(capture.stop(at(2)) && !capture.is_on());
    assert!(matches!(look(&capture, 1, "a", at(3)), Looked::Away));
    assert_eq!(capture.standing(at(3)).erase, Some(at(602)));
    capture.erase();
    assert_eq!(capture.budget.used(), 0);
}

#[test]
fn c5_a_code_pairs_whoever_sends_it_once_and_within_ten_minutes() {
    let capture = Capture::default();
    let code = Code::random().unwrap();
    capture.wait_for(code.clone(), at(0));
    assert!(capture.is_on());
    assert!(matches!(look(&capture, 1, "K7QM", at(1)), Looked::Away));
    assert!(matches!(look(&capture, 1, &format!("코드 {}", code.as_str()), at(1)), Looked::Away));
    let typed = format!(" {}\n", code.as_str().to_lowercase());
    assert!(matches!(look(&capture, 7, &typed, at(2)), Looked::Paired));
    assert_eq!(capture.standing(at(2)).watch, Some((Whom::User(7), at(602))));
    assert!(is_kept(&look(&capture, 7, code.as_str(), at(3))), "a code is good once, then it is words");
    assert!(matches!(look(&capture, 1, code.as_str(), at(3)), Looked::Away));

    let late = Capture::default();
    late.wait_for(code.clone(), at(0));
    assert!(matches!(look(&late, 1, code.as_str(), at(600)), Looked::Away));
    assert_eq!(late.sweep(at(600)), []);
    assert!(!late.is_on());
}

#[test]
fn codes_are_of_the_alphabet_and_differ() {
    let codes: Vec<Code> = (0..50).filter_map(|_| Code::random()).collect();
    assert!(codes.iter().all(|code| code.0.iter().all(|byte| ALPHABET.contains(byte))));
    assert!(codes.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(!format!("{:?}", codes[0]).contains(codes[0].as_str()));
}

#[test]
fn c5_no_more_than_4_mib_are_kept_and_the_newest_turns_are() {
    let capture = Capture::default();
    capture.start(Whom::Everybody, at(0));
    let long = format!("\"{}\"", "a".repeat(60_000));
    for second in 0..200 {
        match look(&capture, 1, &long, at(second)) {
            Looked::Kept(exchange) => exchange.replied(200, long.as_bytes(), false),
            Looked::Away | Looked::Paired => panic!("there is always room for the newest"),
        }
        assert!(capture.budget.used() <= BYTES);
    }
    let kept = capture.kept(at(200));
    assert!(kept.len() > 20 && kept.last().unwrap().at == at(199));
    assert!(kept.last().unwrap().messages().call.is_whole);
}

#[test]
fn c5_turns_that_do_not_end_keep_no_more_than_4_mib_either() {
    let capture = Capture::default();
    capture.start(Whom::Everybody, at(0));
    let long = "a".repeat(60_000);
    let in_flight: Vec<Looked> = (0..500).map(|_| look(&capture, 1, &long, at(1))).collect();
    assert!(capture.budget.used() <= BYTES);
    assert!(in_flight.iter().any(|looked| matches!(looked, Looked::Kept(_))));
}
