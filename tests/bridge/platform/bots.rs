//! Several channels on one bridge.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use crate::support::*;

const SHOP: &str = "64a1f0c27b3d9e5a10c4e8b2";
const SCHOOL: &str = "64a1f0c27b3d9e5a10c4e8c2";

#[test]
fn every_bot_has_its_own_address_headers_texts_and_limits() {
    let (shop, school) = (Bot::echo("가게"), Bot::echo("학교"));
    let bridge = Bridge::start(&format!(
        "[bots.shop]\nurl = \"{}/kakao/\"\nheaders = {{ x-from = \"shop\" }}\ntexts = {{ busy = \"가게가 바쁩니다\" }}\nrate = 1\n\
         [bots.school]\nurl = \"{}\"\nheaders = {{ x-from = \"school\" }}\n",
        shop.url(),
        school.url()
    ));
    let say = |bot: &str| bridge.post(&format!("/bots/{bot}/skill"), &[], Say::words(MINA, "안녕"));
    assert_eq!((say("shop").status, say("shop").text()), (200, "가게가 바쁩니다".to_owned()));
    assert_eq!((say("school").text(), say("school").text()), ("학교: 안녕".to_owned(), "학교: 안녕".to_owned()));
    assert_eq!(shop.asked(), [format!("POST /kakao/message {MINA} text 안녕")]);
    let from =
        |bot: &Bot| bot.calls().iter().filter_map(|call| call.header("x-from").map(str::to_owned)).collect::<Vec<_>>();
    assert!(from(&shop).iter().all(|from| from == "shop") && from(&school).iter().all(|from| from == "school"));
}

#[test]
fn one_bot_that_is_out_leaves_the_others_alone() {
    let shop = Bot::new(|_| status(500, ""));
    let school = Bot::echo("학교");
    let bridge = Bridge::start(&format!(
        "{}[bots.school]\nurl = \"{}\"\n",
        bridge::shop(&shop, "breaker = { failures = 2, open = \"60s\" }"),
        school.url()
    ));
    let say = |bot: &str| bridge.post(&format!("/bots/{bot}/skill"), &[], Say::words(MINA, "안녕")).text();
    say("shop");
    say("shop");
    assert_eq!(say("shop"), "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.");
    assert_eq!(say("school"), "학교: 안녕");
}

#[test]
fn one_url_finds_the_bot_by_its_openbuilder_id_and_a_path_may_not_disagree() {
    let (shop, school, free) = (Bot::echo("가게"), Bot::echo("학교"), Bot::echo("자유"));
    let bridge = Bridge::start(&format!(
        "{}[bots.school]\nurl = \"{}\"\nopenbuilder_ids = [\"{SCHOOL}\"]\n[bots.free]\nurl = \"{}\"\n",
        bridge::shop(&shop, &format!("openbuilder_ids = [\"{SHOP}!\"]")),
        school.url(),
        free.url()
    ));
    let call = |path: &str, id: &str| {
        let answer = bridge.post(path, &[], Say::words(MINA, "안녕").to(id));
        if answer.status == 200 { answer.text() } else { answer.status.to_string() }
    };
    for (path, id, expected) in [
        ("/skill", SHOP, "가게: 안녕"),
        ("/skill", &format!("{SHOP}!"), "가게: 안녕"),
        ("/skill", SCHOOL, "학교: 안녕"),
        ("/skill", "64a1f0c27b3d9e5a10c4e8d2", "403"),
        ("/skill", "", "403"),
        ("/skill", "!", "403"),
        ("/skill", &SHOP.to_uppercase(), "403"),
        ("/bots/shop/skill", SHOP, "가게: 안녕"),
        ("/bots/shop/skill", SCHOOL, "403"),
        ("/bots/shop/skill", "64a1f0c27b3d9e5a10c4e8d2", "403"),
        ("/bots/shop/skill", "", "403"),
        ("/bots/free/skill", "64a1f0c27b3d9e5a10c4e8d2", "자유: 안녕"),
        ("/bots/free/skill", SHOP, "403"),
        ("/bots/Shop/skill", SHOP, "404"),
        ("/bots/%73hop/skill", SHOP, "404"),
        ("/bots/shop%2fskill", SHOP, "404"),
        ("/bots/shop/../school/skill", SCHOOL, "404"),
        ("/bots/shop//skill", SHOP, "404"),
        ("//bots/shop/skill", SHOP, "404"),
        ("/bots/shop/skill?bot=school", SHOP, "가게: 안녕"),
        ("/bots/shop/skill/", SHOP, "가게: 안녕"),
    ] {
        assert_eq!(call(path, id), expected, "{path} {id}");
    }
    // The same id twice could be either's, and is refused at start.
    let (_folder, path) = bridge::file(&format!(
        "[bots.a]\nurl = \"http://a\"\nopenbuilder_ids = [\"{SHOP}\"]\n[bots.b]\nurl = \"http://b\"\nopenbuilder_ids = [\"{SHOP}!\"]\n"
    ));
    let sources = smartchat_bridge::config::load::Sources { file: Some(&path), ..Default::default() };
    assert!(smartchat_bridge::config::load::load(&sources).is_err());
}

#[test]
fn a_channels_events_reach_its_own_bot_by_id() {
    let (shop, school) = (Bot::echo("가게"), Bot::echo("학교"));
    let bridge = Bridge::start(&format!(
        "{}[bots.school]\nurl = \"{}\"\nchannel_key = \"kakao-admin-key-of-school\"\nchannel_ids = [\"_school\"]\n",
        bridge::shop(&shop, "channel_key = \"kakao-admin-key-of-shop\"\nchannel_ids = [\"_ZeUTxl\"]"),
        school.url()
    ));
    for bot in ["shop", "school"] {
        bridge.post(&format!("/bots/{bot}/skill"), &[], Say::words(MINA, "안녕").app_user("314"));
    }
    let mut of_school = added("314");
    of_school["channel_public_id"] = "_school".into();
    of_school["channel_uuid"] = "@school".into();
    let status = |path: &str, key: &str, event: &serde_json::Value| {
        bridge.post(path, &[("Authorization", &format!("KakaoAK {key}"))], event.to_string()).status
    };
    // The shop's key opens nothing of the school's.
    assert_eq!(status("/channel", "kakao-admin-key-of-shop", &of_school), 401);
    assert_eq!(status("/bots/school/channel", "kakao-admin-key-of-shop", &of_school), 401);
    // A path that disagrees with the channel takes nothing (dropped: Kakao would only repeat it).
    assert_eq!(status("/bots/shop/channel", "kakao-admin-key-of-shop", &of_school), 200);
    assert_eq!(status("/channel", "kakao-admin-key-of-school", &of_school), 200);
    assert_eq!(school.wait_for(2)[1], format!("POST /friend {MINA}"));
    assert_eq!(status("/channel", "kakao-admin-key-of-shop", &blocked("314")), 200);
    assert_eq!(shop.wait_for(2)[1], format!("DELETE /friend/{MINA}"));
    assert_eq!((shop.asked().len(), school.asked().len()), (2, 2));
}

/// A bot whose every reply tells whose it is, of whom, and what was said; with buttons after `버튼`.
fn telling(name: &'static str) -> Bot {
    Bot::new(move |asked| match &*asked.path {
        "/keyboard" => text(),
        "/message" => {
            let said = asked.content();
            let reply = format!("<{name}> {said}");
            let labels = [format!("{name} 하나"), format!("{name} 둘")];
            if said == "버튼" { buttons(&reply, &[&labels[0], &labels[1]]) } else { words(&reply) }
        }
        _ => status(200, ""),
    })
}

/// A conversation of one user on one channel, as it must be whatever happens on the other.
#[derive(Default)]
struct Model {
    said: Vec<String>,
    under_buttons: bool,
}

impl Model {
    fn step(&mut self, bridge: &Bridge, bot: &'static str, user: &str, step: u8) -> Result<(), TestCaseError> {
        let words = match step {
            0 => "버튼".to_owned(),
            1 => format!("{bot} 하나"),
            2 => "가게 둘".to_owned(),
            3 => "학교 둘".to_owned(),
            number => format!("말 {number}"),
        };
        let own = words.starts_with(bot);
        let answer = bridge.post(&format!("/bots/{}/skill", id_of(bot)), &[], Say::words(user, &words));
        prop_assert_eq!(answer.status, 200);
        let (other, text) = (if bot == "가게" { "<학교>" } else { "<가게>" }, answer.text());
        prop_assert!(!text.contains(other), "{}", text);
        if self.under_buttons && !own {
            prop_assert_eq!(text, "원하는 버튼을 선택하세요");
            prop_assert_eq!(answer.quick_replies(), [format!("{bot} 하나"), format!("{bot} 둘")]);
            return Ok(());
        }
        prop_assert_eq!(text, format!("<{bot}> {words}"));
        self.under_buttons = words == "버튼";
        self.said.push(words);
        Ok(())
    }
}

fn id_of(bot: &str) -> &'static str {
    if bot == "가게" { "shop" } else { "school" }
}

#[test]
fn sessions_of_one_user_key_on_two_channels_never_mix() {
    let (shop, school) = (telling("가게"), telling("학교"));
    let bridge = Bridge::start(&format!("{}[bots.school]\nurl = \"{}\"\n", bridge::shop(&shop, ""), school.url()));
    let cases = AtomicU64::new(0);
    let steps = proptest::collection::vec((any::<bool>(), any::<bool>(), 0_u8..6), 1..24);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let said = |bot: &Bot, user: &str| {
        let prefix = format!("POST /message {user} text ");
        bot.asked().iter().filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).collect::<Vec<_>>()
    };
    let ran = runner.run(&(steps, any::<bool>()), |(steps, at_once)| {
        // New users each time, the same two keys on both channels.
        let case = cases.fetch_add(1, Ordering::Relaxed);
        let users = [format!("case_{case:05}-a"), format!("case_{case:05}-b")];
        let of = |channel: bool, user: bool| {
            steps.iter().filter(move |step| (step.0, step.1) == (channel, user)).map(|step| step.2)
        };
        let mut models: [[Model; 2]; 2] = Default::default();
        if at_once {
            // Every conversation on a thread of its own: any interleaving at all.
            std::thread::scope(|scope| {
                let threads: Vec<_> = models
                    .iter_mut()
                    .enumerate()
                    .flat_map(|(channel, own)| {
                        own.iter_mut().enumerate().map(move |(user, model)| (channel, user, model))
                    })
                    .map(|(channel, user, model)| {
                        let (bridge, key, steps) = (&bridge, &users[user], of(channel == 1, user == 1));
                        scope.spawn(move || -> Result<(), TestCaseError> {
                            for step in steps {
                                model.step(bridge, ["가게", "학교"][channel], key, step)?;
                            }
                            Ok(())
                        })
                    })
                    .collect();
                threads.into_iter().try_for_each(|thread| thread.join().unwrap())
            })?;
        } else {
            for (channel, user, step) in &steps {
                let model = &mut models[usize::from(*channel)][usize::from(*user)];
                model.step(&bridge, if *channel { "학교" } else { "가게" }, &users[usize::from(*user)], *step)?;
            }
        }
        for (bot, own) in [&shop, &school].into_iter().zip(&models) {
            for (user, model) in users.iter().zip(own) {
                prop_assert_eq!(said(bot, user), model.said.clone());
            }
        }
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn i8_a_bot_is_reached_at_another_address_under_the_name_of_its_url() {
    let bot = Bot::echo("봇");
    let address = bot.url().trim_start_matches("http://").to_owned();
    let bridge =
        Bridge::start(&format!("[bots.shop]\nurl = \"http://bot.shop.example/kakao\"\nconnect = \"{address}\"\n"));
    assert_eq!(bridge.say(&Say::words(MINA, "안녕")).status, 200);
    let calls = bot.calls();
    let message = calls.iter().find(|call| call.path == "/kakao/message").unwrap();
    assert_eq!(message.header("host"), Some("bot.shop.example"));
}
