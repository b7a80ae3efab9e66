//! `test` and `say --record`: a conversation is written down, played again, and what changed is told.

use std::path::{Path, PathBuf};

use super::support::bot::home;
use super::support::bridge::file;
use super::support::{Bot, Bridge, buttons, ms, status, text, words};
use super::{Ended, run};

const MEAL: &str = r#"name = "급식 묻기"

# 학교
[[step]]
enter = true
buttons = ["오늘의 급식", "내일의 급식"]

[[step]]
tap = "오늘의 급식"
contains = ["급식", "kcal"]
matches = "[0-9]{3} kcal"
within = "4s"
asked = true

[[step]]
say = "아무 말"
asked = false
"#;

fn school(meal: &'static str) -> Bot {
    Bot::before(home(&["오늘의 급식", "내일의 급식"]), move |_| buttons(meal, &["내일의 급식"]))
}

fn written(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("meal.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn test(file: &Path, bot: &Bot, more: &[&str]) -> Ended {
    run(&[&["test", file.to_str().unwrap(), "--bot", &bot.url()][..], more].concat(), b"")
}

#[test]
fn a_conversation_that_goes_as_expected_says_so_in_every_form() {
    let (folder, bot) = (tempfile::tempdir().unwrap(), school("오늘의 급식\n현미밥 770 kcal"));
    let file = written(folder.path(), MEAL);
    let ended = test(&file, &bot, &[]);
    assert!(ended.out(0).starts_with("ok       급식 묻기"), "{ended:?}");
    let tap = test(&file, &bot, &["--format", "tap"]);
    assert!(tap.out(0).starts_with("TAP version 14\n1..1\nok 1 - "), "{tap:?}");
    let junit = test(&file, &bot, &["--format", "junit"]);
    assert!(junit.out(0).contains("<testsuite name=\"smartchat-bridge\" tests=\"1\" failures=\"0\">"), "{junit:?}");
    let keys: std::collections::BTreeSet<_> = bot.messages().iter().map(|asked| asked.user_key()).collect();
    assert_eq!((bot.contents().len(), keys.len()), (3, 3), "each time somebody new");
}

#[test]
fn what_differs_is_drawn_and_ends_with_2() {
    let (folder, bot) = (tempfile::tempdir().unwrap(), school("방학입니다"));
    let file = written(folder.path(), MEAL);
    let ended = test(&file, &bot, &[]);
    assert!(ended.out(2).contains("step 2: tap = \"오늘의 급식\""), "{ended:?}");
    for told in ["[SB6012]", "[SB6013]", "+ 방학입니다", "│ 방학입니다", "  [1] 내일의 급식", "differ: 1 of 1"]
    {
        assert!(ended.out.contains(told), "{told}: {}", ended.out);
    }
    let korean = test(&file, &bot, &["--lang", "ko"]);
    assert!(korean.out(2).contains("예상과 다른 대화: 1개 중 1개."), "{korean:?}");
    assert!(test(&file, &bot, &["--format", "tap"]).out(2).contains("\nnot ok 1 - "));
}

#[test]
fn a_button_that_is_gone_and_a_bot_that_fails_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "[[step]]\nenter = true\n[[step]]\ntap = '오늘의 급식'\n[[step]]\nsay = 'a'");
    let ended = test(&file, &Bot::before(home(&["시간표"]), |_| words("a")), &[]);
    assert!(ended.out(2).contains("[SB6018]") && ended.out.contains("[시간표]"), "{ended:?}");
    let file = written(folder.path(), "[[step]]\nsay = 'a'\ntext = 'b'");
    let ended = test(&file, &Bot::before(text(), |_| status(500, "no")), &[]);
    assert!(ended.out(2).contains("[SB6011]") && ended.out.contains("- b"), "{ended:?}");
    let file = written(folder.path(), "[[step]]\nsay = 'a'\nwithin = '100ms'");
    let ended = test(&file, &Bot::before(text(), |_| words("a").after(ms(200))), &[]);
    assert!(ended.out(2).contains("[SB6015]"), "{ended:?}");
}

#[test]
fn an_update_makes_what_came_what_is_expected() {
    let (folder, bot) = (tempfile::tempdir().unwrap(), school("방학입니다"));
    let file = written(folder.path(), MEAL);
    let ended = test(&file, &bot, &["--update"]);
    assert!(ended.code == 2 && ended.err.contains("[SB6006]"), "{ended:?}");
    let now = std::fs::read_to_string(&file).unwrap();
    assert!(now.contains("# 학교") && now.contains("text = \"방학입니다\""), "{now}");
    test(&file, &bot, &[]).out(0);
}

#[test]
fn what_is_said_is_recorded_and_plays_again() {
    let (folder, bot) = (tempfile::tempdir().unwrap(), school("오늘의 급식"));
    let bridge = Bridge::before(&bot.url(), &[]);
    let (file, url) = (folder.path().join("said.toml"), format!("http://{}", bridge.public));
    let say = || run(&["say", "--url", &url, "--record", file.to_str().unwrap()], "\n1\n아무 말\n".as_bytes());
    let ended = say();
    assert!(ended.code == 0 && ended.err.contains("[SB6005]"), "{ended:?}");
    let recorded = std::fs::read_to_string(&file).unwrap();
    for line in
        ["enter = true", "tap = \"오늘의 급식\"", "text = \"오늘의 급식\"", "say = \"아무 말\"", "asked = false"]
    {
        assert!(recorded.contains(line), "{line}: {recorded}");
    }
    test(&file, &bot, &[]).out(0);
    assert!(say().code == 1, "a file that is there is not overwritten");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), recorded);
}

#[test]
fn a_file_that_is_none_is_told_with_its_place() {
    let (folder, bot) = (tempfile::tempdir().unwrap(), school("a"));
    for (text, told) in [
        ("[[step]]\nsay = 'a'\ntap = 'b'", "step 1"),
        ("[[step", "[SB6002]"),
        ("name = 'a'", "no [[step]]"),
        ("bot = 'nobody'\n[[step]]\nenter = true", "[SB6003]"),
    ] {
        let ended = test(&written(folder.path(), text), &bot, &[]);
        assert!(ended.code == 1 && ended.err.contains(told), "{text}: {ended:?}");
    }
    let ended = test(&folder.path().join("none.toml"), &bot, &[]);
    assert!(ended.code == 1 && ended.err.contains("[SB6001]"), "{ended:?}");
    assert!(bot.calls().is_empty());
}

#[test]
fn a_conversation_says_which_of_several_bots_it_is_about() {
    let (one, other) = (school("오늘의 급식"), school("내일의 급식"));
    let (folder, path) = file(&format!("[bots.a]\nurl = \"{}\"\n[bots.b]\nurl = \"{}\"\n", one.url(), other.url()));
    let said = "bot = 'b'\n[[step]]\nenter = true\n[[step]]\ntap = '내일의 급식'\ntext = '내일의 급식'";
    let said = written(folder.path(), said);
    let ended = run(&["test", said.to_str().unwrap(), "--config", path.to_str().unwrap()], b"");
    assert!(ended.out(0).contains("all of them"), "{ended:?}");
    assert!(one.calls().is_empty());
}

/// The calls of `test` are its own: no list of ours or of the operator's keeps them out.
#[test]
fn a_bot_that_admits_one_openbuilder_bot_and_names_its_welcome_block_is_played_with() {
    let bot = school("오늘의 급식");
    let own = "openbuilder_ids = [\"5f0c\"]\nwelcome_blocks = [\"환영\"]";
    let (folder, path) = file(&format!("[bots.a]\nurl = \"{}\"\n{own}\n", bot.url()));
    let said = "[[step]]\nenter = true\nbuttons = ['오늘의 급식', '내일의 급식']\ncontains = '버튼을 선택'\n[[step]]\ntap = '오늘의 급식'";
    let said = written(folder.path(), said);
    let ended = run(&["test", said.to_str().unwrap(), "--config", path.to_str().unwrap()], b"");
    assert!(ended.out(0).contains("all of them"), "{ended:?}");
}

#[test]
fn a_late_answer_is_waited_for() {
    let bot = Bot::before(home(&["급식"]), |_| words("현미밥").after(ms(1000)));
    let folder = tempfile::tempdir().unwrap();
    let said = "[[step]]\nenter = true\n[[step]]\ntap = '급식'\ncontains = '준비'\n\
                [[step]]\nwait = '900ms'\ntap = '답변 보기'\ntext = '현미밥'\nasked = false";
    let patience = ["--set", "bots.default.deadline=700ms", "--set", "callback.after=100ms"];
    let ended = test(&written(folder.path(), said), &bot, &patience);
    assert!(ended.out(0).contains("all of them"), "{ended:?}");
}
