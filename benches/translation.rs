//! What a call costs on its way, piece by piece: decode, read, translate, the user's turn.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a benchmark may stop loudly")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use smartchat_bridge::ids::{BotId, UserKey};
use smartchat_bridge::reading::read;
use smartchat_bridge::testing::{Begun, LocalStore, ParkedLimit, ParkedShare, SessionMemory};
use smartchat_bridge::time::Moment;
use smartchat_bridge::translate::inbound::{Endpoint, InboundRules, understand};
use smartchat_bridge::translate::keyboard::Keyboard;
use smartchat_bridge::translate::outbound::{Content, Page, reply};
use smartchat_bridge::translate::view::{Overflow, Policy, Texts, View};
use smartchat_bridge::wire::skill::SkillCall;

const CALL: &[u8] = include_bytes!("../tests/payloads/fallback.json");

/// A reply as bots give it: a text, a link, ten buttons.
const REPLY: &str = r#"{"message":{"text":"오늘의 급식입니다.\n현미밥, 미역국, 제육볶음, 배추김치\n(알레르기: 5, 6, 9, 10)",
"message_button":{"label":"식단표 전체 보기","url":"https://school.example/meals?day=today"}},"keyboard":{"type":"buttons",
"buttons":["오늘 급식","내일 급식","모레 급식","이번 주","다음 주","알레르기 안내","영양사에게","설정","도움말","처음으로"]}}"#;

/// The same with a text at the bound and a hundred buttons.
fn heavy() -> String {
    let buttons: Vec<String> = (1..=100).map(|number| format!("\"{number}번 메뉴의 긴 이름을 가진 버튼\"")).collect();
    let text = "긴 글의 한 문장입니다. ".repeat(6_000);
    format!(r#"{{"message":{{"text":"{text}"}},"keyboard":{{"type":"buttons","buttons":[{}]}}}}"#, buttons.join(","))
}

fn policy() -> Policy {
    Policy {
        bot: BotId::parse("shop").unwrap(),
        overflow: Overflow::Pages,
        handover: Box::new([]),
        texts: Texts::default(),
        backend: None,
        public_url: None,
    }
}

fn decode(c: &mut Criterion) {
    let bot = BotId::parse("shop").unwrap();
    let ears = InboundRules { bot: &bot, welcome_blocks: &[Box::from("웰컴 블록")], media_hosts: &[] };
    let mut group = c.benchmark_group("call");
    group.throughput(Throughput::Bytes(CALL.len() as u64));
    group.bench_function("decode", |b| b.iter(|| SkillCall::parse(black_box(CALL)).unwrap()));
    group.bench_function("decode and understand", |b| {
        b.iter(|| understand(SkillCall::parse(black_box(CALL)).unwrap(), Endpoint::Skill, &ears).unwrap());
    });
    group.finish();
}

fn reading(c: &mut Criterion) {
    let heavy = heavy();
    // A raw line break in a string: what the strict reading refuses.
    let lenient = REPLY.replace("\\n", "\n");
    let mut group = c.benchmark_group("reply, read");
    for (name, body) in [("usual", REPLY), ("lenient", &lenient), ("heavy", &heavy)] {
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |b| b.iter(|| read(black_box(body.as_bytes())).unwrap()));
    }
    group.finish();
}

fn translating(c: &mut Criterion) {
    let policy = policy();
    let view = View { policy: &policy, message_block: None, room: false };
    let heavy = heavy();
    let mut group = c.benchmark_group("reply, translated");
    for (name, body) in [("usual", REPLY), ("heavy", &heavy)] {
        let reading = read(body.as_bytes()).unwrap();
        let labels: Vec<String> = match &reading.keyboard {
            Some(smartchat_bridge::wire::legacy::Keys::Buttons(labels)) => {
                labels.iter().map(ToString::to_string).collect()
            }
            Some(smartchat_bridge::wire::legacy::Keys::Text) | None => Vec::new(),
        };
        let keyboard = Keyboard::new(&labels);
        let readings = [reading];
        let content = Content {
            readings: &readings,
            keyboard: keyboard.as_ref(),
            part: 0,
            page: 0,
            late: false,
            older_rest: None,
        };
        group.bench_function(name, |b| b.iter(|| reply(black_box(&content), &view).response.to_bytes()));
    }
    group.finish();
}

fn turns(c: &mut Criterion) {
    let memory = SessionMemory::new(1 << 30);
    let store =
        Arc::new(LocalStore::new(1_000_000, 8, Arc::new(ParkedShare::new(&ParkedLimit::new(1 << 26), 1)), memory));
    let keyboard = Keyboard::new(&["급식", "날씨"]).map(Arc::new);
    let users: Vec<UserKey> = (0..100_000).map(|n| UserKey::parse(&format!("user{n:08}")).unwrap()).collect();
    let mut now = Moment::from_millis(1_700_000_000_000);
    let mut next = users.iter().cycle();
    c.bench_function("turn, begun and committed", |b| {
        b.iter_batched(
            || *next.next().unwrap(),
            |user| {
                let Begun::Turn(mut turn) = store.begin(user, None) else { unreachable!("nobody else holds it") };
                now = now.plus(Duration::from_millis(1));
                turn.session.show(keyboard.clone(), Page::default(), false, now);
                turn.commit(None, now);
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = decode, reading, translating, turns
}
criterion_main!(benches);
