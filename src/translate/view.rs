//! The operator's choices about how answers look, and the words users read.

use crate::ids::BotId;
use url::Url;

/// The words users read: Korean by default, polite, short, configurable (`[bots.<id>.texts]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Empty words were sent (I2).
    pub empty: Box<str>,
    /// Above a keyboard that has to be chosen from (I5, O4); the old app's own fixed words (legacy.md 1).
    pub choose: Box<str>,
    /// The ten minutes are over and the home keyboard is back (I5, K2).
    pub expired: Box<str>,
    /// Above the home keyboard (I2, I5).
    pub home: Box<str>,
    /// The home call of a bot whose home keyboard is free typing.
    pub home_text: Box<str>,
    /// The bot gave no usable reply (O4).
    pub no_reply: Box<str>,
    /// The breaker is open (S4).
    pub outage: Box<str>,
    /// The bot is still working (S3).
    pub wait: Box<str>,
    /// Past a bound (S5).
    pub busy: Box<str>,
    /// The deadline passed while the words were queued; they were not sent (S1).
    pub resend: Box<str>,
    /// The process died while the message was out, and nobody knows its answer (P3, P4).
    pub interrupted: Box<str>,
    /// A photo under a buttons keyboard (legacy.md 1).
    pub media_refused: Box<str>,
    /// `답변 보기` or `이어서 보기` was pressed, and nothing is there any more.
    pub nothing_parked: Box<str>,
    /// Above the button that calls a human (K5).
    pub handover: Box<str>,
    /// The answer to the block that ends the conversation (E1).
    pub left: Box<str>,
    /// The answer to the owner who sent the code of a capture (C5).
    pub captured: Box<str>,
    /// Quick reply: the answer that came late (S3).
    pub late_label: Box<str>,
    /// Quick reply: the rest of a long reply (O5).
    pub more_label: Box<str>,
    /// Quick reply: the keyboard's next page (K4).
    pub next_label: Box<str>,
    /// Quick reply: the keyboard's previous page (K4).
    pub previous_label: Box<str>,
    /// Before the words that show the rest or a late answer where nothing can be tapped (I10).
    pub say: Box<str>,
    /// A link without a label (O2).
    pub link_label: Box<str>,
    /// Alternative text of pictures (O3).
    pub photo_alt: Box<str>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            empty: "내용을 입력해 주세요.".into(),
            choose: "원하는 버튼을 선택하세요".into(),
            expired: "시간이 지나 처음으로 돌아왔습니다. 원하는 버튼을 선택하세요".into(),
            home: "원하는 버튼을 선택하세요".into(),
            home_text: "메시지를 입력해 주세요.".into(),
            no_reply: "답변을 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.".into(),
            outage: "지금은 답변을 드릴 수 없습니다. 잠시 후 다시 시도해 주세요.".into(),
            wait: "답변을 준비하고 있습니다. 잠시 후 다시 확인해 주세요.".into(),
            busy: "지금은 이용자가 많습니다. 잠시 후 다시 시도해 주세요.".into(),
            resend: "앞선 답변이 늦어져 이번 메시지를 전달하지 못했습니다. 다시 보내 주세요.".into(),
            interrupted: "앞선 메시지의 답변을 받지 못했습니다. 필요하면 다시 보내 주세요.".into(),
            media_refused: "지금은 사진이나 동영상을 받을 수 없습니다. 원하는 버튼을 선택하세요".into(),
            nothing_parked: "보여 드릴 답변이 없습니다. 다시 말씀해 주세요.".into(),
            handover: "상담원과 대화하시려면 아래 버튼을 눌러 주세요.".into(),
            left: "대화를 마쳤습니다. 이용해 주셔서 감사합니다.".into(),
            captured: "확인되었습니다. 지금부터 10분 동안 이 대화의 내용이 운영자 화면에 보입니다.".into(),
            late_label: "답변 보기".into(),
            more_label: "이어서 보기".into(),
            next_label: "다음 ▶".into(),
            previous_label: "◀ 이전".into(),
            say: "다음 말을 보내 주세요:".into(),
            link_label: "자세히 보기".into(),
            photo_alt: "사진".into(),
        }
    }
}

/// The form of more than ten buttons (K4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Pages of quick replies.
    #[default]
    Pages,
    /// Text cards with three buttons each.
    Carousel,
}

/// Everything about showing that the operator configured for one bot.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Which bot.
    pub bot: BotId,
    /// K4.
    pub overflow: Overflow,
    /// Labels that call a human (K5), as the bot writes them.
    pub handover: Box<[Box<str>]>,
    /// The words users read.
    pub texts: Texts,
    /// The bot's own address, by which internal URLs are recognised (O3).
    pub backend: Option<Url>,
    /// The base by which relative and internal URLs are resolved (O3).
    pub public_url: Option<Url>,
}

/// Whether words are one of the labels that call a human (K5), white space around them left out.
#[must_use]
pub(crate) fn calls_human(labels: &[Box<str>], words: &str) -> bool {
    !labels.is_empty() && labels.iter().any(|label| **label == *words.trim())
}

/// How one call's answer is shown: the bot's policy and what the call itself decides.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The bot's part.
    pub policy: &'a Policy,
    /// K3 `message_block` for this call's `bot.id`: the action of quick replies is then `block`.
    pub message_block: Option<&'a str>,
    /// A group room (I10): no quick replies, labels numbered below the text.
    pub room: bool,
}

/// How words that match no button are treated (I5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FreeText {
    /// The keyboard is shown again.
    #[default]
    Reprompt,
    /// The bot gets them.
    Forward,
}
