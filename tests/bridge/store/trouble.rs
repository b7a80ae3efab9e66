//! The store's trouble is never the user's (P6).

use super::*;

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
    // Half of them come while nobody has seen the damage yet, and all are answered. Who lay on the page begins anew: they
    // see the home keyboard, and are kept with that.
    let mut anew = 0;
    for number in (0..USERS).step_by(2) {
        let said = client.say(&words(&user(number), "가")).unwrap();
        assert_eq!(said.status, 200);
        anew += usize::from(said.text() != "고르세요");
    }
    eventually("the file is read", || program.metric("bridge_store_salvaging") == 0.0);
    assert!(program.log.lock().unwrap().contains("the store is damaged"));
    drop(client);
    Lasting::stop(program);
    let kept = lasting.count("SELECT count(*) FROM users WHERE kind = 1");
    assert!(kept > 1900 && anew < 100, "{kept} of {USERS} were saved, {anew} came and began anew");
    let aside = std::fs::read_dir(lasting.path()).unwrap();
    assert!(aside.map(|file| file.unwrap().file_name()).any(|name| name.to_string_lossy().starts_with("damaged-")));
    let program = lasting.start();
    let last = kept as usize - anew;
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

#[test]
fn p6_a_start_on_a_full_disk_serves_from_memory_and_writes_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("6m") else { return skip("no disk can be mounted here") };
    let bot = Bot::before(bot::home(&["홈"]), |_| buttons("고르세요", &["가", "나"]));
    let mut lasting = Lasting::before(&bot, &[]);
    lasting.folder = tempfile::tempdir_in(disk.0.path()).unwrap();
    let program = lasting.start();
    program.say(&words("u", "홈"));
    Lasting::stop(program);
    let filler = disk.0.path().join("filler");
    let _full = std::fs::write(&filler, vec![1; 8 << 20]);
    let program = lasting.start();
    assert_eq!(program.say(&words("v", "홈")).text(), "고르세요");
    eventually("it is told", || program.readiness()["store"]["trouble"] == "full");
    std::fs::remove_file(&filler).unwrap();
    program.wait_for("the store is written again");
    // Who was there before is found again, and who came meanwhile is written.
    assert_eq!(program.say(&words("u", "가")).text(), "고르세요");
    written(&program);
    Lasting::kill(program);
    let program = lasting.start();
    assert_eq!(program.say(&words("v", "나")).text(), "고르세요");
    assert_eq!((said(&bot, " 가"), said(&bot, " 나")), (1, 1));
}
