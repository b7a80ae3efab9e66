//! Every skill call is understood or refused; it never panics (ranks 0 and 1).
#![no_main]

use libfuzzer_sys::fuzz_target;
use smartchat_bridge::ids::BotId;
use smartchat_bridge::translate::inbound::{Endpoint, InboundRules, understand};
use smartchat_bridge::wire::skill::SkillCall;

fuzz_target!(|body: &[u8]| {
    let Some(bot) = BotId::parse("fuzz") else { return };
    let hosts = [Box::from(".kakaocdn.net")];
    let ears = InboundRules { bot: &bot, welcome_blocks: &[], media_hosts: &hosts };
    for door in [Endpoint::Skill, Endpoint::Message] {
        if let Ok(call) = SkillCall::parse(body) {
            let _understood = understand(call, door, &ears);
        }
    }
});
