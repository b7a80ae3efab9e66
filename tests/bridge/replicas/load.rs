//! Many users on three replicas, while replicas and Redis fail: what holds always, and what holds outside 5 s around a
//! fault (P5, P6). `SMARTCHAT_TURNS=10000` runs the long version.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::evidence::{Clock, Logs};
use super::*;

/// It loses no parked answer.
const STOPPED: &str = "Redis is stopped";
/// A message that begins with this keeps its user waiting.
const SLOW: Duration = Duration::from_millis(2000);
const QUICK: Duration = Duration::from_millis(300);

/// How long the bot takes for a message.
fn takes(content: &str) -> Duration {
    match content.chars().next() {
        Some('느') => SLOW,
        Some('짝') => QUICK,
        // A tap on a menu.
        _ if content.contains('.') => QUICK,
        _ => ms(20),
    }
}

fn the_bot() -> Bot {
    Bot::answering(|asked| {
        let content = asked.content();
        let reply = if content.starts_with("메뉴") && !content.contains('.') {
            let labels: Vec<String> = (0..30).map(|number| format!("{content}.{number}")).collect();
            buttons(&format!("<{content}>"), &labels.iter().map(String::as_str).collect::<Vec<_>>())
        } else {
            bot::words(&format!("<{content}>"))
        };
        reply.after(takes(&content))
    })
}

/// One call of a user.
struct Said {
    id: String,
    content: String,
    /// When its connection was there.
    at: Instant,
    replica: usize,
    took: Duration,
    /// `None` where the connection ended without an answer.
    text: Option<String>,
    /// The replica was killed while it was under way.
    killed: bool,
}

struct World<'w> {
    replicas: Vec<Mutex<Option<Program>>>,
    /// No calls are led there.
    out: Vec<AtomicBool>,
    /// How often each was killed.
    deaths: Vec<AtomicUsize>,
    faults: Mutex<Vec<(&'static str, Instant, Instant)>>,
    said: Mutex<Vec<Said>>,
    left: AtomicUsize,
    over: AtomicBool,
    bot: &'w Bot,
    store: String,
    clock: Clock,
    logs: Logs,
}

impl<'w> World<'w> {
    fn new(bot: &'w Bot, store: &str, turns: usize) -> Self {
        let clock = Clock::start();
        let world = Self {
            clock,
            logs: Logs::new(clock),
            replicas: (0..3).map(|_| Mutex::new(None)).collect(),
            out: (0..3).map(|_| AtomicBool::new(false)).collect(),
            deaths: (0..3).map(|_| AtomicUsize::new(0)).collect(),
            faults: Mutex::default(),
            said: Mutex::default(),
            left: AtomicUsize::new(turns),
            over: AtomicBool::new(false),
            bot,
            store: store.to_owned(),
        };
        (0..3).for_each(|number| world.start(number));
        world
    }

    fn start(&self, number: usize) {
        let keys =
            [("bots.default.deadline", "1500ms"), ("callback.after", "1200ms"), ("workers", "2"), ("grace", "5s")];
        let shared = [("store.url", &*self.store), ("log.filter", "info,smartchat_bridge::store=debug")];
        let program = if self.store.is_empty() {
            Program::with(&self.bot.url(), &keys)
        } else {
            Program::with(&self.bot.url(), &[&keys[..], &shared].concat())
        };
        self.logs.of(number, &program.log);
        *self.replicas[number].lock().unwrap() = Some(program);
        self.out[number].store(false, SeqCst);
    }

    fn fault(&self, name: &'static str, work: impl FnOnce()) {
        let from = Instant::now();
        work();
        self.faults.lock().unwrap().push((name, from, Instant::now()));
    }

    /// Whether something was wrong within 5 s of then; a fault of the name `but` is none.
    fn is_around_another_fault(&self, but: &str, from: Instant, until: Instant) -> bool {
        let around = Duration::from_secs(5);
        let faults = self.faults.lock().unwrap();
        let faults = faults.iter().filter(|(name, ..)| *name != but);
        faults.into_iter().any(|(_, begins, ends)| until + around >= *begins && from <= *ends + around)
    }

    fn is_around_a_fault(&self, from: Instant, until: Instant) -> bool {
        self.is_around_another_fault("", from, until)
    }

    /// Where a replica has said that the store was in trouble, and nothing was broken, the machine was too busy: that is a
    /// fault, too. How long each was.
    fn count_trouble_as_faults(&self) -> Vec<Duration> {
        let mut alone = self.logs.alone();
        alone.retain(|window| !self.is_around_a_fault(window.from, window.until));
        let busy = alone.iter().map(|window| ("the machine is busy", window.from, window.until));
        self.faults.lock().unwrap().extend(busy);
        alone.iter().map(|window| window.until - window.from).collect()
    }

    /// A living replica.
    fn replica(&self, random: usize) -> (usize, std::net::SocketAddr) {
        loop {
            for number in (0..3).map(|number| (number + random) % 3) {
                if self.out[number].load(SeqCst) {
                    continue;
                }
                if let Some(program) = &*self.replicas[number].lock().unwrap() {
                    return (number, program.public);
                }
            }
            std::thread::sleep(ms(5));
        }
    }

    fn say(&self, random: usize, say: &Say) -> Option<Answer> {
        static IDS: AtomicUsize = AtomicUsize::new(0);
        let (number, address) = self.replica(random);
        let deaths = self.deaths[number].load(SeqCst);
        let asked = Instant::now();
        self.left.fetch_update(SeqCst, SeqCst, |left| Some(left.saturating_sub(1))).unwrap();
        let Ok(mut client) = Client::try_connect(address) else {
            // Nothing was sent: a proxy tries another.
            std::thread::sleep(ms(20));
            return self.say(random + 1, say);
        };
        let at = Instant::now();
        let id = format!("call-{}", IDS.fetch_add(1, SeqCst));
        let headers = [("Content-Type", "application/json"), ("X-Request-Id", &*id)];
        let answer = client.request("POST", &say.path, &headers, say.body().as_bytes());
        let killed = deaths != self.deaths[number].load(SeqCst);
        let text = answer.as_ref().map(Answer::text);
        let content = say.call["userRequest"]["utterance"].as_str().unwrap_or_default().trim().to_owned();
        let said = Said { id, content, at, replica: number, took: asked.elapsed(), text, killed };
        self.said.lock().unwrap().push(said);
        answer
    }
}

/// What one user does until the turns are used up.
fn live(world: &World<'_>, user: usize, pause: Duration) {
    let user_key = format!("u{user}");
    let mut random = user as u64 * 2_654_435_761 + 1;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize
    };
    // Who all come at once, to programs that were not built to be quick, are a fault of their own.
    std::thread::sleep(pause.mul_f32((next() % 100) as f32 / 100.0));
    let mut number = 0;
    while world.left.load(SeqCst) > 0 {
        number += 10;
        let named = |kind: &str, number: usize| format!("{kind} {user} {number:06}");
        match next() % 10 {
            0..=4 => {
                let content = named("말", number);
                world.say(next(), &words(&user_key, &content));
            }
            5 | 6 => {
                let (first, second) = (named("짝", number), named("짝", number + 1));
                let (one, two) = (next(), next());
                std::thread::scope(|scope| {
                    scope.spawn(|| world.say(one, &words(&user_key, &first)));
                    // A machine that runs all of it at once may be as late as this.
                    std::thread::sleep(ms(150));
                    world.say(two, &words(&user_key, &second));
                });
            }
            7 | 8 => {
                let content = named("메뉴", number);
                let Some(menu) = world.say(next(), &words(&user_key, &content)) else { continue };
                let Some(page) = menu.next_page() else { continue };
                let Some(page) = world.say(next(), &Say::press(&key(&user_key), &page)) else { continue };
                // The same tap twice at once, on any replicas.
                let Some((_, tap)) = page.labels().into_iter().next() else { continue };
                let (one, two) = (next(), next());
                let tap = Say::press(&key(&user_key), &tap);
                std::thread::scope(|scope| {
                    scope.spawn(|| world.say(one, &tap));
                    world.say(two, &tap);
                });
            }
            _ => {
                let content = named("느린", number);
                let Some(mut answer) = world.say(next(), &words(&user_key, &content)) else { continue };
                let wanted = format!("<{content}>");
                for _ in 0..6 {
                    let Some(late) = answer.late().filter(|_| !answer.text().contains(&wanted)) else { break };
                    let Some(next) = world.say(next(), &Say::press(&key(&user_key), &late)) else { break };
                    answer = next;
                }
            }
        }
        std::thread::sleep(pause.mul_f32(0.5 + (next() % 100) as f32 / 100.0));
    }
}

/// Two messages that come to two replicas within so short a time have no order that is anybody's: a begin may take so long on
/// its way to the store, and the store has the order (P5, P6). The same holds for a message that came while the store did not
/// answer for longer: what has come to it meanwhile it takes from its connections in any order.
const AT_ONCE: Duration = Duration::from_millis(100);

#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    /// Always.
    unanswered: usize,
    above_5_s: usize,
    asked_twice: usize,
    /// Outside 5 s around a fault.
    taps_not_shared: usize,
    out_of_order: usize,
    two_at_once: usize,
    late_lost: usize,
}

fn figures(world: &World<'_>) -> Figures {
    let mut figures = Figures::default();
    let said = world.said.lock().unwrap();
    for said in said.iter() {
        figures.unanswered += usize::from(said.text.is_none() && !said.killed);
        figures.above_5_s += usize::from(said.took > Duration::from_secs(5));
    }
    let alone = world.count_trouble_as_faults();
    let arrived = world.logs.arrivals();
    let came = |content: &str| {
        let said = said.iter().find(|said| said.content == content)?;
        arrived.get(&said.id).copied()
    };
    let messages = world.bot.messages();
    let slow = world.logs.slow();
    let had_no_order = |first: Instant, second: Instant| {
        first + AT_ONCE > second
            || slow.iter().any(|slow| slow.from <= second && first <= slow.until && second <= slow.until)
    };
    let mut too_close = 0;
    let outside = messages.iter().filter(|message| !world.is_around_a_fault(message.at, message.at)).count();
    let mut asked: HashMap<String, Instant> = HashMap::new();
    let mut by_user: HashMap<String, Vec<(Instant, String)>> = HashMap::new();
    for message in &messages {
        let content = message.content();
        if let Some(before) = asked.insert(content.clone(), message.at) {
            // A tap was made twice. Where it is not shared, the bot gets both.
            let is_tap = content.contains('.');
            figures.asked_twice += usize::from(!is_tap);
            // One that comes when the other has been answered is a tap of its own.
            let both_came =
                || said.iter().filter(|said| said.content == content).filter_map(|said| arrived.get(&said.id));
            let at_once = is_tap && both_came().all(|came| *came < before + takes(&content));
            figures.taps_not_shared += usize::from(at_once && !world.is_around_a_fault(before, message.at));
        }
        by_user.entry(message.user_key()).or_default().push((message.at, content));
    }
    let number = |content: &str| content.split([' ', '.']).nth(2).and_then(|number| number.parse::<usize>().ok());
    for asked in by_user.values() {
        for pair in asked.windows(2) {
            let ((before, first), (after, second)) = (&pair[0], &pair[1]);
            if world.is_around_a_fault(*before, *after) {
                continue;
            }
            let mut is_out_of_order = number(first) > number(second);
            // A machine that is busy lets a message come to its bridge later than the one that was sent behind it.
            if is_out_of_order
                && came(second).zip(came(first)).is_some_and(|(first, second)| had_no_order(first, second))
            {
                is_out_of_order = false;
                too_close += 1;
            }
            // The bot notes a call a moment after it has come.
            let are_at_once = *before + takes(first) > *after + ms(10);
            figures.out_of_order += usize::from(is_out_of_order);
            figures.two_at_once += usize::from(are_at_once);
            if (is_out_of_order || are_at_once) && !world.store.is_empty() {
                tell(world, &said, [(*before, first), (*after, second)]);
            }
        }
    }
    // What the bot has said late was read by its user, once asked for.
    let read: String = said.iter().filter_map(|said| said.text.as_deref()).collect();
    for message in messages.iter().filter(|message| message.content().starts_with('느')) {
        let (from, until) = (message.at, message.at + SLOW);
        let lost = !read.contains(&format!("<{}>", message.content()));
        figures.late_lost +=
            usize::from(lost && !world.is_around_another_fault(STOPPED, from, until + Duration::from_secs(2)));
    }
    println!(
        "{} calls, {} messages, {outside} of them outside 5 s around {} faults, slowest {:?}: {figures:?}",
        said.len(),
        messages.len(),
        world.faults.lock().unwrap().len(),
        said.iter().map(|said| said.took).max().unwrap_or_default()
    );
    println!(
        "replicas were in trouble with the store {} times for {:?} without a fault; {too_close} pairs came within {AT_ONCE:?} \
         or in one of {} slow answers",
        alone.len(),
        alone.iter().sum::<Duration>(),
        slow.len()
    );
    // What is left out must not hide what is wrong.
    assert!(alone.iter().sum::<Duration>() * 20 < world.clock.elapsed(), "{alone:?}");
    assert!(outside * 10 > messages.len(), "nearly all of it was around a fault");
    assert!(too_close * 100 < messages.len().max(1000), "{too_close}");
    figures
}

/// Says what is known of two messages that came to the bot as they should not.
fn tell(world: &World<'_>, said: &[Said], pair: [(Instant, &String); 2]) {
    let seconds = |at| world.clock.seconds(at);
    let mut calls = Vec::new();
    for (at, content) in pair {
        println!("  {content:?} came to the bot at {:.3}", seconds(at));
        for said in said.iter().filter(|said| said.content == *content) {
            let Said { id, at, replica, took, text, .. } = said;
            println!("    {id} was sent to replica {replica} at {:.3}, took {took:?}: {text:?}", seconds(*at));
            calls.push(id.clone());
        }
    }
    print!("{}", world.logs.around(&calls, pair[0].0, pair[1].0));
}

fn sleep_while(world: &World<'_>, for_so_long: Duration) -> bool {
    let until = Instant::now() + for_so_long;
    while Instant::now() < until {
        if world.over.load(SeqCst) {
            return false;
        }
        std::thread::sleep(ms(50));
    }
    true
}

/// One fault after the other, 13 s between, of which 3 s are not around a fault, until the users are done.
fn break_things(world: &World<'_>, redis: &Mutex<Redis>, way: &SlowWay) {
    for round in 0.. {
        let number = round % 3;
        let faults: [(&str, &dyn Fn()); 5] = [
            ("a replica is killed and started", &|| {
                world.out[number].store(true, SeqCst);
                world.deaths[number].fetch_add(1, SeqCst);
                drop(world.replicas[number].lock().unwrap().take());
                std::thread::sleep(ms(500));
                world.start(number);
            }),
            ("a replica is paused longer than a lease", &|| {
                world.out[number].store(true, SeqCst);
                world.replicas[number].lock().unwrap().as_ref().unwrap().signal("STOP");
                std::thread::sleep(ms(3300));
                world.replicas[number].lock().unwrap().as_ref().unwrap().signal("CONT");
                world.out[number].store(false, SeqCst);
            }),
            (STOPPED, &|| {
                redis.lock().unwrap().pause();
                std::thread::sleep(ms(2000));
                redis.lock().unwrap().go_on();
            }),
            ("Redis is killed and started", &|| {
                redis.lock().unwrap().kill();
                std::thread::sleep(ms(1000));
                redis.lock().unwrap().start_again();
            }),
            ("Redis takes 300 ms a command", &|| {
                way.takes(ms(300));
                std::thread::sleep(ms(3000));
                way.takes(ms(0));
            }),
        ];
        for (name, fault) in faults {
            if !sleep_while(world, ms(13_000)) {
                return;
            }
            println!("{name}");
            world.fault(name, fault);
        }
    }
}

fn turns() -> usize {
    variable("SMARTCHAT_TURNS").map_or(1500, |turns| turns.parse().unwrap())
}

#[test]
fn p5_users_notice_nothing_of_replicas_and_a_redis_that_fail() {
    let Some(redis) = Redis::start() else { return };
    let way = SlowWay::to(redis.port);
    let redis = Mutex::new(redis);
    let bot = the_bot();
    let turns = turns();
    let (users, pause) = if turns >= 10_000 { (200, ms(4000)) } else { (60, ms(2000)) };
    let world = World::new(&bot, &way.url(), turns);
    std::thread::scope(|scope| {
        let breaking = scope.spawn(|| break_things(&world, &redis, &way));
        let living: Vec<_> = (0..users)
            .map(|user| {
                let world = &world;
                scope.spawn(move || live(world, user, pause))
            })
            .collect();
        living.into_iter().for_each(|user| user.join().unwrap());
        world.over.store(true, SeqCst);
        breaking.join().unwrap();
    });
    assert_eq!(figures(&world), Figures::default());
}

#[test]
fn without_a_store_replicas_do_not_keep_what_they_promise_together() {
    let bot = the_bot();
    let world = World::new(&bot, "", 600);
    std::thread::scope(|scope| {
        for user in 0..60 {
            let world = &world;
            scope.spawn(move || live(world, user, ms(300)));
        }
    });
    let figures = figures(&world);
    assert!(figures.taps_not_shared > 0 && figures.two_at_once > 0 && figures.late_lost > 0, "{figures:?}");
}

#[test]
fn p2_a_rolling_restart_under_load_fails_no_call_and_loses_no_session() {
    let Some(redis) = Redis::start() else { return };
    let bot = the_bot();
    let world = World::new(&bot, &redis.url(), usize::MAX);
    // Shown before the restart, by whichever.
    for user in 0..30 {
        let menu = format!("메뉴 {user} 000001");
        assert!(world.say(user, &words(&format!("kept{user}"), &menu)).unwrap().next_page().is_some());
    }
    std::thread::scope(|scope| {
        for user in 0..30 {
            let world = &world;
            scope.spawn(move || live(world, user, ms(300)));
        }
        for number in 0..3 {
            assert!(sleep_while(&world, ms(500)));
            // As a proxy reads it from /readyz.
            world.out[number].store(true, SeqCst);
            let mut program = world.replicas[number].lock().unwrap().take().unwrap();
            program.signal("TERM");
            assert_eq!(program.ended(), 0, "{}", program.log.lock().unwrap());
            world.start(number);
        }
        world.left.store(0, SeqCst);
    });
    assert_eq!(figures(&world), Figures::default());
    for user in 0..30 {
        let answer = world.say(user + 1, &words(&format!("kept{user}"), "아무 말")).unwrap();
        assert_eq!(answer.text(), "원하는 버튼을 선택하세요", "{user}");
    }
}
