//! Calls that wait for the answer of the same tap, made at another replica or through it (I3, P5).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::place::CallId;
use crate::mutex::lock;
use crate::store::{Follower, Following};

/// Answers that came before the one who follows was told whom: the messages take another connection.
const EARLY: usize = 64;

/// Those who follow, by the call that they follow.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    by_call: HashMap<CallId, Vec<Follower>>,
    early: VecDeque<(CallId, Option<Bytes>)>,
}

impl Followers {
    /// Follows a call.
    pub(super) fn follow(&self, of: &CallId) -> Following {
        let (follower, following) = Follower::new();
        let mut waiting = lock(&self.0);
        let early = waiting.early.iter().find(|(call, _)| call == of).map(|(_, answer)| answer.clone());
        match early {
            Some(answer) => give(vec![follower], answer.as_ref()),
            None => waiting.by_call.entry(Arc::clone(of)).or_default().push(follower),
        }
        following
    }

    /// The call has ended, with this answer or without one.
    pub(super) fn ended(&self, call: &str, answer: Option<Bytes>) {
        let mut waiting = lock(&self.0);
        if let Some(followers) = waiting.by_call.remove(call) {
            give(followers, answer.as_ref());
        }
        waiting.early.push_back((call.into(), answer));
        if waiting.early.len() > EARLY {
            waiting.early.pop_front();
        }
    }

    /// Forgets those who have gone.
    pub(super) fn tidy(&self) {
        lock(&self.0).by_call.retain(|_, followers| {
            followers.retain(|follower| !follower.is_gone());
            !followers.is_empty()
        });
    }
}

fn give(followers: Vec<Follower>, answer: Option<&Bytes>) {
    for follower in followers {
        if let Some(answer) = answer {
            // Whether they took it changes nothing: the answer was shown to the one they follow.
            let _told: Option<oneshot::Receiver<()>> = follower.offer(answer.clone());
        }
    }
}
