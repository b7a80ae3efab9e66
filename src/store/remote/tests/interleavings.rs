//! Random interleavings of three processes against a simple model.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin { user: usize, process: usize },
    Show { place: usize },
    Park { place: usize },
    Read { place: usize },
    Drop { place: usize },
    GiveUp { place: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0_usize..4;
    prop_oneof![
        5 => (0_usize..3, 0_usize..3).prop_map(|(user, process)| Step::Begin { user, process }),
        3 => place.clone().prop_map(|place| Step::Show { place }),
        2 => place.clone().prop_map(|place| Step::Park { place }),
        2 => place.clone().prop_map(|place| Step::Read { place }),
        1 => place.clone().prop_map(|place| Step::Drop { place }),
        1 => place.prop_map(|place| Step::GiveUp { place }),
    ]
}

/// What is kept of a user, by the model.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Kept {
    page: u32,
    parked: usize,
}

/// What comes of the steps.
fn follow(steps: Vec<Step>, processes: &[Arc<RemoteStore>; 3], base: usize) -> Result<(), TestCaseError> {
    runtime().block_on(async {
        let mut model = [Kept::default(); 3];
        let mut held: Vec<(usize, Turn)> = Vec::new();
        let mut waiting: Vec<(usize, Entering)> = Vec::new();
        for step in steps {
            match step {
                Step::Begin { user: number, process } => {
                    let Begun::Asks(entering) = processes[process].begin(user(base + number), None) else {
                        panic!("the store is in trouble");
                    };
                    waiting.push((number, entering));
                }
                Step::Show { place } if place < held.len() => {
                    let (number, mut turn) = held.remove(place);
                    model[number].page += 1;
                    let page = Page { start: model[number].page, previous: None, next: None };
                    turn.session.show(None, page, false, time::now());
                    turn.commit(None, time::now());
                }
                Step::Park { place } if place < held.len() => {
                    let (number, mut turn) = held.remove(place);
                    model[number].parked = (model[number].parked + 1).min(10);
                    turn.session.park(parked("late"));
                    turn.commit(None, time::now());
                }
                Step::Read { place } if place < held.len() => {
                    let (number, mut turn) = held.remove(place);
                    model[number].parked = 0;
                    drop(turn.session.take_late(time::now()));
                    turn.commit(None, time::now());
                }
                Step::Drop { place } if place < held.len() => drop(held.remove(place)),
                Step::GiveUp { place } if place < waiting.len() => drop(waiting.remove(place)),
                Step::Show { .. } | Step::Park { .. } | Step::Read { .. } | Step::Drop { .. } | Step::GiveUp { .. } => {
                }
            }
            // Whoever comes first has their turn.
            for (number, kept_of_model) in model.iter().enumerate() {
                if held.iter().any(|(of, _)| *of == number) {
                    let others = waiting.iter_mut().filter(|(of, _)| *of == number);
                    for (_, entering) in others {
                        prop_assert!(
                            timeout(Duration::from_millis(3), entering).await.is_err(),
                            "two turns of one user"
                        );
                    }
                    continue;
                }
                let until = time::instant() + Duration::from_secs(5);
                while waiting.iter().any(|(of, _)| *of == number) && held.iter().all(|(of, _)| *of != number) {
                    prop_assert!(time::instant() < until, "somebody waits for nobody");
                    let mut place = 0;
                    while place < waiting.len() {
                        let (of, entering) = &mut waiting[place];
                        if *of != number {
                            place += 1;
                            continue;
                        }
                        match timeout(Duration::from_millis(2), entering).await {
                            Ok(Begun::Turn(turn)) => {
                                let kept =
                                    Kept { page: turn.session.page(), parked: turn.session.late(time::now()).count() };
                                prop_assert_eq!(kept, *kept_of_model);
                                prop_assert!(held.iter().all(|(of, _)| *of != number), "two turns of one user");
                                held.push((number, turn));
                                drop(waiting.remove(place));
                            }
                            Ok(other) => prop_assert!(false, "{:?}", other),
                            Err(_) => place += 1,
                        }
                    }
                }
            }
        }
        Ok(())
    })
}

#[test]
fn whatever_happens_a_user_has_one_turn_among_all_and_it_knows_all_before() {
    let Some(server) = Server::start() else { return };
    let processes = [server.process(100), server.process(100), server.process(100)];
    let next = AtomicUsize::new(100);
    let config =
        ProptestConfig { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() };
    let run = |steps| follow(steps, &processes, next.fetch_add(3, Ordering::Relaxed));
    TestRunner::new(config).run(&prop::collection::vec(step(), 1..40), run).unwrap();
}
