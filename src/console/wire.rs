//! The four messages of a turn (C4, C5), as text. Whoever shows them has a right to: simulated turns, or turns under
//! capture.

use encoding_rs::EUC_KR;
use maud::{Markup, html};
use serde_json::Value;

use super::frame::Reader;
use super::turns::one_difference;
use crate::degradation::Degradations;
use crate::exchange::{AnswerTo, Came, Kept, Messages, Request};
use crate::messages::talk as words;

/// All of them, in two columns where there is room, so that one sees what became of what.
pub(super) fn four(reader: Reader<'_>, messages: &Messages) -> Markup {
    html! {
        div class="messages" {
            section {
                h3 { (reader.text(words::message_call())) }
                (body(reader, &messages.call))
            }
            @if messages.requests.is_empty() {
                section {
                    h3 { (reader.text(words::message_request())) }
                    p class="hint" { (reader.text(words::not_asked())) }
                }
            }
            @for request in &messages.requests { (asked(reader, request)) }
            @for answer in &messages.answers {
                section {
                    h3 {
                        @match answer.to {
                            AnswerTo::Caller => (reader.text(words::message_answer())),
                            AnswerTo::Callback => (reader.text(words::message_callback())),
                        }
                    }
                    (body(reader, &answer.body))
                }
            }
        }
        @if let Some(ended) = &messages.end {
            p class="hint" {
                (reader.text(words::times(ended.answered_ms.to_string(), ended.total_ms.to_string())))
            }
        }
        p class="hint" { (reader.text(words::stars())) }
    }
}

/// How an answer differs from the bot's reply, each with its meaning and what to change in the bot.
pub(super) fn differences(reader: Reader<'_>, degradations: Degradations) -> Markup {
    html! {
        @if !degradations.is_empty() {
            h3 { (reader.text(words::differences())) }
            ul { @for difference in degradations.iter() { (one_difference(reader, difference)) } }
        }
    }
}

fn asked(reader: Reader<'_>, request: &Request) -> Markup {
    html! {
        section {
            h3 { (reader.text(words::message_request())) }
            p { code { (request.method) " " (request.path) } }
            @if request.body.size > 0 { (body(reader, &request.body)) }
        }
        section {
            h3 { (reader.text(words::message_reply())) }
            @match &request.came {
                None => p class="hint" { (reader.text(words::nothing_came())) },
                Some(Came::Failed(problem)) => p { (reader.text(words::no_reply(problem.as_str()))) },
                Some(Came::Reply { status, body: came, cut_short }) => {
                    p {
                        code { (reader.text(words::status(status.to_string()))) }
                        @if *cut_short { " " (reader.text(words::cut_short())) }
                    }
                    @if came.size > 0 { (body(reader, came)) }
                },
            }
        }
    }
}

fn body(reader: Reader<'_>, kept: &Kept) -> Markup {
    let size = if kept.is_whole {
        words::size(kept.size.to_string())
    } else {
        words::size_kept(kept.bytes.len().to_string(), kept.size.to_string())
    };
    html! {
        pre tabindex="0" { code { (readable(&kept.bytes)) } }
        p class="hint" { (reader.text(size)) }
    }
}

/// JSON with a line for each member; else the words, also in the encoding of old Korean servers (legacy.md 3).
fn readable(bytes: &[u8]) -> String {
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        return format!("{value:#}");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => match EUC_KR.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => text.into_owned(),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_readable_whatever_they_are() {
        assert_eq!(readable(br#"{"a":"\uac00"}"#), "{\n  \"a\": \"가\"\n}");
        assert_eq!(readable("가 <b>".as_bytes()), "가 <b>");
        assert_eq!(readable(&[0xb0, 0xa1]), "가");
        assert_eq!(readable(&[0xff, b'a']), "\u{fffd}a");
    }
}
