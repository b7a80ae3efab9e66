//! The requests of the old Kakao server to a bot: exactly these bodies and no field more (legacy.md 2: an extra field,
//! a missing Content-Type or empty content each broke real bots).
//!
//! Answers of bots are read in [`crate::reading`]; only their meaning is named here.

use bytes::Bytes;

use super::json;
use crate::ids::UserKey;

/// The kind of a user's message (legacy.md 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// Words typed or a button's label.
    Text,
    /// The URL of a picture.
    Photo,
    /// The URL of a film.
    Video,
    /// The URL of a recording.
    Audio,
}

/// The body of `POST /message`.
#[derive(Debug, Clone, Copy)]
pub struct MessageCall<'a> {
    /// The user who speaks.
    pub user_key: &'a UserKey,
    /// The kind of the message.
    pub kind: MessageType,
    /// The words, or the medium's URL; never empty (legacy.md 2).
    pub content: &'a str,
}

impl MessageType {
    /// The kind as the body names it.
    fn as_json(self) -> &'static str {
        match self {
            Self::Text => r#""text""#,
            Self::Photo => r#""photo""#,
            Self::Video => r#""video""#,
            Self::Audio => r#""audio""#,
        }
    }
}

impl MessageCall<'_> {
    /// The body as bytes.
    #[must_use]
    pub fn to_body(&self) -> Bytes {
        json::document(|json| {
            json.raw(r#"{"user_key":"#);
            json.string(self.user_key.as_str());
            json.raw(r#","type":"#);
            json.raw(self.kind.as_json());
            json.raw(r#","content":"#);
            json.string(self.content);
            json.raw("}");
        })
    }
}

/// A call of the life cycle (legacy.md 1): its answer never matters (legacy.md 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// `POST /friend`: the channel was added.
    FriendAdded,
    /// `DELETE /friend/{user_key}`: the channel was blocked.
    FriendBlocked,
    /// `DELETE /chat_room/{user_key}`: the user left the room.
    RoomLeft,
}

impl Notice {
    /// The body of `POST /friend`; the two others have none.
    #[must_use]
    pub fn to_body(self, user_key: &UserKey) -> Option<Bytes> {
        match self {
            Self::FriendAdded => Some(json::document(|json| {
                json.raw(r#"{"user_key":"#);
                json.string(user_key.as_str());
                json.raw("}");
            })),
            Self::FriendBlocked | Self::RoomLeft => None,
        }
    }
}

/// A keyboard as the legacy API knows it: free typing, or buttons that lock the text box (legacy.md 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys<'a> {
    /// The user types what they like.
    Text,
    /// The user can only press one of these labels, in this order; never empty.
    Buttons(Vec<std::borrow::Cow<'a, str>>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_exactly_the_three_fields_of_the_old_platform() {
        let user_key = UserKey::parse("Qw7-eRt_9YzA").unwrap();
        let call = MessageCall { user_key: &user_key, kind: MessageType::Text, content: "오늘 \"급식\"" };
        assert_eq!(
            String::from_utf8(call.to_body().to_vec()).unwrap(),
            r#"{"user_key":"Qw7-eRt_9YzA","type":"text","content":"오늘 \"급식\""}"#
        );
    }

    #[test]
    fn only_adding_a_friend_has_a_body() {
        let user_key = UserKey::parse("Qw7-eRt_9YzA").unwrap();
        assert_eq!(Notice::FriendAdded.to_body(&user_key).unwrap(), r#"{"user_key":"Qw7-eRt_9YzA"}"#);
        assert!(Notice::FriendBlocked.to_body(&user_key).is_none());
        assert!(Notice::RoomLeft.to_body(&user_key).is_none());
    }
}
