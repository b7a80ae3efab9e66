//! Replies that wait to be seen: late ones, and the rest of a long one (S3, O5).

use bytes::Bytes;

use super::{Session, TEN_MINUTES};
use crate::time::Moment;

/// Late replies kept for one user (S3). The oldest goes first. With four, users were seen to lose answers when they kept
/// writing to a slow bot for ten minutes instead of reading what had come.
const LATE_REPLIES: usize = 10;
/// Rests of long replies kept for one user (O5). The oldest goes first.
const RESTS: usize = 10;

/// Replies that wait to be seen: boxed, for few users have any.
#[derive(Debug, Clone, Default)]
pub(super) struct Parked {
    pub(super) late: Vec<LateReply>,
    /// The newest is the last, and the one that `이어서 보기` goes on with; those before it follow when it is read.
    pub(super) rests: Vec<Rest>,
}

/// One message's worth of a reply: the bot's bytes, read again when shown, or words of ours in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReplyBody {
    /// The bot's answer, bounded.
    Reply(Bytes),
    /// The words that the user reads where the bot gave nothing usable.
    Words(Box<str>),
    /// The words that the user reads where their message was not sent: they have to send it again.
    Unsent(Box<str>),
    /// The words that the user reads where the process died while their message was out (P3).
    Interrupted(Box<str>),
}

impl ReplyBody {
    /// Bytes it holds, for the bound on parked replies (S3).
    #[must_use]
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Reply(bytes) => bytes.len(),
            Self::Words(words) | Self::Unsent(words) | Self::Interrupted(words) => words.len(),
        }
    }

    /// Copies it out of the buffer it was read into, which may be many times its size: a reply that is kept for minutes
    /// must not hold more bytes than are counted for it (S3).
    fn detach(&mut self) {
        if let Self::Reply(bytes) = self {
            *bytes = Bytes::copy_from_slice(bytes);
        }
    }
}

/// A reply that came after its call was answered (S3).
#[derive(Debug, Clone)]
pub(crate) struct LateReply {
    /// Its content.
    pub(crate) bodies: Vec<ReplyBody>,
    /// When its question was asked: a reply shown after this is newer.
    pub(crate) asked: Moment,
    /// When it came.
    pub(crate) came: Moment,
}

/// The parts of a long reply that were not shown yet (O5).
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    /// The whole reply.
    pub(crate) bodies: Vec<ReplyBody>,
    /// The next part to show.
    pub(crate) next: u32,
    /// When its first part was shown.
    pub(crate) at: Moment,
}

impl Session {
    /// Keeps a reply that came late (S3), in the order of the questions.
    pub(crate) fn park(&mut self, mut late: LateReply) {
        late.bodies.iter_mut().for_each(ReplyBody::detach);
        let parked = self.parked.get_or_insert_default();
        let place = parked.late.partition_point(|other| other.asked <= late.asked);
        parked.late.insert(place, late);
        if parked.late.len() > LATE_REPLIES {
            // Words of ours go before anything the bot has said.
            let ours = |late: &LateReply| !late.bodies.iter().any(|body| matches!(body, ReplyBody::Reply(_)));
            let gone = parked.late.iter().position(ours).unwrap_or_default();
            parked.late.remove(gone);
        }
    }

    /// The late replies that wait (S3), oldest question first.
    pub(crate) fn late(&self, now: Moment) -> impl Iterator<Item = &LateReply> {
        let late = self.parked.iter().flat_map(|parked| &parked.late);
        late.filter(move |late| now.since(late.came) < TEN_MINUTES)
    }

    /// Whether a late reply waits (S3).
    #[must_use]
    pub(crate) fn has_late(&self, now: Moment) -> bool {
        self.late(now).next().is_some()
    }

    /// Takes the late replies, oldest first, those over ten minutes left out.
    pub(crate) fn take_late(&mut self, now: Moment) -> Vec<LateReply> {
        let Some(parked) = &mut self.parked else { return Vec::new() };
        let mut late = std::mem::take(&mut parked.late);
        late.retain(|late| now.since(late.came) < TEN_MINUTES);
        self.tidy(now);
        late
    }

    /// The rest of a long reply that is gone on with next, if one waits (O5): of the newest reply that has one.
    #[must_use]
    pub(crate) fn rest(&self, now: Moment) -> Option<&Rest> {
        self.rests(now).next_back()
    }

    /// The rest that is gone on with once the newest is read.
    #[must_use]
    pub(crate) fn older_rest(&self, now: Moment) -> Option<&Rest> {
        self.rests(now).rev().nth(1)
    }

    fn rests(&self, now: Moment) -> impl DoubleEndedIterator<Item = &Rest> {
        let rests = self.parked.iter().flat_map(|parked| &parked.rests);
        rests.filter(move |rest| now.since(rest.at) < TEN_MINUTES)
    }

    /// Keeps the rest of a long reply. One that still waits is not lost by it: it follows when this one is read.
    pub(crate) fn keep_rest(&mut self, mut rest: Rest) {
        rest.bodies.iter_mut().for_each(ReplyBody::detach);
        let rests = &mut self.parked.get_or_insert_default().rests;
        rests.push(rest);
        if rests.len() > RESTS {
            rests.remove(0);
        }
    }

    /// A part of the newest rest was shown: the next one is `next`.
    pub(crate) fn advance_rest(&mut self, next: u32, now: Moment) {
        self.tidy(now);
        if let Some(rest) = self.parked.as_mut().and_then(|parked| parked.rests.last_mut()) {
            (rest.next, rest.at) = (next, now);
        }
    }

    /// Forgets the newest rest: it was shown to its end. The one before it goes on waiting, ten minutes from now.
    pub(crate) fn drop_rest(&mut self, now: Moment) {
        self.tidy(now);
        if let Some(parked) = &mut self.parked {
            parked.rests.pop();
            if let Some(older) = parked.rests.last_mut() {
                older.at = now;
            }
        }
        self.tidy(now);
    }

    /// Drops replies that waited over ten minutes; frees the box when nothing is left.
    pub(crate) fn tidy(&mut self, now: Moment) {
        if let Some(parked) = &mut self.parked {
            parked.late.retain(|late| now.since(late.came) < TEN_MINUTES);
            parked.rests.retain(|rest| now.since(rest.at) < TEN_MINUTES);
            if parked.late.is_empty() && parked.rests.is_empty() {
                self.parked = None;
            }
        }
    }

    /// Whether anything waits to be seen: such a session is never evicted (S5).
    #[must_use]
    pub(crate) fn has_parked(&self) -> bool {
        self.parked.is_some()
    }

    /// Bytes that wait to be seen (S3).
    #[must_use]
    pub(crate) fn parked_bytes(&self) -> usize {
        let Some(parked) = &self.parked else { return 0 };
        let late = parked.late.iter().flat_map(|late| &late.bodies);
        late.chain(parked.rests.iter().flat_map(|rest| &rest.bodies)).map(ReplyBody::size).sum()
    }

    /// When the last of them has waited for ten minutes.
    #[must_use]
    pub(crate) fn parked_until(&self) -> Moment {
        let Some(parked) = &self.parked else { return Moment::default() };
        let late = parked.late.iter().map(|late| late.came);
        let newest = late.chain(parked.rests.iter().map(|rest| rest.at)).max();
        newest.unwrap_or_default().plus(TEN_MINUTES)
    }

    /// Replies that wait to be seen.
    #[must_use]
    pub(crate) fn parked_count(&self) -> usize {
        self.parked.as_ref().map_or(0, |parked| parked.late.len() + parked.rests.len())
    }
}
