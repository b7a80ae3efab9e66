use serde_json::Value;

use super::run;

const REPLY: &str = r#"{"message":{"text":"오늘의 급식"},"keyboard":{"type":"buttons","buttons":["내일","모레"]}}"#;

fn text(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(answer["version"], "2.0");
    answer["template"]["outputs"][0]["simpleText"]["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_reply_becomes_a_skill_response() {
    let ended = run(&["translate"], REPLY.as_bytes());
    assert_eq!(text(ended.out(0)), "오늘의 급식");
    assert!(ended.out.contains(r#""label":"모레""#) && ended.out.ends_with("}\n") && ended.err.is_empty());
}

#[test]
fn what_cannot_be_read_is_answered_all_the_same() {
    for (input, reason) in [
        (&b""[..], "empty"),
        (b"<html>secret</html>", "not JSON"),
        (b"[1]", "not an object"),
        (&vec![b' '; 1024 * 1024 + 1], "longer than 1048576 bytes"),
    ] {
        let ended = run(&["translate"], input);
        assert!(text(ended.out(2)).contains("답변을 불러오지 못했습니다"));
        let line = ended.err.strip_prefix("reply.none\t").unwrap_or_else(|| panic!("{}", ended.err));
        assert!(line.contains(reason) && !line.contains("secret") && line.lines().count() == 1, "{line}");
    }
    let failed = run(&["translate", "--status", "500"], REPLY.as_bytes());
    assert!(failed.out(2).contains("답변을 불러오지 못했습니다") && failed.err.contains("the status is 500"));
}

#[test]
fn cp949_is_read() {
    let mut input = br#"{"message":{"text":""#.to_vec();
    // "안녕"
    input.extend_from_slice(&[0xbe, 0xc8, 0xb3, 0xe7]);
    input.extend_from_slice(br#""}}"#);
    let ended = run(&["translate"], &input);
    assert_eq!(text(ended.out(0)), "안녕");
    assert!(ended.err.starts_with("reply.cp949\t"), "{}", ended.err);
}

#[test]
fn lines_come_out_as_many_as_went_in() {
    let mut input = format!("{REPLY}\n\n{{broken\n\r\n{REPLY}\r\n").into_bytes();
    input.extend_from_slice(&[0xff, 0xfe, b'\n']);
    input.extend_from_slice(REPLY.as_bytes());
    let ended = run(&["translate", "--lines"], &input);
    let lines: Vec<_> = ended.out(0).lines().map(text).collect();
    assert_eq!(lines.len(), 7);
    let good: Vec<_> = lines.iter().map(|line| line == "오늘의 급식").collect();
    assert_eq!(good, [true, false, false, false, true, false, true]);
    let told: Vec<_> =
        ended.err.lines().filter_map(|line| line.split_once("\treply.none\t")?.0.parse::<u32>().ok()).collect();
    assert_eq!(told, [2, 3, 4, 6]);
    assert!(run(&["translate", "--lines"], b"").out(0).is_empty());
}

#[test]
fn flags_decide_how_it_is_shown() {
    let labels: Vec<_> = (1..=30).map(|n| format!("\"버튼 {n}\"")).collect();
    let many = format!(r#"{{"keyboard":{{"type":"buttons","buttons":[{}]}}}}"#, labels.join(","));
    let shown = |arguments: &[&str], input: &str| {
        let arguments = [&["translate"], arguments].concat();
        run(&arguments, input.as_bytes()).out(0).to_owned()
    };
    assert!(shown(&[], &many).contains("다음 ▶"));
    assert!(shown(&["--page", "1"], &many).contains("◀ 이전"));
    assert!(shown(&["--overflow", "carousel"], &many).contains(r#""carousel""#));
    assert!(shown(&["--room"], &many).contains("30. 버튼 30"));
    assert!(shown(&["--message-block", "5f0c"], REPLY).contains(r#""blockId":"5f0c""#));
    assert!(shown(&["--handover", "내일"], REPLY).contains(r#""operator""#));
    let photo = r#"{"message":{"photo":{"url":"/a.jpg","width":640,"height":480}}}"#;
    assert!(shown(&["--public-url", "https://a.com"], photo).contains("https://a.com/a.jpg"));
    let home = r#"{"type":"buttons","buttons":["급식"]}"#;
    assert!(shown(&["--home"], home).contains(r#""label":"급식""#));
    assert_eq!(shown(&["--draw"], REPLY), "│ 오늘의 급식\n  [1] 내일   [2] 모레\n");
    assert!(shown(&["--home"], r#"{"type":"text"}"#).contains("메시지를 입력해 주세요."));
}

#[test]
fn a_long_reply_has_parts() {
    let long = format!(r#"{{"message":{{"text":"{}"}}}}"#, "가나다라마 ".repeat(1000));
    let first = run(&["translate"], long.as_bytes());
    assert!(first.out(0).contains("이어서 보기") && first.err.contains("reply.parked\t"));
    assert!(!run(&["translate", "--part", "9"], long.as_bytes()).out(0).contains("이어서 보기"));
}
