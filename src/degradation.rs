//! Every difference between what a bot said and what a user reads has a stable code (docs/behaviour.md, rule 2).
//!
//! The codes stand in logs, in metrics and in the operators' documents, so they are never renamed; the document's
//! table is made from [`Degradation::ALL`]. A set of them is one machine word: a turn carries it by value.

use std::fmt;

macro_rules! degradations {
    ($($name:ident $code:literal $english:literal $korean:literal;)*) => {
        /// One difference.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Degradation {
            $(#[doc = $english] $name,)*
        }

        impl Degradation {
            /// All of them, in the order of the document.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The difference in words, in English.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }

            /// The difference in words, in Korean.
            #[must_use]
            pub const fn korean(self) -> &'static str {
                match self { $(Self::$name => $korean,)* }
            }
        }
    };
}

degradations! {
    Bom "reply.bom" "A byte order mark stood before the reply." "응답 앞에 BOM이 있어 건너뛰었습니다.";
    Cp949 "reply.cp949" "The reply was CP949, not UTF-8." "응답이 UTF-8이 아니라 CP949였습니다.";
    Utf16 "reply.utf16" "The reply was UTF-16, not UTF-8." "응답이 UTF-8이 아니라 UTF-16이었습니다.";
    BrokenUtf8 "reply.broken_utf8" "Some bytes of the reply were not UTF-8; each is shown as a replacement character." "UTF-8이 아닌 바이트가 있어 대체 문자로 바꿨습니다.";
    Gzip "reply.gzip" "The reply was compressed although nobody asked." "요청하지 않았는데 응답이 gzip으로 압축되어 있었습니다.";
    WhiteSpace "reply.white_space" "White space that JSON does not know stood around the reply." "응답 앞뒤에 JSON에 없는 공백 문자가 있었습니다.";
    Joined "reply.joined" "More stood behind the first JSON document; it was ignored." "첫 JSON 뒤에 다른 내용이 더 있어 무시했습니다.";
    PhpMessage "reply.php_message" "PHP printed a warning around the JSON; it was skipped. Set display_errors = Off in php.ini." "PHP 경고가 JSON 앞이나 뒤에 출력되어 건너뛰었습니다. php.ini에서 display_errors = Off로 바꾸세요.";
    ControlCharacters "reply.control_characters" "A string held raw control characters." "문자열 안에 줄바꿈 같은 제어 문자가 그대로 있었습니다.";
    EscapeRepaired "reply.escape" "An unknown escape was read as the letter behind it." "잘못된 이스케이프 문자를 고쳐 읽었습니다.";
    BracesRepaired "reply.braces" "Missing closing braces were added." "빠진 닫는 괄호를 채워 읽었습니다.";
    CommaRepaired "reply.comma" "A comma too many was skipped." "불필요한 쉼표를 건너뛰었습니다.";
    CutShort "reply.cut_short" "The connection ended before the announced length, but the JSON was whole." "알린 길이보다 먼저 연결이 끊겼지만 JSON은 온전했습니다.";
    Null "reply.null" "A field was null; read as absent." "값이 null인 항목을 없는 것으로 읽었습니다.";
    Shape "reply.shape" "A field had the wrong type or shape; what could be read was kept." "형식이 잘못된 항목이 있어 읽을 수 있는 것만 살렸습니다.";
    NestedKeyboard "reply.keyboard_nested" "The keyboard was wrapped in another object." "키보드가 다른 객체 안에 들어 있었습니다.";
    NumberAsString "reply.number_as_string" "A number was written as a string." "숫자가 문자열로 적혀 있었습니다.";
    StringAsNumber "reply.string_as_number" "A text was written as a number or a truth value." "글자가 있어야 할 곳에 숫자나 참/거짓 값이 있었습니다.";
    BesideMessage "reply.beside_message" "Text, photo or link stood beside `message` instead of in it." "글, 사진, 링크가 message 안이 아니라 옆에 있었습니다.";
    KeyboardType "reply.keyboard_type" "The keyboard's type is unknown or contradicts its buttons." "알 수 없는 키보드 종류이거나 버튼 목록과 맞지 않습니다.";
    DuplicateKey "reply.duplicate_key" "A field stood twice; the last one counts." "같은 항목이 두 번 있어 마지막 것을 썼습니다.";
    LabelDropped "keyboard.label_dropped" "An empty label was left out." "빈 버튼 이름을 뺐습니다.";
    ButtonsDropped "keyboard.buttons_dropped" "More buttons than the bound; the rest was left out." "버튼이 한도보다 많아 나머지를 뺐습니다.";
    TextCut "text.cut" "The reply was longer than the bound; the rest was cut with an ellipsis." "응답이 한도보다 길어 나머지를 줄임표로 잘랐습니다.";
    TextSplit "text.split" "The text was split into several bubbles." "글이 길어 여러 말풍선으로 나눴습니다.";
    Parked "reply.parked" "Part of the reply waits behind a quick reply." "응답의 나머지는 바로연결 버튼을 누르면 보입니다.";
    LabelCut "label.cut" "A label was cut for show; pressing it says it whole." "버튼 이름을 줄여 보여 주지만 누르면 전체가 전달됩니다.";
    LabelToken "label.token" "A label too long to travel is referred to by its number." "너무 긴 버튼 이름은 번호로 주고받습니다.";
    Pages "keyboard.pages" "The keyboard was laid out in pages." "버튼이 많아 여러 페이지로 나눴습니다.";
    CarouselUsed "keyboard.carousel" "The keyboard was laid out on cards." "버튼이 많아 카드로 나눴습니다.";
    Numbered "keyboard.numbered" "The keyboard was written as a numbered list." "버튼을 번호 목록으로 적었습니다.";
    Handover "keyboard.handover" "A label became a button that calls a human." "버튼을 상담원 연결 버튼으로 바꿨습니다.";
    LinkLabelCut "link.label_cut" "The link's label was cut for show." "링크 버튼 이름을 줄였습니다.";
    LinkLabelMissing "link.label_missing" "The link had no label; a usual one was set." "링크 이름이 없어 기본 이름을 붙였습니다.";
    LinkPhone "link.phone" "A tel: link became a phone button." "tel: 링크를 전화 버튼으로 바꿨습니다.";
    LinkWritten "link.written" "The link cannot be a button; it was written out." "버튼이 될 수 없는 링크를 글로 적었습니다.";
    PhotoWhole "photo.whole" "The picture is shown whole, apart from the words." "사진을 자르지 않고 글과 따로 보여 줍니다.";
    PhotoWritten "photo.written" "The picture's address cannot be shown as a picture; it was written out." "보여 줄 수 없는 사진 주소를 글로 적었습니다.";
    UrlEscaped "url.escaped" "A URL was percent-encoded or its host made ASCII." "주소의 한글이나 공백을 변환했습니다.";
    UrlResolved "url.resolved" "A relative or internal URL was resolved by public_url." "상대 주소나 내부 주소를 public_url로 바꿨습니다.";
    UrlInternal "url.internal" "A URL points to the bot's internal host; set public_url." "주소가 봇의 내부 호스트를 가리킵니다. public_url을 설정하세요.";
    UrlScheme "url.scheme" "A URL without a scheme got one." "주소에 없던 http(s)를 붙였습니다.";
    NoMessage "reply.no_message" "The reply had no message; words of the bridge stand in its place." "메시지가 없는 응답이라 브리지의 안내 문구를 보여 주었습니다.";
    NoReply "reply.none" "The bot gave no usable reply." "봇이 쓸 수 있는 응답을 주지 않았습니다.";
    ImagesDropped "media.dropped" "More images than the bound were sent; the rest was not forwarded." "사진이 한도보다 많아 나머지는 전달하지 않았습니다.";
}

/// A set of degradations, by value.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Degradations(u64);

const _: () = assert!(Degradation::ALL.len() <= 64, "a set of degradations is one 64-bit word");

impl Degradations {
    /// Nothing differs.
    pub const NONE: Self = Self(0);

    /// Adds one.
    pub fn add(&mut self, degradation: Degradation) {
        self.0 |= 1 << degradation as u8;
    }

    /// Adds all of another set.
    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether one is in it.
    #[must_use]
    pub const fn has(self, degradation: Degradation) -> bool {
        self.0 & (1 << degradation as u8) != 0
    }

    /// Whether nothing differs.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All in it, in the document's order.
    pub fn iter(self) -> impl Iterator<Item = Degradation> {
        Degradation::ALL.iter().copied().filter(move |d| self.has(*d))
    }
}

impl From<Degradation> for Degradations {
    fn from(degradation: Degradation) -> Self {
        let mut set = Self::NONE;
        set.add(degradation);
        set
    }
}

impl fmt::Debug for Degradations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Degradation::code)).finish()
    }
}

/// The codes, separated by commas.
impl fmt::Display for Degradations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, degradation) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(degradation.code())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_plain() {
        let mut codes: Vec<_> = Degradation::ALL.iter().map(|d| d.code()).collect();
        assert!(codes.iter().all(|c| c.chars().all(|ch| ch.is_ascii_lowercase() || "._0123456789".contains(ch))));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Degradation::ALL.len());
    }

    #[test]
    fn a_set_holds_what_was_added() {
        let mut set = Degradations::from(Degradation::TextSplit);
        set.join(Degradation::Bom.into());
        assert!(set.has(Degradation::Bom) && !set.has(Degradation::Pages));
        assert_eq!(set.to_string(), "reply.bom,text.split");
    }
}
