//! The commented sample, `deploy/config.example.toml`: every key with its meaning.

use std::fmt::Write as _;

use super::keys;

/// The head of the file, above the keys.
const HEAD: &str = "\
# smartchat-bridge: every key, with its default or an example. Only the bot's url must be there.
# Lines with `#` and a blank are comments; take the `#` away from a key to set it.
# 모든 키와 기본값(또는 예)입니다. 봇의 url만 있으면 됩니다. 키를 쓰려면 앞의 `#`을 지우세요.
#
# Flags beat BRIDGE_ variables, which beat this file: BRIDGE_BOTS__SHOP__URL is bots.shop.url.
# 명령줄 플래그가 BRIDGE_ 환경 변수보다, 환경 변수가 이 파일보다 우선합니다.
# Check it with / 확인: smartchat-bridge config check --config bridge.toml
";

/// The sample as it stands in `deploy/`, generated so that it is complete and valid.
#[must_use]
pub fn sample() -> String {
    let mut text = String::from(HEAD);
    let mut section = "";
    for key in keys::all() {
        if key.section() != section {
            section = key.section();
            // Headers stand uncommented, so that a key never lands in the table above its own.
            let _infallible = write!(text, "\n\n[{}]", section.replace('*', "shop"));
        }
        let off = if key.path == "bots.*.url" { "" } else { "#" };
        let _infallible =
            write!(text, "\n# {}\n# {}\n{off}{} = {}\n", key.english, key.korean, key.name(), key.example);
    }
    text
}
