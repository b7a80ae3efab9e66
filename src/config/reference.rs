//! The reference of all keys, `docs/configuration.md` and its Korean twin, made from the table of keys.

use std::fmt::Write as _;
use std::time::Duration;

use super::keys::{self, Key, Kind};
use super::quantity::{show_duration, show_size};
use crate::messages::Language;

const ENGLISH: &str = "\
# Configuration

<!-- Generated from src/config/catalogue.rs; `BLESS=1 cargo test --test translation config` writes it anew. -->

[한국어](configuration.ko.md)

Only the address of the old bot must be given: `smartchat-bridge serve --bot http://old-bot:8000`.

**Where values come from.** A flag beats an environment variable, which beats the file, which beats the default.
- The file is TOML, named by `--config` or `BRIDGE_CONFIG`. A commented one with every key is `deploy/config.example.toml`.
- Variables begin with `BRIDGE_`; two underscores go one table down: `BRIDGE_BOTS__SHOP__URL` is `bots.shop.url`. A list is
  divided by commas or written as TOML (`[\"a\", \"b\"]`), a table as TOML (`{ a = \"b\" }`). The prefix is reserved: a variable
  that names no key is an error. Those Kubernetes sets for a Service named `bridge` are ignored.
- Flags: `--bot URL` is `bots.default.url`, `--listen` and `--admin` are the two listeners, `--set key=value` is any key.

**Checking.** `smartchat-bridge config check` goes the way of the start and tells every problem at once, with its key, its
line, variable or flag, and the fix. `config show` prints the values in force with their origin, `config schema` a JSON Schema.

**Notation.** Durations are a number and a unit: `\"500ms\"`, `\"4.5s\"`, `\"10m\"`, `\"1h\"`. Sizes are `\"256KiB\"`, `\"64MB\"` or plain
bytes. `*` stands for the name of a bot: lower-case letters, digits, `-` and `_`. Paths of files are relative to the folder
of the configuration file. Every secret has a second form with `_file`, read when the configuration is loaded.
";

const KOREAN: &str = "\
# 설정

<!-- src/config/catalogue.rs에서 만든 문서입니다. `BLESS=1 cargo test --test translation config`로 다시 씁니다. -->

[English](configuration.md)

기존 봇의 주소만 있으면 됩니다: `smartchat-bridge serve --bot http://old-bot:8000`.

**값의 우선순위.** 명령줄 플래그, 환경 변수, 파일, 기본값 순으로 우선합니다.
- 파일은 TOML이며 `--config`나 `BRIDGE_CONFIG`로 지정합니다. 모든 키를 설명한 예가 `deploy/config.example.toml`에 있습니다.
- 환경 변수는 `BRIDGE_`로 시작하고 밑줄 두 개가 한 단계 아래를 뜻합니다: `BRIDGE_BOTS__SHOP__URL`은 `bots.shop.url`입니다.
  목록은 쉼표로 나누거나 TOML(`[\"a\", \"b\"]`)로, 표는 TOML(`{ a = \"b\" }`)로 씁니다. 없는 키를 가리키는 `BRIDGE_` 변수는
  오류입니다. 이름이 `bridge`인 쿠버네티스 서비스가 만드는 변수는 무시합니다.
- 플래그: `--bot URL`은 `bots.default.url`, `--listen`과 `--admin`은 두 주소, `--set 키=값`은 모든 키입니다.

**확인.** `smartchat-bridge config check`는 시작할 때와 같은 검사를 하고, 모든 문제를 키, 위치(줄, 변수, 플래그), 고치는
방법과 함께 한 번에 알려 줍니다. `config show`는 적용되는 값과 출처를, `config schema`는 JSON 스키마를 출력합니다.

**표기.** 시간은 숫자와 단위(`\"500ms\"`, `\"4.5s\"`, `\"10m\"`, `\"1h\"`), 크기는 `\"256KiB\"`, `\"64MB\"` 또는 바이트 수입니다. `*`는 봇의
이름으로, 영문 소문자, 숫자, `-`, `_`를 씁니다. 파일 경로는 설정 파일이 있는 폴더를 기준으로 합니다. 비밀값마다 파일에서
읽는 `_file` 키가 있으며 설정을 읽을 때 함께 읽습니다.
";

/// The document in one language.
#[must_use]
pub fn reference(language: Language) -> String {
    let english = language == Language::English;
    let mut text = String::from(if english { ENGLISH } else { KOREAN });
    let (head, top) = match language {
        Language::English => ("| key | value | default | meaning |", "Top of the file"),
        Language::Korean => ("| 키 | 값 | 기본값 | 뜻 |", "파일 맨 위"),
    };
    let mut section = None;
    for key in keys::all() {
        if section != Some(key.section()) {
            section = Some(key.section());
            let title = if key.section().is_empty() { top.to_owned() } else { format!("`[{}]`", key.section()) };
            let _infallible = write!(text, "\n## {title}\n\n{head}\n| --- | --- | --- | --- |\n");
        }
        let default = if key.default.is_empty() { String::from("-") } else { format!("`{}`", key.default) };
        let meaning = if english { key.english } else { key.korean };
        let _infallible = writeln!(text, "| `{}` | {} | {default} | {meaning} |", key.name(), value(key, english));
    }
    text
}

/// The values that a key takes, in few words.
fn value(key: &Key, english: bool) -> String {
    let pick = |en: &str, ko: &str| String::from(if english { en } else { ko });
    let range = |name: String, least: String, most: String| match english {
        true => format!("{name}, {least} to {most}"),
        false => format!("{name}, {least} ~ {most}"),
    };
    let time = |millis| show_duration(Duration::from_millis(millis));
    match key.kind {
        Kind::Address => pick("IP address and port", "IP 주소와 포트"),
        Kind::Url | Kind::SecretUrl => String::from("URL"),
        Kind::Switch => String::from("`true`, `false`"),
        Kind::Count(least, most) => range(pick("number", "수"), least.to_string(), most.to_string()),
        Kind::Size(least, most) => range(pick("size", "크기"), show_size(least), show_size(most)),
        Kind::Duration(least, most) => range(pick("duration", "시간"), time(least), time(most)),
        Kind::Choice(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        Kind::Words(longest) if english => format!("words, at most {longest}"),
        Kind::Words(longest) => format!("문구, {longest}자까지"),
        Kind::Text => pick("text", "문자열"),
        Kind::List => pick("list of texts", "문자열 목록"),
        Kind::Map => pick("table of texts", "문자열 표"),
        Kind::SecretMap => pick("table of texts, not shown", "문자열 표(숨김)"),
        Kind::Secret => pick("secret", "비밀값"),
        Kind::Secrets => pick("list of secrets", "비밀값 목록"),
        Kind::File => pick("path of a file", "파일 경로"),
    }
}
