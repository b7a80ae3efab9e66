//! The home keyboard, as operators see it.

use crate::support::*;

#[test]
fn differences_of_the_home_keyboard_reach_log_metrics_and_readiness_and_go_when_they_are_mended() {
    let bot = Bot::new(|asked| match &*asked.path {
        // A PHP warning, a raw line break in a label.
        "/keyboard" => status(
            200,
            String::from(
                "<br />\n<b>Notice</b>:  x in <b>/a.php</b> on line <b>3</b><br />\n{\"type\":\"buttons\",\"buttons\":[\"하나\",\"두\n울\"]}",
            ),
        ),
        _ => words("답"),
    });
    let bridge = Bridge::start(&bridge::shop(&bot, "").replace("[bots.shop]", "[bots.differs]"));
    let series = |code: &str| format!("bridge_home_keyboard_differs{{bot=\"differs\",code=\"{code}\"}}");
    assert_eq!(bridge.metric(&series("reply.php_message")), 0.0, "nobody has asked yet");
    bridge.say(&Say::words(MINA, "하나"));
    assert_eq!(bridge.metric(&series("reply.php_message")), 1.0);
    assert_eq!(bridge.metric(&series("reply.control_characters")), 1.0);
    let ready = get(bridge.admin, "/readyz").json();
    let codes = ready["bots"][0]["home_keyboard_differs"].as_array().unwrap();
    assert!(codes.contains(&"reply.php_message".into()), "{ready}");
    let told =
        || logs::lines().lines().filter(|line| line.contains("home keyboard") && line.contains("bot=differs")).count();
    eventually("it is told", || told() == 1);
}
