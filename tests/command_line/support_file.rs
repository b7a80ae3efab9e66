//! `support`: one file that tells an engineer enough, and nobody anything of a user.

use super::run;
use super::support::bot::home;
use super::support::bridge::file;
use super::support::{Bot, Bridge, MINA, Say, status, words};

#[test]
fn the_file_tells_what_is_wrong_and_holds_no_word_key_or_token() {
    let bot = Bot::before(home(&["급식"]), |asked| match &*asked.content() {
        "은밀한 말" => words("비밀스러운 답"),
        _ => status(500, "no"),
    });
    let rest = format!(
        "admin.token = \"operator-token-77\"\nlog.key = \"log-key-of-the-house\"\nalert.url = \"https://hooks.example.com/hook/very-secret-path\"\n\
         [bots.shop]\nurl = \"{}\"\nfree_text = \"forward\"\nheaders = {{ x-own = \"header-password\" }}\n\
         secret = {{ header = \"x-skill-secret\", values = [\"skill-secret-123\"] }}\n",
        bot.url()
    );
    let bridge = Bridge::start(&rest);
    let call = |utterance: &str| {
        let say = Say::words(MINA, utterance);
        bridge.post("/skill", &[("x-skill-secret", "skill-secret-123")], say.body())
    };
    assert!(call("은밀한 말").body.contains("비밀스러운 답"));
    assert_eq!(call("다른 말").status, 200);
    let (folder, path) = file(&rest);
    let output = folder.path().join("support.txt");
    let admin = bridge.admin.to_string();
    let write = |output: &str, language: &str| {
        let path = path.to_str().unwrap();
        run(&["support", "--config", path, "--admin", &admin, "--output", output, "--lang", language], b"")
    };
    let ended = write(output.to_str().unwrap(), "en");
    assert!(ended.out(0).is_empty() && ended.err.contains("[SB7001]"), "{ended:?}");
    let told = std::fs::read_to_string(&output).unwrap();
    for part in
        [env!("CARGO_PKG_VERSION"), "bots.shop.free_text", "[SB3001]", "\"breaker\": \"closed\"", "bridge_turns_total{"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("bridge_backend_problems_total{bot=\"shop\",problem=\"status\"} 1"), "{told}");
    for secret in [
        "operator-token-77",
        "log-key-of-the-house",
        "very-secret-path",
        "header-password",
        "skill-secret-123",
        "은밀한 말",
        "다른 말",
        "비밀스러운 답",
        MINA,
    ] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    let again = write(output.to_str().unwrap(), "en");
    assert!(again.code == 1 && again.err.contains("[SB6007]"), "{again:?}");
    assert!(write("-", "ko").out(0).contains("## 실행 중인 브리지"));
}

#[test]
fn a_wrong_configuration_and_a_bridge_that_does_not_run_are_told_in_it() {
    let (_folder, path) = file("[bots.shop]\nurl = \"nowhere\"\n");
    let wrong = run(&["support", "--config", path.to_str().unwrap(), "--output", "-"], b"");
    assert!(wrong.out(0).contains("The configuration is wrong") && wrong.out.contains("bots.shop.url"), "{wrong:?}");
    let silent = ["support", "--bot", "http://127.0.0.1:1", "--admin", "127.0.0.1:1", "--output", "-"];
    let silent = run(&silent, b"");
    assert!(silent.out(0).contains("[SB7002]") && silent.out.contains("[SB3209]"), "{silent:?}");
}
