//! Late replies and the rests of long ones: how long they wait, how many, and in which order they are read.

use super::*;

#[test]
fn s3_late_replies_wait_ten_minutes_and_are_taken_once() {
    let mut session = shown(&keyboard(&["급식"]));
    session.park(late(after(0)));
    session.park(late(after(300_000)));
    assert_eq!(plan(&session, UserInput::Tap(Mark::Late), None, after(1)), Step::Local(LocalStep::Late));
    assert_eq!(plan(&session, words("답변 보기"), None, after(1)), Step::Local(LocalStep::Late));
    assert_eq!(session.parked_count(), 2);
    assert!(session.has_late(after(899_999)) && !session.has_late(after(900_000)));
    let taken = session.take_late(after(600_000));
    assert_eq!(taken.len(), 1, "the first has waited ten minutes");
    assert!(!session.has_parked() && session.take_late(after(600_000)).is_empty());
    assert_eq!(
        plan(&session, UserInput::Tap(Mark::Late), None, after(1)),
        Step::Local(LocalStep::Reprompt(Prompt::NothingParked))
    );
}

#[test]
fn s3_of_many_late_replies_the_newest_ten_are_kept() {
    let mut session = Session::default();
    for second in 0..12 {
        session.park(late(after(second * 1000)));
    }
    let came: Vec<Moment> = session.take_late(after(12_000)).into_iter().map(|late| late.came).collect();
    assert_eq!(came, (2..12).map(|second| after(second * 1000)).collect::<Vec<_>>());
}

#[test]
fn s3_the_bytes_that_wait_are_counted_and_tidied() {
    let mut session = Session::default();
    assert_eq!((session.parked_bytes(), session.parked_count()), (0, 0));
    session.park(late(after(0)));
    session.keep_rest(rest(after(1000)));
    assert_eq!((session.parked_bytes(), session.parked_count()), (14 + 5, 2));
    session.tidy(after(600_000));
    assert_eq!((session.parked_bytes(), session.parked_count()), (5, 1));
    session.tidy(after(601_000));
    assert!(!session.has_parked());
}

#[test]
fn o5_the_rest_of_a_long_reply_waits_ten_minutes() {
    let mut session = shown(&keyboard(&["급식"]));
    assert_eq!(
        plan(&session, UserInput::Tap(Mark::More { part: 1 }), None, NOON),
        Step::Local(LocalStep::Reprompt(Prompt::NothingParked))
    );
    session.keep_rest(rest(NOON));
    assert_eq!(plan(&session, UserInput::Tap(Mark::More { part: 3 }), None, NOON), Step::Local(LocalStep::More(3)));
    assert_eq!(plan(&session, words("이어서 보기"), None, after(599_999)), Step::Local(LocalStep::More(1)));
    assert!(session.rest(after(600_000)).is_none());
    let newer = Rest { next: 2, ..rest(NOON) };
    session.keep_rest(newer);
    assert_eq!(session.rest(NOON).map(|rest| rest.next), Some(2));
    // The one before it is not lost: it follows when the newer one is read, and has ten minutes again.
    assert_eq!(session.older_rest(NOON).map(|rest| rest.next), Some(1));
    session.drop_rest(after(599_000));
    assert_eq!(session.rest(after(1_198_000)).map(|rest| rest.next), Some(1));
    session.drop_rest(after(1_198_000));
    assert!(!session.has_parked());
}

#[test]
fn o5_rests_are_bounded_and_the_oldest_goes_first() {
    let mut session = shown(&keyboard(&["급식"]));
    for number in 0..20 {
        session.keep_rest(Rest { next: number, ..rest(NOON) });
    }
    assert_eq!(session.parked_count(), 10);
    for number in (10..20).rev() {
        assert_eq!(session.rest(NOON).map(|rest| rest.next), Some(number));
        session.drop_rest(NOON);
    }
    assert!(!session.has_parked());
}

#[test]
fn s3_a_reply_shown_after_the_question_is_newer_than_its_answer() {
    let session = shown(&keyboard(&["급식"]));
    assert!(session.shown_since(Moment::from_millis(1)));
    assert!(!session.shown_since(NOON) && !session.shown_since(after(1)));
    assert!(!Session::default().shown_since(Moment::from_millis(0)));
}
