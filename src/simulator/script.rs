//! What the simulated user does, as the skill call that OpenBuilder would make of it.

use serde_json::{Value, json};

use crate::config::settings::BotSettings;
use crate::conversation::call::{self, Spoken, Who};
use crate::ids::UserKey;
use crate::term::draw::Press;
use crate::translate::inbound::Endpoint;

/// The OpenBuilder bot that calls come from, where the configuration names none.
const OPENBUILDER_BOT: &str = "64a1f0c27b3d9e5a10c4e8b2";
/// What a call offers for a late answer (S2). Nothing is ever sent there.
const CALLBACK: &str = "https://bot-api.kakao.com/v1/bots/simulator/callback/simulated";
/// The one group room of a simulated user (I10).
const ROOM: &str = "simulated-room";

/// One thing that the simulated user does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// Enters the chat room: the welcome block runs.
    Enter,
    /// Types words.
    Words(String),
    /// Sends the photo at this URL.
    Photo(String),
    /// Presses a button.
    Press(Press),
    /// Ends the conversation: the "end" block runs (E1).
    Leave,
}

/// What is set beside the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Switches {
    /// As the bot test panel of OpenBuilder calls (I9).
    pub(crate) is_tester: bool,
    /// Offer a callback (S2).
    pub(crate) offers_callback: bool,
    /// In a group room (I10).
    pub(crate) in_room: bool,
    /// The call comes from this block, by name or id, instead of the usual one.
    pub(crate) block: Option<Box<str>>,
    /// Another block of the scenario spoke in between: this one, by id (I5).
    pub(crate) last_block: Option<Box<str>>,
}

impl Switches {
    /// Whether a written conversation can say the same: it knows no switches, and a block only where it is entered.
    pub(super) fn are_plain(&self) -> bool {
        *self == Self { offers_callback: self.offers_callback, ..Self::default() }
    }
}

/// The OpenBuilder bot that calls to this bot come from.
pub(super) fn openbuilder_bot(settings: &BotSettings) -> &str {
    let named = settings.message_block.keys().next().or_else(|| settings.openbuilder_ids.first());
    named.map_or(OPENBUILDER_BOT, |id| id)
}

/// Where the call comes in.
pub(super) const fn endpoint(said: &Said) -> Endpoint {
    match said {
        Said::Leave => Endpoint::Leave,
        Said::Enter | Said::Words(_) | Said::Photo(_) | Said::Press(_) => Endpoint::Skill,
    }
}

/// The body of the call.
pub(super) fn body(user: &UserKey, said: &Said, switches: &Switches, settings: &BotSettings) -> String {
    let spoken = match said {
        Said::Enter => Spoken::Home,
        Said::Words(words) => Spoken::Words(words),
        Said::Photo(url) => Spoken::Photo(url),
        Said::Press(press) => Spoken::Press(press),
        Said::Leave => Spoken::Words(""),
    };
    let who = Who { user: user.as_str(), bot: openbuilder_bot(settings), tester: switches.is_tester };
    let mut call = call::body(&who, &spoken, switches.offers_callback.then_some(CALLBACK));
    let welcome = settings.welcome_blocks.first().filter(|_| *said == Said::Enter);
    if let Some(block) = switches.block.as_ref().or(welcome) {
        let named = json!({ "id": block, "name": block });
        for place in ["/intent", "/userRequest/block"] {
            put(&mut call, place, &named);
        }
    }
    if switches.in_room {
        let room = json!({ "id": ROOM, "type": "botGroupKey", "properties": { "botGroupKey": ROOM } });
        insert(&mut call, "/userRequest", "chat", room);
        if let Some(properties) = call.pointer_mut("/userRequest/user/properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| matches!(name.as_str(), "botUserKey" | "bot_user_key"));
        }
    }
    if let Some(block) = &switches.last_block {
        insert(&mut call, "", "flow", json!({ "lastBlock": { "id": block, "name": block } }));
    }
    call.to_string()
}

fn put(call: &mut Value, place: &str, value: &Value) {
    if let Some(place) = call.pointer_mut(place) {
        *place = value.clone();
    }
}

fn insert(call: &mut Value, place: &str, name: &str, value: Value) {
    if let Some(object) = call.pointer_mut(place).and_then(Value::as_object_mut) {
        object.insert(name.to_owned(), value);
    }
}
