//! The words users read, as a table: name, place in [`Texts`], longest length, meaning.

use crate::translate::view::Texts;
use crate::wire::limits::{ALT_TEXT, LABEL, TEXT_CARD};

/// One of the words.
pub(super) struct TextKey {
    /// Its key.
    pub(super) name: &'static str,
    /// Where it lies.
    pub(super) field: fn(&mut Texts) -> &mut Box<str>,
    /// UTF-16 units. A bubble's words must fit a card as well as a `simpleText`.
    pub(super) longest: usize,
    /// English.
    pub(super) english: &'static str,
    /// Korean.
    pub(super) korean: &'static str,
}

/// The quick replies of the bridge itself: a user who presses one must be understood, so no two may be the same.
pub(super) const QUICK_REPLIES: [&str; 4] = ["late_label", "more_label", "next_label", "previous_label"];

macro_rules! text {
    ($name:ident, $longest:expr, $english:literal, $korean:literal) => {
        TextKey {
            name: stringify!($name),
            field: |texts| &mut texts.$name,
            longest: $longest,
            english: $english,
            korean: $korean,
        }
    };
}

/// Every member of [`Texts`].
#[rustfmt::skip]
pub(super) const TEXTS: &[TextKey] = &[
    text!(empty, TEXT_CARD, "Empty words were sent.", "빈 메시지를 보냈을 때."),
    text!(choose, TEXT_CARD, "Above a keyboard that has to be chosen from.", "버튼에서 골라야 할 때."),
    text!(expired, TEXT_CARD, "The ten minutes are over and the home keyboard is back.", "10분이 지나 홈 키보드로 돌아왔을 때."),
    text!(home, TEXT_CARD, "Above the home keyboard.", "홈 키보드 위."),
    text!(home_text, TEXT_CARD, "The home call of a bot whose home keyboard is free typing.", "홈 키보드가 자유 입력인 봇에서 채팅방을 열었을 때."),
    text!(no_reply, TEXT_CARD, "The bot gave no usable reply.", "봇이 쓸 만한 답을 주지 않았을 때."),
    text!(outage, TEXT_CARD, "The bot failed too often and is left alone.", "봇이 거듭 실패해 쉬게 할 때."),
    text!(wait, TEXT_CARD, "The bot is still working.", "봇이 아직 답을 만드는 중일 때."),
    text!(busy, TEXT_CARD, "Too much at once.", "한도를 넘었을 때."),
    text!(resend, TEXT_CARD, "The words waited too long and were not sent.", "메시지가 너무 오래 기다려 전달하지 못했을 때."),
    text!(interrupted, TEXT_CARD, "A bridge died while the message was with the bot (only with a `[store]`).", "메시지가 봇에 가 있는 동안 브리지가 다시 시작했을 때(`[store]`가 있을 때만)."),
    text!(media_refused, TEXT_CARD, "A photo while buttons have to be pressed.", "버튼을 눌러야 할 때 사진을 보냈을 때."),
    text!(nothing_parked, TEXT_CARD, "The kept reply is not there any more.", "보관한 답이 더는 없을 때."),
    text!(handover, TEXT_CARD, "Above the button that calls a human.", "상담원 버튼 위."),
    text!(left, TEXT_CARD, "The answer to the block that ends the conversation.", "대화를 끝내는 블록의 답."),
    text!(captured, TEXT_CARD, "The owner sent the code that lets operators see this conversation for ten minutes.", "운영자가 자기 대화를 화면에서 보려고 확인 코드를 보냈을 때."),
    text!(say, TEXT_CARD, "In group rooms, before the words that can be sent.", "단체방에서 보낼 수 있는 말 앞에."),
    text!(late_label, LABEL, "Quick reply: the answer that came late.", "바로연결: 늦게 온 답."),
    text!(more_label, LABEL, "Quick reply: the rest of a long reply.", "바로연결: 긴 답의 나머지."),
    text!(next_label, LABEL, "Quick reply: the next page of buttons.", "바로연결: 다음 버튼."),
    text!(previous_label, LABEL, "Quick reply: the previous page of buttons.", "바로연결: 이전 버튼."),
    text!(link_label, LABEL, "A link without a label.", "이름 없는 링크."),
    text!(photo_alt, ALT_TEXT, "What a picture is called where it cannot be seen.", "사진의 대체 텍스트."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_texts_has_its_key_and_fits_it() {
        let mut texts = Texts::default();
        let shown = format!("{texts:?}");
        assert_eq!(shown.matches(": \"").count(), TEXTS.len(), "a member of Texts has no key");
        for text in TEXTS {
            assert!(shown.contains(&format!("{}: \"", text.name)));
            let default = (text.field)(&mut texts);
            assert!(crate::wire::text::units(default) <= text.longest, "{}", text.name);
        }
    }
}
