//! Korean or English: by a flag, else by the environment.

use super::{run, run_in};

#[test]
fn the_flag_beats_the_environment_and_english_is_what_else() {
    let wrong = ["config", "check", "--set", "listen=localhost"];
    let korean = |ended: &super::Ended| ended.err.contains("주소가 아닙니다");
    for (environment, flags, expected) in [
        (&[][..], &[][..], false),
        (&[("LANG", "ko_KR.UTF-8")], &[], true),
        (&[("LANG", "en_US.UTF-8")], &[], false),
        (&[("LANG", "ko_KR.UTF-8")], &["--lang", "en"], false),
        (&[], &["--lang", "ko"], true),
    ] {
        let ended = run_in(environment, &[&wrong[..], flags].concat(), b"");
        assert!(ended.code == 78 && korean(&ended) == expected, "{environment:?} {flags:?}: {ended:?}");
        assert!(ended.err.contains("[SB1106]"), "the code is the same: {}", ended.err);
    }
    let environment = [("LANG", "ko_KR.UTF-8"), ("LC_MESSAGES", "C")];
    assert!(!korean(&run_in(&environment, &wrong, b"")), "LC_MESSAGES is asked before LANG");
    assert!(korean(&run(&[&["--lang", "ko"], &wrong[..]].concat(), b"")), "before the command, too");
    assert_eq!(run(&["--lang", "fr", "health"], b"").code, 64);
}

#[test]
fn refusals_of_a_start_have_a_code_and_a_remedy_in_both_languages() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    for (language, words) in [("en", "something listens there already"), ("ko", "이미 다른 프로그램이 쓰고 있습니다")]
    {
        let arguments = ["serve", "--bot", "http://old-bot:8000", "--listen", &listen, "--lang", language];
        let ended = run(&[&arguments[..], &["--admin", "127.0.0.1:0"]].concat(), b"");
        assert!(ended.out(78).is_empty() && ended.err.contains(words), "{ended:?}");
        assert!(ended.err.contains("[SB2001]") && ended.err.contains("--listen"), "{}", ended.err);
    }
    let elsewhere = ["serve", "--bot", "http://old-bot:8000", "--admin", "127.0.0.1:0", "--listen", "192.0.2.1:8080"];
    let ended = run(&[&elsewhere[..], &["--set", "bots.default.open=true"]].concat(), b"");
    assert!(ended.out(78).is_empty() && ended.err.contains("[SB2002]"), "{ended:?}");
}

#[test]
fn a_good_configuration_and_its_notes_are_told_in_korean() {
    let ended = run(&["config", "check", "--lang", "ko", "--bot", "http://old-bot:8000"], b"");
    assert!(ended.out(0).contains("설정에 문제가 없습니다. 봇 1개."), "{}", ended.out);
    assert!(
        ended.err.starts_with("참고: [SB1501] bots.default.message_block: 시나리오에 폴백과 웰컴 말고"),
        "{}",
        ended.err
    );
}
