//! State that lasts (P1 to P4, P6): the real program on one folder, stopped, killed and started again.

use std::path::Path;

use tempfile::TempDir;

use super::callback_sink::{CallbackSink, Mood};
use super::*;

const INTERRUPTED: &str = "앞선 메시지의 답변을 받지 못했습니다. 필요하면 다시 보내 주세요.";

/// A folder, and programs that run on it one after the other.
struct Lasting {
    folder: TempDir,
    url: String,
    keys: Vec<(String, String)>,
}

impl Lasting {
    fn before(bot: &Bot, keys: &[(&str, &str)]) -> Self {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { folder: tempfile::tempdir().unwrap(), url: bot.url(), keys }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self) -> std::path::PathBuf {
        self.path().join("bridge.db")
    }

    fn start(&self) -> Program {
        self.dying_at("")
    }

    /// One that dies at this step of a turn, the so manieth time that it comes there.
    fn dying_at(&self, step: &str) -> Program {
        let folder = self.path().to_str().unwrap();
        let mut keys = vec![("store.path", folder), ("workers", "2"), ("grace", "5s")];
        keys.extend(self.keys.iter().map(|(key, value)| (&**key, &**value)));
        let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let arguments: Vec<&str> = keys.iter().flat_map(|key| ["--set", key]).collect();
        let environment = [("SMARTCHAT_DIES_AT", step)];
        Program::start(&[&["--bot", &self.url], &*arguments].concat(), if step.is_empty() { &[] } else { &environment })
    }

    /// As `kill -9` leaves it.
    fn kill(program: Program) {
        drop(program);
    }

    fn stop(mut program: Program) {
        program.signal("TERM");
        assert_eq!(program.ended(), 0, "{}", program.log.lock().unwrap());
    }

    /// One row of one column of the file, read while nobody has it.
    fn count(&self, sql: &str) -> i64 {
        let file = rusqlite::Connection::open(self.file()).unwrap();
        file.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Waits until everything that was told is written.
fn written(program: &Program) {
    // What was committed a tenth of a second ago is there (P2).
    std::thread::sleep(ms(100));
    assert_eq!(program.metric("bridge_store_waiting"), 0.0);
}

/// A bot that has every path, and answers words with words.
fn polite() -> Bot {
    Bot::new(|asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => bot::words(&format!("{}의 답", asked.content())),
        _ => status(200, ""),
    })
}

/// How many calls the bot got whose line holds `part`.
fn said(bot: &Bot, part: &str) -> usize {
    bot.asked().iter().filter(|line| line.contains(part)).count()
}

/// Ends a program, and whether it ends in order.
type End = fn(Program);
const ENDS: [(&str, End); 2] = [
    ("restart", Lasting::stop),
    ("kill -9", |program| {
        written(&program);
        Lasting::kill(program);
    }),
];

#[test]
fn p2_keyboards_and_pages_outlast_a_restart_and_a_kill() {
    for (how, end) in ENDS {
        let labels: Vec<String> = (1..=30).map(|number| format!("{number}번")).collect();
        let bot = Bot::before(bot::home(&["홈"]), move |asked| match &*asked.content() {
            "메뉴" | "홈" => buttons("고르세요", &labels.iter().map(String::as_str).collect::<Vec<_>>()),
            other => bot::words(&format!("{other}의 답")),
        });
        let lasting = Lasting::before(&bot, &[]);
        let program = lasting.start();
        assert_eq!(program.say(&words("u", "홈")).text(), "고르세요", "{how}");
        end(program);
        let program = lasting.start();
        // Typed words are held to the buttons of before, and a typed page goes on from the one that was shown.
        assert_eq!(program.say(&words("u", "30번")).text(), "30번의 답", "{how}");
        assert_eq!(program.metric("bridge_store_lookups_total"), 1.0, "{how}");
        assert_eq!(said(&bot, "POST /message"), 2, "{how}");
    }
}

#[test]
fn p2_late_replies_and_rests_outlast_a_restart_and_a_kill() {
    for (how, end) in ENDS {
        let long = "가나다라 ".repeat(1200);
        let told = long.clone();
        let bot = Bot::answering(move |asked| match &*asked.content() {
            "늦게" => bot::words("늦은 답").after(ms(700)),
            "길게" => bot::words(&told),
            other => bot::words(&format!("{other}의 답")),
        });
        let lasting = Lasting::before(&bot, &[("bots.default.deadline", "500ms"), ("callback.after", "200ms")]);
        let program = lasting.start();
        assert!(program.say(&words("u", "늦게")).late().is_some());
        let first = program.say(&words("v", "길게"));
        eventually("it is parked", || program.sum("bridge_parked", "") == 2.0);
        end(program);
        let program = lasting.start();
        assert_eq!(program.say(&words("u", "다음")).text(), "늦은 답\n다음의 답", "{how}");
        let mut read = first.text();
        let mut more = first.more();
        while let Some(button) = more {
            let rest = program.say(&Say::press(&key("v"), &button));
            read += &rest.text();
            more = rest.more();
        }
        assert_eq!(read.replace([' ', '\n'], ""), long.replace(' ', ""), "{how}");
        assert_eq!(program.sum("bridge_parked", ""), 0.0, "{how}");
    }
}

#[test]
fn p3_a_message_that_was_out_is_told_of_once_and_never_sent_again() {
    for shown_by in ["다음", "답변 보기"] {
        let bot = Bot::answering(|asked| match &*asked.content() {
            "죽음" => hang(),
            other => bot::words(&format!("{other}의 답")),
        });
        let lasting = Lasting::before(&bot, &[]);
        let program = lasting.start();
        let mut caller = program.client();
        caller.send(&words("u", "죽음"));
        eventually("the bot is asked", || said(&bot, "죽음") == 1);
        written(&program);
        Lasting::kill(program);
        let program = lasting.start();
        let first = program.say(&words("u", shown_by)).text();
        assert!(first.starts_with(INTERRUPTED), "{first}");
        assert_eq!(program.say(&words("u", "이어서")).text(), "이어서의 답");
        assert_eq!(said(&bot, "죽음"), 1);
        assert_eq!(program.sum("bridge_store_events_total", "interrupted"), 1.0);
        // Told is told, over a restart too.
        Lasting::stop(program);
        assert_eq!(lasting.start().say(&words("u", "끝")).text(), "끝의 답");
    }
}

#[test]
fn p4_a_promised_callback_is_made_after_a_kill() {
    let sink = CallbackSink::start();
    let bot = Bot::answering(|asked| match &*asked.content() {
        "죽음" => hang(),
        other => bot::words(&format!("{other}의 답")),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "400ms")]);
    let program = lasting.start();
    assert!(program.say(&words("u", "죽음").callback(&sink.url())).is_acknowledgement());
    Lasting::kill(program);
    let program = lasting.start();
    eventually("it is called back", || sink.posted().len() == 1);
    assert_eq!(Answer::called_back(&sink.posted()[0]).text(), INTERRUPTED);
    eventually("it is counted", || program.sum("bridge_store_events_total", "callback_paid") == 1.0);
    // The user has read it by callback.
    assert_eq!(program.say(&words("u", "다음")).text(), "다음의 답");
    Lasting::stop(program);
    assert_eq!(lasting.count("SELECT count(*) FROM facts WHERE kind = 7"), 0);
    assert!(sink.refused().is_empty());
}

#[test]
fn p4_an_answer_that_was_there_is_the_one_that_is_called_back() {
    let sink = CallbackSink::start();
    let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
        "홈" => buttons("늦은 답", &["가"]).after(ms(700)),
        other => bot::words(&format!("{other}의 답")),
    });
    let origins = format!("[\"{}\"]", sink.origin());
    let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "400ms")]);
    let program = lasting.start();
    sink.mood(Mood::Hangs);
    assert!(program.say(&words("u", "홈").callback(&sink.url())).is_acknowledgement());
    eventually("the answer is kept", || program.sum("bridge_store_waiting", "") == 0.0 && sink.tried() == 1);
    Lasting::kill(program);
    // Kakao has not read a byte of it: the token is good.
    sink.mood(Mood::Takes);
    let program = lasting.start();
    eventually("it is called back", || sink.posted().len() == 1);
    let answer = Answer::called_back(&sink.posted()[0]);
    assert_eq!((answer.text(), answer.quick_replies()), ("늦은 답".into(), vec!["가".into()]));
    eventually("it is counted", || program.sum("bridge_store_events_total", "callback_paid") == 1.0);
    // Its keyboard counts, and it is not shown again.
    assert_eq!(program.say(&words("u", "딴말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(program.say(&words("u", "가")).text(), "가의 답");
}

#[test]
fn e3_a_friend_is_announced_once_over_a_restart_and_again_after_a_block() {
    let bot = polite();
    let key = ("bots.default.channel_key", "kakao-admin-key-of-shop");
    let lasting = Lasting::before(&bot, &[("bots.default.friend_on_first_contact", "true"), key]);
    let friends = || said(&bot, "POST /friend");
    let program = lasting.start();
    assert_eq!(program.say(&words("u", "안녕").friend()).text(), "안녕의 답");
    let asked = bot.asked();
    let first = |path| asked.iter().position(|line: &String| line.starts_with(path));
    assert!(first("POST /friend").is_some() && first("POST /friend") < first("POST /message"), "{asked:?}");
    assert_eq!(program.say(&words("w", "안녕")).text(), "안녕의 답", "no friend");
    Lasting::stop(program);
    let program = lasting.start();
    program.say(&words("u", "다시").friend());
    assert_eq!(friends(), 1);
    program.say(&words("u", "다시").app_user("31").friend());
    program.tell(&blocked("31"));
    eventually("the bot is told", || said(&bot, "DELETE /friend") == 1);
    Lasting::stop(program);
    lasting.start().say(&words("u", "또").friend());
    assert_eq!(friends(), 2);
}

#[test]
fn e2_aliases_waiting_events_and_seen_ids_outlast_a_restart() {
    let bot = polite();
    let lasting = Lasting::before(&bot, &[("bots.default.channel_key", "kakao-admin-key-of-shop")]);
    let program = lasting.start();
    program.say(&words("u", "안녕").app_user("31"));
    let event = |program: &Program, id: &str, resource: &str| {
        let headers = [("Authorization", "KakaoAK kakao-admin-key-of-shop"), ("X-Kakao-Resource-ID", resource)];
        assert_eq!(program.post("/channel", &headers, added(id)).status, 200);
    };
    event(&program, "32", "r1");
    Lasting::stop(program);
    let program = lasting.start();
    event(&program, "32", "r1");
    assert_eq!(program.sum("bridge_channel_events_total", "repeat"), 1.0);
    event(&program, "31", "r2");
    eventually("the known user's", || said(&bot, "POST /friend") == 1);
    program.say(&words("v", "안녕").app_user("32"));
    eventually("the one that waited", || said(&bot, "POST /friend") == 2);
    Lasting::stop(program);
    assert_eq!(lasting.count("SELECT count(*) FROM facts WHERE kind IN (4, 6)"), 0);
}

#[test]
fn e4_an_event_that_was_on_its_way_goes_on_after_a_kill() {
    let bot = Bot::new(|asked| if asked.path == "/friend" { hang() } else { bot::words("답") });
    let lasting = Lasting::before(&bot, &[("bots.default.channel_key", "kakao-admin-key-of-shop")]);
    let program = lasting.start();
    program.say(&words("u", "안녕").app_user("31"));
    program.tell(&added("31"));
    eventually("it is tried", || said(&bot, "POST /friend") == 1);
    written(&program);
    Lasting::kill(program);
    let tried = said(&bot, "POST /friend");
    let _program = lasting.start();
    eventually("it goes on", || said(&bot, "POST /friend") > tried);
}

#[test]
fn a_user_of_before_is_not_taken_for_a_new_one_after_the_ten_minutes() {
    let bot = Bot::before(bot::home(&["홈"]), |_| bot::words("답"));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    assert_eq!(program.say(&words("u", "홈")).text(), "답");
    Lasting::stop(program);
    let program = lasting.start();
    // A text keyboard counts: the words go to the bot.
    assert_eq!(program.say(&words("u", "자유로운 말")).text(), "답");
    // Somebody nobody knows is shown the home keyboard, and has no free pass: this process knows what was before.
    assert_eq!(program.say(&words("new", "모르는 말")).text(), "원하는 버튼을 선택하세요");
    assert_eq!(program.say(&words("new", "모르는 말")).text(), "원하는 버튼을 선택하세요");
}

#[test]
#[cfg(unix)]
fn p2_nobody_else_on_the_machine_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let bot = Bot::answering(|_| bot::words("답"));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    program.say(&words("u", "안녕"));
    written(&program);
    let files: Vec<_> = std::fs::read_dir(lasting.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

/// `serve` on this folder, which does not start: its exit code and what it says.
fn refused(bot: &Bot, folder: &Path) -> (i32, String) {
    let set = format!("store.path={}", folder.display());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smartchat-bridge"));
    command.args(["serve", "--lang", "en", "--bot", &bot.url(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let ended = command.args(["--set", &set]).output().unwrap();
    (ended.status.code().unwrap(), String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_with_the_line_that_helps() {
    let bot = polite();
    let folder = tempfile::tempdir().unwrap();
    let below_a_file = folder.path().join("file").join("below");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let (code, said) = refused(&bot, &below_a_file);
    assert_eq!(code, 78, "{said}");
    assert!(
        said.contains("[SB2015]") && said.contains("chown -R ") && said.contains(below_a_file.to_str().unwrap()),
        "{said}"
    );
}

#[test]
fn a_file_of_a_later_version_is_refused_and_stays_as_it_is() {
    let bot = polite();
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("bridge.db")).unwrap();
    file.execute_batch("CREATE TABLE later (a); PRAGMA user_version = 99;").unwrap();
    drop(file);
    let before = std::fs::read(folder.path().join("bridge.db")).unwrap();
    let (code, said) = refused(&bot, folder.path());
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("[SB2017]") && said.contains("version 99"), "{said}");
    assert_eq!(std::fs::read(folder.path().join("bridge.db")).unwrap(), before);
}

#[test]
fn a_second_process_waits_for_the_first_one_to_drain() {
    let bot = Bot::answering(|asked| bot::words(&format!("{}의 답", asked.content())).after(ms(700)));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    let mut caller = program.client();
    caller.send(&words("u", "안녕"));
    eventually("the bot is asked", || said(&bot, "안녕") == 1);
    program.signal("TERM");
    // It starts while the first one still finishes what is in flight, and has its state.
    let second = lasting.start();
    assert_eq!(caller.read().unwrap().text(), "안녕의 답");
    assert!(second.log.lock().unwrap().contains("another process has store.path"));
    assert_eq!(second.say(&words("u", "다음")).text(), "다음의 답");
}

#[test]
fn p6_a_file_that_goes_away_is_made_anew_and_what_is_in_memory_goes_on() {
    let bot = Bot::before(bot::home(&["홈"]), |_| buttons("고르세요", &["가", "나"]));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    program.say(&words("u", "홈"));
    written(&program);
    for file in ["bridge.db", "bridge.db-wal", "bridge.db-shm"] {
        std::fs::remove_file(lasting.path().join(file)).unwrap();
    }
    assert_eq!(program.say(&words("u", "가")).text(), "고르세요");
    program.wait_for("the store is written again");
    assert_eq!(program.metric("bridge_store_up"), 1.0);
    Lasting::stop(program);
    assert_eq!(lasting.start().say(&words("u", "나")).text(), "고르세요");
    assert_eq!(said(&bot, "나"), 1);
}

#[test]
fn p6_a_damaged_page_costs_what_lay_on_it_and_nothing_else() {
    const USERS: usize = 2000;
    let bot = Bot::before(bot::home(&["홈"]), |_| buttons("고르세요", &["가", "나"]));
    let lasting = Lasting::before(&bot, &[]);
    let program = lasting.start();
    let user = |number: usize| format!("user{number}");
    let mut client = program.client();
    for number in 0..USERS {
        client.say(&words(&user(number), "홈")).unwrap();
    }
    drop(client);
    Lasting::stop(program);
    let mut file = std::fs::read(lasting.file()).unwrap();
    let pages = file.len() / 4096;
    file[pages / 2 * 4096..pages / 2 * 4096 + 4096].fill(0xa5);
    std::fs::write(lasting.file(), file).unwrap();
    let program = lasting.start();
    let mut client = program.client();
    // Half of them come while nobody has seen the damage yet, and all are answered.
    for number in (0..USERS).step_by(2) {
        assert_eq!(client.say(&words(&user(number), "가")).unwrap().status, 200);
    }
    eventually("the file is read", || program.metric("bridge_store_salvaging") == 0.0);
    assert!(program.log.lock().unwrap().contains("the store is damaged"));
    drop(client);
    Lasting::stop(program);
    let kept = lasting.count("SELECT count(*) FROM users WHERE kind = 1");
    assert!(kept > 1900, "{kept} of {USERS} were saved");
    let aside = std::fs::read_dir(lasting.path()).unwrap();
    assert!(aside.map(|file| file.unwrap().file_name()).any(|name| name.to_string_lossy().starts_with("damaged-")));
    let program = lasting.start();
    let last = kept as usize;
    let answered = (0..USERS).filter(|number| program.say(&words(&user(*number), "나")).text() == "고르세요").count();
    assert!(answered >= last, "{answered} of {last}");
}

/// A small disk of its own; `None` where this process may not mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn p6_a_full_disk_in_the_middle_of_2000_turns_loses_none() {
    let Some(disk) = SmallDisk::mount("6m") else { return skip("no disk can be mounted here") };
    let bot = Bot::before(bot::home(&["홈"]), |_| buttons("고르세요", &["가", "나"]));
    let mut lasting = Lasting::before(&bot, &[]);
    lasting.folder = tempfile::tempdir_in(disk.0.path()).unwrap();
    let program = lasting.start();
    let user = |number: usize| format!("user{number}");
    let mut client = program.client();
    let filler = disk.0.path().join("filler");
    for number in 0..2000 {
        if number == 700 {
            // Whatever is left of the disk is taken.
            let _full = std::fs::write(&filler, vec![1; 8 << 20]);
        }
        if number == 1500 {
            program.wait_for("the bridge goes on in memory");
            assert_eq!(
                (program.metric("bridge_store_up"), program.readiness()["store"]["trouble"].as_str()),
                (0.0, Some("full"))
            );
            assert_eq!(program.readiness()["ready"], true);
            std::fs::remove_file(&filler).unwrap();
            program.wait_for("the store is written again");
        }
        assert_eq!(client.say(&words(&user(number), "홈")).unwrap().text(), "고르세요");
    }
    written(&program);
    assert_eq!((program.metric("bridge_store_up"), program.metric("bridge_store_lost_total")), (1.0, 0.0));
    drop(client);
    Lasting::kill(program);
    let program = lasting.start();
    for number in 0..2000 {
        assert_eq!(program.say(&words(&user(number), "나")).text(), "고르세요", "{number}");
    }
    assert_eq!(program.metric("bridge_store_lookups_total"), 2000.0);
    assert_eq!(said(&bot, " 나"), 2000);
}

/// P3: killed between every two steps of a turn, the bridge has asked the bot at most once, knows what was shown before,
/// and the user reads the answer, or that it is missing.
#[test]
fn p3_killed_between_any_two_steps_of_a_turn_nothing_is_lost_or_asked_twice() {
    for step in ["begun", "decided", "mark", "send", "reply", "claimed", "deliver", "commit", "committed"] {
        // Slow enough for it to be noted that the message is out.
        let bot = Bot::before(bot::home(&["홈"]), |asked| {
            buttons(&format!("{}의 답", asked.content()), &["가", "나"]).after(ms(150))
        });
        let lasting = Lasting::before(&bot, &[]);
        let mut program = lasting.dying_at(&format!("{step}:2"));
        assert_eq!(program.say(&words("u", "홈")).text(), "홈의 답", "{step}");
        written(&program);
        let mut caller = program.client();
        caller.send(&words("u", "가"));
        let answer = caller.read();
        until("it to die", || program.has_ended().then_some(()));
        drop(program);
        let asked = said(&bot, " 가");
        assert!(asked <= 1, "{step}: asked {asked} times");
        let program = lasting.start();
        let next = program.say(&words("u", "나")).text();
        // The keyboard of before counts, so the label reaches the bot.
        assert!(next.ends_with("나의 답"), "{step}: {next}");
        let is_told = next == format!("{INTERRUPTED}\n나의 답");
        assert!(answer.is_some() || asked == 0 || is_told, "{step}: {next}");
        assert_eq!(is_told, !["begun", "decided", "mark"].contains(&step), "{step}: {next}");
        assert_eq!(program.say(&words("u", "가")).text(), "가의 답", "{step}");
        assert_eq!((said(&bot, " 가"), said(&bot, " 나")), (asked + 1, 1), "{step}");
    }
}

/// P4: killed between every two steps of a callback, Kakao has taken exactly one for each that was promised.
#[test]
fn p4_killed_between_any_two_steps_of_a_callback_each_promise_is_kept_once() {
    for step in [
        "debt",
        "acknowledge",
        "reply",
        "claimed",
        "deliver",
        "keep_answer",
        "post",
        "posted",
        "commit",
        "settle",
        "settled",
    ] {
        let sink = CallbackSink::start();
        let bot = Bot::before(bot::home(&["홈"]), |asked| match &*asked.content() {
            "가" => buttons("늦은 답", &["나"]).after(ms(600)),
            other => buttons(&format!("{other}의 답"), &["가", "나"]),
        });
        let origins = format!("[\"{}\"]", sink.origin());
        let lasting = Lasting::before(&bot, &[("callback.origins", &origins), ("callback.after", "300ms")]);
        let times = if ["reply", "claimed", "deliver", "commit"].contains(&step) { 2 } else { 1 };
        let mut program = lasting.dying_at(&format!("{step}:{times}"));
        assert_eq!(program.say(&words("u", "홈")).text(), "홈의 답", "{step}");
        let mut caller = program.client();
        caller.send(&words("u", "가").callback(&sink.url()));
        let acknowledged = caller.read().is_some();
        until("it to die", || program.has_ended().then_some(()));
        drop(program);
        assert_eq!(acknowledged, !["debt", "acknowledge"].contains(&step), "{step}");
        let program = lasting.start();
        if acknowledged || step == "acknowledge" {
            eventually("Kakao has it", || sink.posted().len() == 1);
        }
        eventually("nothing is left to do", || program.readiness()["background_tasks"] == 0);
        let posted: Vec<String> = sink.posted().iter().map(|answer| Answer::called_back(answer).text()).collect();
        let has_answer = ["post", "posted", "commit", "settle", "settled"].contains(&step);
        let expected = if has_answer { "늦은 답" } else { INTERRUPTED };
        assert_eq!(posted, if step == "debt" { vec![] } else { vec![expected.to_owned()] }, "{step}");
        // Who has read it is not told again.
        let next = program.say(&words("u", "나")).text();
        let told = if step == "debt" { format!("{INTERRUPTED}\n나의 답") } else { "나의 답".to_owned() };
        assert_eq!(next, told, "{step}");
        assert_eq!((said(&bot, " 가"), said(&bot, " 나")), (1, 1), "{step}");
        Lasting::stop(program);
        assert_eq!(lasting.count("SELECT count(*) FROM facts WHERE kind = 7"), 0, "{step}");
    }
}

/// Kills without waiting, under load: `KILLS=300` for the whole walk.
#[test]
fn p2_killed_at_any_time_under_load_the_store_can_be_read_and_the_bot_is_asked_at_most_once() {
    let kills: u64 = variable("KILLS").map_or(12, |kills| kills.parse().unwrap());
    let bot = Bot::before(bot::home(&["홈"]), |asked| buttons(&format!("{}의 답", asked.content()), &["홈"]));
    let lasting = Lasting::before(&bot, &[("bots.default.free_text", "forward")]);
    let mut number = 0;
    for kill in 0..kills {
        let program = lasting.start();
        let address = program.public;
        let stops = std::sync::atomic::AtomicBool::new(false);
        let said = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|caller| {
                    let (stops, first) = (&stops, number);
                    scope.spawn(move || {
                        let mut said = 0;
                        let Ok(mut client) = Client::try_connect(address) else { return 0 };
                        while !stops.load(std::sync::atomic::Ordering::Relaxed) {
                            said += 1;
                            let text = format!("말{first}-{caller}-{said}");
                            let Some(answer) = client.say(&words(&format!("u{caller}-{}", said % 50), &text)) else {
                                break;
                            };
                            assert!(answer.text().ends_with(&format!("{text}의 답")), "{}", answer.text());
                        }
                        said
                    })
                })
                .collect();
            // Anywhere between the first turns and many groups later.
            std::thread::sleep(ms(20 + kill * 37 % 200));
            Lasting::kill(program);
            stops.store(true, std::sync::atomic::Ordering::Relaxed);
            callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u64>()
        });
        assert!(said > 0);
        number += 1;
        let file = rusqlite::Connection::open(lasting.file()).unwrap();
        let whole: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok", "after {kill} kills");
    }
    let asked = bot.asked();
    let messages: Vec<&String> = asked.iter().filter(|line| line.contains(" 말")).collect();
    let once: std::collections::HashSet<&String> = messages.iter().copied().collect();
    assert_eq!(messages.len(), once.len(), "the bot was asked twice");
}
