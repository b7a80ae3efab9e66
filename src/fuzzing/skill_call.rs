//! Every skill call is understood or refused; it never panics (ranks 0 and 1).

use crate::ids::BotId;
use crate::translate::inbound::{Endpoint, InboundRules, understand};
use crate::wire::skill::SkillCall;

pub fn skill_call(body: &[u8]) {
    let bot = BotId::parse("fuzz").unwrap();
    let (hosts, welcome) = ([Box::from(".kakaocdn.net")], ["웰컴 블록".into()]);
    let rules = InboundRules { bot: &bot, welcome_blocks: &welcome, media_hosts: &hosts };
    for endpoint in [Endpoint::Skill, Endpoint::Keyboard, Endpoint::Message, Endpoint::Leave] {
        if let Ok(call) = SkillCall::parse(body) {
            let _understood = understand(call, endpoint, &rules);
        }
    }
}
