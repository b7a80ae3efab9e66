//! Playing a conversation to its end.

use std::time::Duration;

use super::judge::{Came, judge};
use super::player::Player;
use super::{Act, Conversation};
use crate::messages::Message;

/// A conversation that was played.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) name: String,
    pub(crate) steps: Vec<PlayedStep>,
}

/// A step that was played.
#[derive(Debug, Clone)]
pub(crate) struct PlayedStep {
    pub(crate) act: Act,
    /// `None` where it could not be done, or nothing came.
    pub(crate) came: Option<Came>,
    pub(crate) differences: Vec<Message>,
}

impl Played {
    /// Whether everything came as expected.
    pub(crate) fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.differences.is_empty())
    }

    /// How long the answers took together.
    pub(crate) fn took(&self) -> Duration {
        self.steps.iter().filter_map(|step| step.came.as_ref()).map(|came| came.took).sum()
    }
}

/// Does each step. One that cannot be done ends it: those behind it would be about something else.
pub(crate) async fn play(conversation: &Conversation, player: &mut Player<'_>) -> Played {
    let mut steps = Vec::new();
    for step in &conversation.steps {
        let (came, differences) = match player.act(&step.act).await {
            Ok(came) => {
                let differences = judge(&step.expected, &came);
                (Some(came), differences)
            }
            Err(problem) => (None, vec![problem]),
        };
        let ends = came.is_none();
        steps.push(PlayedStep { act: step.act.clone(), came, differences });
        if ends {
            break;
        }
    }
    Played { name: conversation.name.clone(), steps }
}
