//! The checklist of a first run (C3): from what is known of a bot, what is done, what fails, and what to do about it.

use crate::backend_problem::BackendProblem;
use crate::messages::{Message, checklist as words};
use crate::time::Moment;

use super::why::problem;

/// What is known of a bot and its calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) bot: String,
    /// Its home keyboard is known.
    pub(super) home_known: bool,
    /// When a usable reply came last.
    pub(super) last_reply: Option<Moment>,
    /// Turns in a row without one.
    pub(super) failures: u64,
    /// Of its last turns that asked it: how many there are, and how many of them had no answer in time.
    pub(super) asked: usize,
    pub(super) late: usize,
    /// What its last failure was, where that is still known.
    pub(super) last_problem: Option<BackendProblem>,
    /// Whether the last check reached it.
    pub(super) checked: Option<bool>,
    /// The header of the secret, where one is set.
    pub(super) header: Option<String>,
    /// Only listed addresses are let in.
    pub(super) has_addresses: bool,
    pub(super) seen: Seen,
}

/// When each kind of call was seen last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) real: Option<Moment>,
    pub(super) tester: Option<Moment>,
    pub(super) welcome: Option<Moment>,
    pub(super) keyless: Option<Moment>,
    pub(super) callback: Option<Moment>,
    pub(super) no_secret: Option<Moment>,
    pub(super) other_secret: Option<Moment>,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Bad,
    /// Not known yet.
    Open,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) standing: Standing,
    /// What it is about.
    pub(super) name: Message,
    /// What was found.
    pub(super) found: Message,
    /// What to do.
    pub(super) remedy: Option<Message>,
    /// Lines to paste for it.
    pub(super) lines: Vec<String>,
    /// The list of calls says more.
    pub(super) shows_in_turns: bool,
}

impl Step {
    fn good(name: Message, found: Message) -> Self {
        Self { standing: Standing::Good, name, found, remedy: None, lines: Vec::new(), shows_in_turns: false }
    }

    fn bad(name: Message, found: Message, remedy: Message) -> Self {
        Self { standing: Standing::Bad, remedy: Some(remedy), ..Self::good(name, found) }
    }

    fn open(name: Message, found: Message, remedy: Message) -> Self {
        Self { standing: Standing::Open, ..Self::bad(name, found, remedy) }
    }
}

/// The steps, in the order in which one takes them. `told` writes a time.
pub(super) fn steps(facts: &Facts, told: impl Fn(Moment) -> String) -> Vec<Step> {
    let mut steps = vec![reached(facts), answered(facts), secret(facts)];
    if facts.header.is_some() {
        steps.push(header(&facts.seen, &told));
    }
    steps.extend([calls(facts, &told), welcome(&facts.seen, &told), keys(&facts.seen, &told)]);
    steps.push(callback(&facts.seen, &told));
    steps
}

/// No answer of this kind means that a bot is there.
fn is_out_of_reach(problem: BackendProblem) -> bool {
    use BackendProblem::{Tls, Unreachable, Unresolved, Untrusted};
    matches!(problem, Unresolved | Unreachable | Tls | Untrusted)
}

fn reached(facts: &Facts) -> Step {
    let (name, remedy) = (words::reached(), words::reach_it(&*facts.bot));
    let now_out = facts.last_problem.filter(|last| facts.failures > 0 && is_out_of_reach(*last));
    match (now_out, facts.checked) {
        (Some(last), _) => Step::bad(name, words::reached_not(problem(last)), remedy),
        (None, Some(false)) => Step::bad(name, words::reached_not_by_check(), remedy),
        (None, Some(true)) => Step::good(name, words::reached_well()),
        (None, None) if facts.home_known || facts.last_reply.is_some() || facts.last_problem.is_some() => {
            Step::good(name, words::reached_well())
        }
        (None, None) => Step::open(name, words::reached_unknown(), remedy),
    }
}

fn answered(facts: &Facts) -> Step {
    let name = words::answered();
    let bad = |found, remedy| Step { shows_in_turns: true, ..Step::bad(name.clone(), found, remedy) };
    // One slow answer is no slow bot.
    let is_late = facts.late > 1 && facts.late * 2 >= facts.asked;
    match (facts.failures, facts.last_problem) {
        (0, _) | (_, None) if is_late => bad(words::answered_late(facts.asked, facts.late), words::be_faster()),
        (0, _) if facts.last_reply.is_some() => Step::good(name, words::answered_well()),
        (0, _) => Step::open(name, words::answered_unknown(), words::say_something()),
        (count, Some(last)) => bad(words::answered_not(count, problem(last)), words::mend_the_bot()),
        (count, None) => bad(words::answered_not_untold(count), words::mend_the_bot()),
    }
}

fn secret(facts: &Facts) -> Step {
    let name = words::secret();
    if let Some(header) = &facts.header {
        return Step::good(name, words::secret_is_set(&**header));
    }
    if facts.has_addresses {
        return Step::good(name, words::addresses_are_set());
    }
    let lines = vec![
        "openssl rand -hex 24 > skill-secret && chmod 644 skill-secret".to_owned(),
        format!("[bots.{}]\nsecret = {{ header = \"x-skill-secret\", values_file = \"skill-secret\" }}", facts.bot),
    ];
    Step { lines, ..Step::bad(name, words::secret_is_not_set(), words::set_a_secret()) }
}

/// A refusal counts while no call was let in after it.
fn header(seen: &Seen, told: &impl Fn(Moment) -> String) -> Step {
    let name = words::header();
    let let_in = seen.real.max(seen.tester);
    let refused = seen.no_secret.max(seen.other_secret).filter(|refused| let_in.is_none_or(|let_in| let_in < *refused));
    match refused {
        Some(time) if seen.no_secret >= seen.other_secret => {
            Step::bad(name, words::header_is_missing(told(time)), words::enter_the_header())
        }
        Some(time) => Step::bad(name, words::header_differs(told(time)), words::enter_the_header()),
        None if let_in.is_some() => Step::good(name, words::header_comes()),
        None => Step::open(name, words::header_unknown(), words::enter_the_header()),
    }
}

fn calls(facts: &Facts, told: &impl Fn(Moment) -> String) -> Step {
    let name = words::calls();
    match (facts.seen.real, facts.seen.tester) {
        (Some(time), _) => Step::good(name, words::calls_come(told(time))),
        (None, Some(time)) => Step::open(name, words::only_tests(told(time)), words::deploy()),
        (None, None) => Step::open(name, words::calls_unknown(), words::wire_the_fallback()),
    }
}

fn welcome(seen: &Seen, told: &impl Fn(Moment) -> String) -> Step {
    match seen.welcome {
        Some(time) => Step::good(words::welcome(), words::welcome_calls(told(time))),
        None => Step::open(words::welcome(), words::welcome_never(), words::wire_the_welcome()),
    }
}

fn keys(seen: &Seen, told: &impl Fn(Moment) -> String) -> Step {
    match (seen.keyless, seen.real) {
        (Some(time), _) => Step::bad(words::keys(), words::keys_missing(told(time)), words::connect_the_channel()),
        (None, Some(_)) => Step::good(words::keys(), words::keys_come()),
        (None, None) => Step::open(words::keys(), words::calls_first(), words::connect_the_channel()),
    }
}

fn callback(seen: &Seen, told: &impl Fn(Moment) -> String) -> Step {
    match seen.callback {
        Some(time) => Step::good(words::callback(), words::callback_comes(told(time))),
        None => Step::open(words::callback(), words::callback_never(), words::apply_for_the_callback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Language;

    const EARLY: Option<Moment> = Some(Moment::from_millis(1_000));
    const LATER: Option<Moment> = Some(Moment::from_millis(2_000));

    fn standings(facts: &Facts) -> Vec<Standing> {
        steps(facts, |time| time.as_millis().to_string()).iter().map(|step| step.standing).collect()
    }

    fn step(facts: &Facts, place: usize) -> (Standing, String) {
        let step = steps(facts, |time| time.as_millis().to_string()).remove(place);
        (step.standing, step.found.text(Language::English))
    }

    use Standing::{Bad, Good, Open};

    #[test]
    fn a_bridge_that_has_just_started_knows_nothing_but_its_secret() {
        let facts = Facts { header: Some("x-skill-secret".into()), ..Facts::default() };
        assert_eq!(standings(&facts), [Open, Open, Good, Open, Open, Open, Open, Open]);
        assert_eq!(standings(&Facts::default()), [Open, Open, Bad, Open, Open, Open, Open]);
    }

    #[test]
    fn everything_is_green_once_everything_was_seen() {
        let seen = Seen { real: LATER, welcome: LATER, callback: LATER, no_secret: EARLY, ..Seen::default() };
        let header = Some("x-skill-secret".into());
        let facts = Facts { header, last_reply: LATER, home_known: true, seen, ..Facts::default() };
        assert_eq!(standings(&facts), [Good; 8]);
    }

    #[test]
    fn every_step_that_is_not_done_has_a_remedy() {
        for facts in [Facts::default(), Facts { failures: 3, checked: Some(false), ..Facts::default() }] {
            let steps = steps(&facts, |_| String::new());
            assert!(steps.iter().all(|step| (step.standing == Good) == step.remedy.is_none()), "{steps:?}");
        }
    }

    #[test]
    fn a_bot_that_answers_badly_is_reached_and_one_that_is_gone_is_not() {
        let failing =
            |problem| Facts { failures: 2, last_problem: Some(problem), last_reply: EARLY, ..Facts::default() };
        assert_eq!(standings(&failing(BackendProblem::Status))[..2], [Good, Bad]);
        assert_eq!(standings(&failing(BackendProblem::Unreachable))[..2], [Bad, Bad]);
        // Its failures are over.
        let well = Facts { failures: 0, ..failing(BackendProblem::Unreachable) };
        assert_eq!(standings(&well)[..2], [Good, Good]);
        let checked = |reached| Facts { checked: Some(reached), ..Facts::default() };
        assert_eq!((standings(&checked(true))[0], standings(&checked(false))[0]), (Good, Bad));
    }

    #[test]
    fn a_bot_that_is_late_half_the_time_is_not_well() {
        let facts = |asked, late| Facts { asked, late, last_reply: LATER, ..Facts::default() };
        assert_eq!((step(&facts(10, 4), 1).0, step(&facts(1, 1), 1).0), (Good, Good));
        let (standing, found) = step(&facts(10, 5), 1);
        assert!(standing == Bad && found.contains("5 of the last 10"), "{found}");
        assert!(steps(&facts(2, 2), |_| String::new())[1].shows_in_turns);
    }

    #[test]
    fn a_refusal_counts_until_a_call_is_let_in() {
        let facts = |seen| Facts { header: Some("x".into()), seen, ..Facts::default() };
        let missing = facts(Seen { no_secret: LATER, real: EARLY, ..Seen::default() });
        assert_eq!(step(&missing, 3).0, Bad);
        assert!(step(&missing, 3).1.contains("missing in the skill"));
        let differs = facts(Seen { other_secret: LATER, no_secret: EARLY, ..Seen::default() });
        assert!(step(&differs, 3).1.contains("another value"));
        let well = facts(Seen { no_secret: EARLY, tester: LATER, ..Seen::default() });
        assert_eq!(step(&well, 3).0, Good);
    }

    #[test]
    fn tests_alone_are_no_real_calls_and_keys_that_are_missing_are_told() {
        let facts = |seen| Facts { seen, ..Facts::default() };
        let tests = facts(Seen { tester: EARLY, ..Seen::default() });
        assert!(step(&tests, 3).0 == Open && step(&tests, 3).1.contains("Only the tester"));
        let keyless = facts(Seen { real: LATER, keyless: EARLY, ..Seen::default() });
        assert_eq!((step(&keyless, 3).0, step(&keyless, 5).0), (Good, Bad));
    }
}
