//! The keys themselves, section by section: default, example and meaning in English and Korean. Data, no code.
//!
//! Defaults are TOML and stand here alone; those of the words users read stand with their type,
//! [`Texts`](crate::translate::view::Texts), and are taken from there.

use std::borrow::Cow;

use super::key::{Key, Kind};
use super::texts::TEXTS;
use crate::translate::view::Texts;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const MANY: u64 = 1_000_000_000;
const KIB: u64 = 1024;
const GIB: u64 = 1024 * 1024 * 1024;

/// Path, kind, default, example, English, Korean.
type Row = (&'static str, Kind, &'static str, &'static str, &'static str, &'static str);

/// All keys in the order of the reference.
pub(super) fn keys() -> Vec<Key> {
    let rows = [TOP, BOT, REST].concat();
    let mut keys: Vec<Key> = rows.into_iter().map(key).collect();
    let after_bot = keys.iter().rposition(|key| key.path.starts_with("bots.")).map_or(keys.len(), |last| last + 1);
    keys.splice(after_bot..after_bot, texts());
    keys
}

fn key((path, kind, default, example, english, korean): Row) -> Key {
    let example = if example.is_empty() { default } else { example };
    Key { path: path.into(), kind, default: default.into(), example: example.into(), english, korean }
}

fn texts() -> impl Iterator<Item = Key> {
    let mut defaults = Texts::default();
    TEXTS.iter().map(move |text| {
        let default: Cow<'static, str> =
            toml_edit::Value::from((text.field)(&mut defaults).as_ref()).to_string().into();
        Key {
            path: format!("bots.*.texts.{}", text.name).into(),
            kind: Kind::Words(text.longest),
            default: default.clone(),
            example: default,
            english: text.english,
            korean: text.korean,
        }
    })
}

#[rustfmt::skip]
const TOP: &[Row] = &[
    ("listen", Kind::Address, r#""127.0.0.1:8080""#, "",
        "Where OpenBuilder calls. Beyond the loopback every bot needs a secret, an address list or `open = true`.",
        "오픈빌더가 호출하는 주소. 루프백이 아니면 봇마다 비밀값, 주소 목록 또는 `open = true`가 있어야 합니다."),
    ("workers", Kind::Count(1, 1024), "", "2",
        "Threads, each with its own runtime. One per core when left out.",
        "스레드 수. 생략하면 코어마다 하나입니다."),
    ("grace", Kind::Duration(0, HOUR), r#""55s""#, "",
        "How long a stop waits for turns and callbacks.",
        "종료할 때 진행 중인 대화와 콜백을 기다리는 시간."),
    ("media_hosts", Kind::List, r#"["dn-m.talk.kakao.com", ".kakaocdn.net"]"#, "",
        "Hosts whose bare URL as utterance is a photo. A leading dot means every subdomain too.",
        "발화가 이 호스트의 URL뿐이면 사진으로 봅니다. 점으로 시작하면 하위 도메인까지 포함합니다."),
    ("tls.cert", Kind::File, "", r#""/etc/smartchat-bridge/cert.pem""#,
        "PEM file of the certificate chain, to serve HTTPS without a front proxy. Wants `tls.key`.",
        "앞단 프록시 없이 HTTPS로 받을 때의 인증서 체인 PEM 파일. `tls.key`와 함께 씁니다."),
    ("tls.key", Kind::File, "", r#""/etc/smartchat-bridge/key.pem""#,
        "PEM file of the certificate's private key.",
        "인증서의 개인 키 PEM 파일."),
    ("alert.url", Kind::SecretUrl, "", r#""https://alerts.example/bridge""#,
        "POSTed to once when a bot goes out and once when it is back. Only its origin is ever shown.",
        "봇이 멈추면 한 번, 돌아오면 한 번 POST하는 주소. 화면에는 호스트까지만 보입니다."),
    ("admin.listen", Kind::Address, r#""127.0.0.1:9090""#, "",
        "The operators' listener: readiness in detail and metrics. Off the loopback it always asks for a token.",
        "운영자용 주소: 상세 상태와 지표. 루프백이 아니면 항상 토큰을 확인합니다."),
    ("admin.token", Kind::Secret, "", r#""at-least-16-random-characters""#,
        "Asked for as `Authorization: Bearer …` on the operators' listener. Without it a listener off the loopback makes a random one at each start and prints it.",
        "운영자용 주소에서 `Authorization: Bearer …`로 확인하는 토큰. 루프백이 아닌데 이 값이 없으면 시작할 때마다 임의의 토큰을 만들어 출력합니다."),
    ("admin.token_file", Kind::File, "", r#""/run/secrets/admin-token""#,
        "The same, read from a file.",
        "같은 값을 파일에서 읽습니다."),
    ("admin.metrics_token", Kind::Secret, "", r#""at-least-16-other-characters""#,
        "Opens `/metrics` and `/readyz` of the operators' listener and nothing else. This is the one for Prometheus.",
        "운영자용 주소의 `/metrics`와 `/readyz`만 여는 토큰. Prometheus에는 이 값을 주세요."),
    ("admin.metrics_token_file", Kind::File, "", r#""/run/secrets/metrics-token""#,
        "The same, read from a file.",
        "같은 값을 파일에서 읽습니다."),
    ("admin.hosts", Kind::List, "[]", r#"["bridge.internal"]"#,
        "Values of `Host` accepted there besides IP addresses and `localhost`.",
        "운영자용 주소에서 IP와 `localhost` 외에 허용하는 `Host` 값."),
    ("admin.public_url", Kind::Url, "", r#""https://console.example.com""#,
        "Where browsers reach the console through a proxy that speaks TLS. Its host is accepted as `Host`, its links are printed, and its cookies are sent over TLS only. No path.",
        "TLS를 쓰는 프록시를 거쳐 브라우저가 운영자 화면에 들어오는 주소. 이 호스트를 `Host`로 허용하고, 로그인 링크를 이 주소로 출력하며, 쿠키를 TLS로만 보내게 합니다. 경로는 쓰지 않습니다."),
];

#[rustfmt::skip]
const BOT: &[Row] = &[
    ("bots.*.url", Kind::Url, "", r#""http://old-bot:8000""#,
        "The old bot's address with its base path, if any. The one key that must be there.",
        "기존 봇 서버의 주소(기본 경로 포함). 반드시 있어야 하는 단 하나의 키입니다."),
    ("bots.*.connect", Kind::Address, "", r#""192.0.2.10:80""#,
        "IP address and port to connect to instead of the host of `url`, which `Host` and the certificate keep: for a name-based host that is reached by address.",
        "`url`의 호스트 대신 접속할 IP 주소와 포트. `Host`와 인증서 이름은 `url`을 따릅니다. 이름으로 구분하는 호스팅에 IP로 접속할 때 씁니다."),
    ("bots.*.deadline", Kind::Duration(1, 4900), r#""4.5s""#, "",
        "When the user must have read something, from the first byte of the call. OpenBuilder hangs up after 5 s.",
        "호출의 첫 바이트부터 사용자에게 무언가를 보여 주기까지의 한도. 오픈빌더는 5초가 지나면 끊습니다."),
    ("bots.*.late", Kind::Duration(1, 10 * MINUTE), r#""15s""#, "",
        "How long the bot is held on for, from the call's arrival; a late reply is kept for 10 minutes.",
        "늦은 답을 기다리는 시간(호출 도착 기준). 늦게 온 답은 10분 동안 보관합니다."),
    ("bots.*.free_text", Kind::Choice(&["reprompt", "forward"]), r#""reprompt""#, "",
        "What typed words that match no button come to: the keyboard again, or the bot.",
        "버튼에 없는 말을 입력했을 때: 버튼을 다시 보여 주거나(reprompt) 봇에 전달(forward)합니다."),
    ("bots.*.overflow", Kind::Choice(&["pages", "carousel"]), r#""pages""#, "",
        "More than ten buttons: pages of quick replies, or cards with three buttons each.",
        "버튼이 열 개를 넘을 때: 여러 페이지로 나누거나(pages) 버튼 세 개씩 카드로(carousel) 보여 줍니다."),
    ("bots.*.welcome_blocks", Kind::List, r#"["웰컴 블록"]"#, "",
        "Blocks, by name or id, that show the home keyboard without asking the bot.",
        "봇에 묻지 않고 홈 키보드를 보여 주는 블록의 이름이나 ID."),
    ("bots.*.message_block", Kind::Map, "{}", r#"{ "5f0c2a9b8e3d4c0001a2b3c4" = "5f0c2a9b8e3d4c0001a2b3d5" }"#,
        "OpenBuilder `bot.id` to block id: quick replies run this block, so no scenario block can catch their words.",
        "오픈빌더 `bot.id`별 블록 ID. 바로연결이 이 블록을 실행하므로 시나리오 블록이 말을 가로채지 못합니다."),
    ("bots.*.openbuilder_ids", Kind::List, "[]", r#"["5f0c2a9b8e3d4c0001a2b3c4"]"#,
        "Ids of the OpenBuilder bots whose calls are this bot's; a trailing `!` is ignored.",
        "이 봇으로 보낼 오픈빌더 봇 ID. 끝의 `!`는 무시합니다."),
    ("bots.*.channel_ids", Kind::List, "[]", r#"["_abcdE"]"#,
        "Kakao channel ids (public id or uuid) whose events are this bot's; all on its path when empty.",
        "이 봇이 받을 카카오톡 채널 ID(공개 ID 또는 uuid). 비우면 그 경로의 모든 이벤트를 받습니다."),
    ("bots.*.channel_key", Kind::Secret, "", r#""kakao-admin-key""#,
        "The Kakao admin key the channel webhook shows. Without it `/channel` is refused.",
        "채널 웹훅이 보내는 카카오 어드민 키. 없으면 `/channel`을 거절합니다."),
    ("bots.*.channel_key_file", Kind::File, "", r#""/run/secrets/kakao-admin-key""#,
        "The same, read from a file.",
        "같은 값을 파일에서 읽습니다."),
    ("bots.*.headers", Kind::SecretMap, "{}", r#"{ x-requested-with = "bridge" }"#,
        "Extra request headers for the old bot. Values are never shown.",
        "기존 봇에 더 보내는 요청 헤더. 값은 보이지 않게 합니다."),
    ("bots.*.public_url", Kind::Url, "", r#""https://bot.example.com""#,
        "What relative links and links to the bot's internal address are resolved by.",
        "상대 주소와 내부 주소의 링크를 바꿀 때 쓰는 외부 주소."),
    ("bots.*.ca", Kind::File, "", r#""/etc/smartchat-bridge/ca.pem""#,
        "PEM file of a private CA for an `https` bot, besides the public ones.",
        "`https` 봇의 사설 인증 기관 PEM 파일(공인 기관에 더해)."),
    ("bots.*.insecure", Kind::Switch, "false", "",
        "Accept any certificate of an `https` bot.",
        "`https` 봇의 인증서를 확인하지 않습니다."),
    ("bots.*.allow", Kind::List, "", r#"["219.249.231.40/30"]"#,
        "Addresses this bot's calls may come from, besides `access.allow`.",
        "`access.allow`에 더해 이 봇의 호출을 허용하는 주소."),
    ("bots.*.open", Kind::Switch, "false", "",
        "Serve this bot beyond the loopback without secret or address list.",
        "비밀값이나 주소 목록 없이도 루프백 밖에서 이 봇을 제공합니다."),
    ("bots.*.one_at_a_time", Kind::Switch, "false", "",
        "One message at a time for all users, for a bot whose state is shared.",
        "모든 사용자의 메시지를 한 번에 하나씩만 보냅니다(상태를 함께 쓰는 봇)."),
    ("bots.*.friend_on_first_contact", Kind::Switch, "false", "",
        "Announce a user never seen before by `POST /friend`. Wants `store.path` or `store.url`.",
        "처음 보는 사용자를 `POST /friend`로 알립니다. `store.path`나 `store.url`이 있어야 합니다."),
    ("bots.*.rate", Kind::Count(1, MANY), "", "60",
        "Calls one user may make in a minute. No bound when left out.",
        "한 사용자의 분당 호출 한도. 생략하면 제한이 없습니다."),
    ("bots.*.turns", Kind::Count(1, MANY), "", "1000",
        "Turns of this bot in flight. `limits.turns` when left out.",
        "이 봇에서 동시에 진행하는 대화 수. 생략하면 `limits.turns`입니다."),
    ("bots.*.connections", Kind::Count(1, 10_000), "128", "",
        "Connections to the old bot, of all threads together. While all are in use, messages wait in order of arrival for as long as `deadline` allows. Keep it below the bot's own workers; Apache has 150 by default.",
        "기존 봇에 여는 연결 수(모든 스레드 합계). 모두 쓰고 있으면 메시지는 `deadline` 안에서 온 순서대로 기다립니다. 봇의 작업 프로세스 수보다 작게 두세요. Apache의 기본값은 150개입니다."),
    ("bots.*.sessions", Kind::Count(1, MANY), "", "100000",
        "Sessions kept for this bot. `limits.sessions` when left out.",
        "이 봇에 보관하는 세션 수. 생략하면 `limits.sessions`입니다."),
    ("bots.*.secret.header", Kind::Text, "", r#""x-skill-secret""#,
        "The header that must carry one of the secret values; the same as in the skill's settings in OpenBuilder.",
        "비밀값을 담는 헤더 이름. 오픈빌더 스킬 설정의 헤더와 같아야 합니다."),
    ("bots.*.secret.values", Kind::Secrets, "", r#"["at-least-16-random-characters"]"#,
        "The values; two while rotating.",
        "비밀값 목록. 바꾸는 동안에는 두 개를 둡니다."),
    ("bots.*.secret.values_file", Kind::File, "", r#""/etc/smartchat-bridge/skill-secret""#,
        "The same, read from a file, one per line.",
        "같은 값을 파일에서 한 줄에 하나씩 읽습니다."),
    ("bots.*.breaker.failures", Kind::Count(1, 1_000_000), "10", "",
        "Failures in a row after which users read `texts.outage` at once.",
        "연속으로 이만큼 실패하면 바로 `texts.outage`를 보여 줍니다."),
    ("bots.*.breaker.open", Kind::Duration(1, HOUR), r#""10s""#, "",
        "How long the bot is then left alone before one turn tries it.",
        "다시 시도하기까지 봇을 쉬게 하는 시간."),
    ("bots.*.handover.labels", Kind::List, "[]", r#"["상담원 연결"]"#,
        "Buttons that call a human: they become a card button and never reach the bot.",
        "상담원을 부르는 버튼. 카드 버튼이 되며 봇에는 전달하지 않습니다."),
];

#[rustfmt::skip]
const REST: &[Row] = &[
    ("callback.after", Kind::Duration(1, 4900), r#""3.5s""#, "",
        "When a call with a callback URL is answered with \"wait\". Below every bot's `deadline`.",
        "콜백 URL이 있는 호출에 대기 응답을 보내는 시각. 모든 봇의 `deadline`보다 짧아야 합니다."),
    ("callback.give_up", Kind::Duration(1, MINUTE), r#""55s""#, "",
        "When the bot is given up, from the call's arrival. Kakao's callback URL is valid for one minute.",
        "호출 도착부터 봇을 포기하기까지의 시간. 카카오의 콜백 URL은 1분 동안 유효합니다."),
    ("callback.origins", Kind::List, r#"["https://bot-api.kakao.com"]"#, "",
        "Where answers may be POSTed: scheme, host and port. The path must begin with `/v1/bots/`.",
        "답을 POST할 수 있는 곳: 스킴, 호스트, 포트. 경로는 `/v1/bots/`로 시작해야 합니다."),
    ("access.allow", Kind::List, "", r#"["219.249.231.40/30"]"#,
        "Addresses calls may come from. Everyone's when left out; Kakao promises no addresses.",
        "호출을 허용하는 주소. 생략하면 모두 허용합니다. 카카오가 보장하는 주소는 없습니다."),
    ("access.trusted_proxies", Kind::List, "[]", r#"["127.0.0.1", "::1"]"#,
        "Peers whose `X-Forwarded-For` is believed, from the right.",
        "`X-Forwarded-For`를 (오른쪽부터) 믿는 상대 주소."),
    ("limits.connections", Kind::Count(1, MANY), "20000", "",
        "Connections of the public listener.",
        "공개 주소의 연결 수."),
    ("limits.turns", Kind::Count(1, MANY), "10000", "",
        "Turns in flight; past it users read `texts.busy`.",
        "동시에 진행하는 대화 수. 넘으면 `texts.busy`를 보여 줍니다."),
    ("limits.turns_per_user", Kind::Count(1, 10_000), "8", "",
        "Turns of one user in flight, queued ones included.",
        "한 사용자의 진행 중인 대화 수(대기 포함)."),
    ("limits.sessions", Kind::Count(1, MANY), "1000000", "",
        "Sessions kept for each bot.",
        "봇마다 보관하는 세션 수."),
    ("limits.body", Kind::Size(KIB, 64 * 1024 * KIB), r#""256KiB""#, "",
        "Size of a request body.",
        "요청 본문의 크기."),
    ("limits.pending", Kind::Size(64 * KIB, 1024 * 1024 * KIB), r#""16MiB""#, "",
        "Bytes that callers who are not admitted yet may hold together, per thread. Past it the connection that has waited longest is closed.",
        "아직 허용되지 않은 호출자들이 스레드마다 합해서 차지할 수 있는 크기. 넘으면 가장 오래 기다린 연결부터 끊습니다."),
    ("limits.header_timeout", Kind::Duration(1, HOUR), r#""60s""#, "",
        "How long a connection may take to send a request's head, or stay idle.",
        "연결이 요청 헤더를 보내거나 쉬어도 되는 시간."),
    ("limits.session_bytes", Kind::Size(64 * KIB, 1024 * GIB), r#""256MiB""#, "",
        "Size of all sessions and of the keyboards they remember, of all bots. Past it the users who were shown something longest ago are forgotten.",
        "모든 봇의 세션과 세션이 기억하는 키보드 전체의 크기. 넘으면 마지막으로 무언가를 본 지 가장 오래된 사용자부터 잊습니다."),
    ("limits.parked", Kind::Size(KIB, 1024 * GIB), r#""64MiB""#, "",
        "Size of all late and unfinished replies that are kept.",
        "보관하는 늦은 답과 남은 답 전체의 크기."),
    ("limits.events", Kind::Count(1, MANY), "10000", "",
        "Channel events waiting or on their way, for all bots.",
        "대기하거나 전달 중인 채널 이벤트 수(모든 봇)."),
    ("store.path", Kind::Text, "", r#""/var/lib/smartchat-bridge""#,
        "Folder for what must outlast a restart: keyboards, late answers, promised callbacks, who is known. Memory alone when left out. For one process at a time; takes effect at the next start.",
        "다시 시작해도 남아야 하는 것(키보드, 늦은 답, 약속한 콜백, 아는 사용자)을 두는 폴더. 생략하면 메모리에만 둡니다. 한 번에 프로세스 하나만 쓰며 다음 시작부터 적용됩니다."),
    ("store.url", Kind::Secret, "", r#""redis://redis:6379""#,
        "Redis 7 or Valkey, for several bridges that are one: `redis://` or, with TLS, `rediss://[USER:PASSWORD@]HOST[:PORT][/DB]`. Not together with `store.path`; takes effect at the next start.",
        "여러 브리지를 하나처럼 쓸 때의 Redis 7 또는 Valkey: `redis://`, TLS는 `rediss://[사용자:암호@]호스트[:포트][/DB]`. `store.path`와 함께 쓸 수 없으며 다음 시작부터 적용됩니다."),
    ("store.url_file", Kind::File, "", r#""/run/secrets/store-url""#,
        "The same, read from a file.",
        "같은 값을 파일에서 읽습니다."),
    ("store.ca", Kind::File, "", r#""/etc/smartchat-bridge/store-ca.pem""#,
        "PEM file of a private CA for `rediss://`, in place of the public ones. Takes effect at the next start.",
        "`rediss://`용 사설 인증 기관 PEM 파일(공인 기관 대신 이것만 믿습니다). 다음 시작부터 적용됩니다."),
    ("store.prefix", Kind::Text, r#""smartchat""#, "",
        "What every key and channel there begins with; bridges with the same prefix are one. Takes effect at the next start.",
        "그곳의 모든 키와 채널의 앞머리. 같은 앞머리를 쓰는 브리지들이 하나가 됩니다. 다음 시작부터 적용됩니다."),
    ("log.format", Kind::Choice(&["auto", "pretty", "json"]), r#""auto""#, "",
        "How lines look; `auto` is pretty on a terminal and JSON otherwise.",
        "로그 형식. `auto`는 터미널에서 pretty, 그 밖에는 JSON입니다."),
    ("log.filter", Kind::Text, r#""info""#, "",
        "Which lines: a `tracing` filter such as `info` or `smartchat_bridge=debug`.",
        "남길 로그: `info`, `smartchat_bridge=debug` 같은 `tracing` 필터."),
    ("log.key", Kind::Secret, "", r#""at-least-16-random-characters""#,
        "Keys the hashes that stand for users in logs. Random for each start when left out.",
        "로그에서 사용자를 나타내는 해시의 키. 생략하면 시작할 때마다 임의로 정합니다."),
    ("log.key_file", Kind::File, "", r#""/run/secrets/log-key""#,
        "The same, read from a file.",
        "같은 값을 파일에서 읽습니다."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_examples_are_toml() {
        for key in keys() {
            for toml in [&key.default, &key.example] {
                assert!(toml.is_empty() || toml.parse::<toml_edit::Value>().is_ok(), "{}: {toml}", key.path);
            }
            assert!(!key.example.is_empty() && !key.english.is_empty() && !key.korean.is_empty(), "{}", key.path);
        }
    }
}
