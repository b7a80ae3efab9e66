use super::*;

const KEY: &str = "Qw7-eRt_9YzA";

fn begin(call: &[u8], budget: &Arc<Budget>) -> Option<Arc<Exchange>> {
    let beginning = Beginning {
        origin: Origin::Capture,
        at: Moment::from_millis(1),
        request_id: &RequestId::Given("a".into()),
        call,
        keys: [KEY, KEY],
        manner: Manner::default(),
    };
    Exchange::begin(beginning, budget)
}

/// So many bytes that are JSON.
fn text_of(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "c".repeat(bytes - 2)).into_bytes()
}

/// A call is read more leniently than a whole document is.
#[test]
fn c5_of_a_call_that_cannot_be_masked_nothing_is_kept() {
    let call = |ignored: &str| {
        format!(
            r#"{{"userRequest":{{"callbackUrl":"https://kakao.example/v1/token-of-a-callback"}},"more":{ignored}}}"#
        )
    };
    let kept = |call: &str| begin(call.as_bytes(), &Budget::new(usize::MAX)).unwrap().messages().call;
    for call in [call("1"), format!("\u{feff}{}", call("1"))] {
        let kept = kept(&call);
        let text = String::from_utf8_lossy(&kept.bytes).into_owned();
        assert!(kept.is_whole && text.contains("\"more\":1") && !text.contains("token-of-a-callback"), "{text}");
    }
    for ignored in ["1e400", r#""\ud83d""#] {
        let (call, kept) = (call(ignored), kept(&call(ignored)));
        assert_eq!((kept.bytes.len(), kept.size, kept.is_whole), (0, call.len(), false), "{call}");
    }
}

#[test]
fn c5_each_message_is_kept_to_64_kib_with_its_true_size() {
    let budget = Budget::new(usize::MAX);
    let exchange = begin(&text_of(100_000), &budget).unwrap();
    for _ in 0..3 {
        exchange.asks("POST", "/message", &[b'q'; 40_000]);
        exchange.replied(200, &[b'r'; 40_000], false);
    }
    exchange.answered(AnswerTo::Caller, &[b'a'; 70_000]);
    let kept = exchange.messages();
    assert_eq!((kept.call.bytes.len(), kept.call.size, kept.call.is_whole), (LONGEST, 100_000, false));
    assert_eq!(kept.requests.iter().map(|request| request.body.bytes.len()).sum::<usize>(), LONGEST);
    let replies = kept.requests.iter().filter_map(|request| match &request.came {
        Some(Came::Reply { body, .. }) => Some((body.bytes.len(), body.size)),
        _ => None,
    });
    assert_eq!(replies.collect::<Vec<_>>(), [(40_000, 40_000), (LONGEST - 40_000, 40_000), (0, 40_000)]);
    assert_eq!(kept.answers[0].body.size, 70_000);
    assert_eq!(kept.replies(), Err(NotWhole), "a reply that is cut here is not translated again");
    assert!(budget.used() <= MOST);
}

#[test]
fn c5_what_is_past_the_budget_is_not_kept_and_what_goes_frees_it() {
    let budget = Budget::new(2 * OVERHEAD + 1_000);
    let first = begin(&text_of(900), &budget).unwrap();
    let second = begin(&text_of(900), &budget).unwrap();
    assert_eq!((first.messages().call.bytes.len(), second.messages().call.bytes.len()), (900, 0));
    assert_eq!(second.messages().call.size, 900);
    assert!(begin(b"", &budget).is_none());
    drop((first, second));
    assert_eq!(budget.used(), 0);
}

#[test]
fn the_answer_that_was_laid_out_is_kept_once() {
    let budget = Budget::new(usize::MAX);
    let exchange = begin(b"", &budget).unwrap();
    exchange.laid_out(&[b'a'; 1_000], false);
    exchange.answered(AnswerTo::Caller, &[b'a'; 1_000]);
    exchange.answered(AnswerTo::Caller, b"a second one is none");
    assert_eq!(budget.used(), OVERHEAD + 1_000);
    assert_eq!(exchange.messages().answer(AnswerTo::Caller).unwrap().size, 1_000);
}

#[test]
fn c5_a_user_key_stands_in_none_of_the_four_messages() {
    let body = format!(r#"{{"userRequest":{{"user":{{"id":"{KEY}"}}}}}}"#);
    let exchange = begin(body.as_bytes(), &Budget::new(usize::MAX)).unwrap();
    exchange.asks("DELETE", &format!("/chat_room/{KEY}"), body.as_bytes());
    exchange.replied(200, body.as_bytes(), false);
    exchange.laid_out(body.as_bytes(), false);
    exchange.answered(AnswerTo::Caller, body.as_bytes());
    assert!(!format!("{:?}", exchange.messages()).contains(KEY));
    let readable = |kept: &Kept| String::from_utf8(kept.bytes.to_vec()).unwrap();
    let kept = exchange.messages();
    for kept in [&kept.call, &kept.requests[0].body, &kept.answers[0].body] {
        assert_eq!(readable(kept), r#"{"userRequest":{"user":{"id":"************"}}}"#);
        assert!(kept.is_whole);
    }
}
