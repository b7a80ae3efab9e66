//! A session as it lies on a disk (P2, P7).
//!
//! Two values, for most users have only the first: what was shown, some twenty bytes that change with every turn, and the
//! replies that wait, which may be many kilobytes and seldom change. The keyboard stands beside them, once for all.

use bytes::Bytes;

use super::parked::Parked;
use super::{LastShown, LateReply, ReplyBody, Rest, Session};
use crate::stored::{Decoder, Encoder};
use crate::time::Moment;
use crate::translate::keyboard::Keyboard;
use crate::wire::mark::KeyboardId;
use std::sync::Arc;

/// The version of both values.
const VERSION: u8 = 1;

/// What was shown, as it was kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredShown {
    session: Session,
    /// The keyboard to look up.
    pub(crate) keyboard: Option<KeyboardId>,
    /// When the message left that was out when this was written (P3).
    pub(crate) asking: Option<Moment>,
}

/// A reply that waits, as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredItem {
    pub(crate) name: Box<[u8]>,
    pub(crate) value: Vec<u8>,
}

impl Session {
    /// Nothing is known yet, for the store was not asked.
    pub(crate) fn unread() -> Self {
        Self { unread: true, ..Self::default() }
    }

    /// Whether the store has to be asked.
    pub(crate) fn is_unread(&self) -> bool {
        self.unread
    }

    /// The store has answered: what it kept, and what was shown and parked while it could not be asked (P6).
    pub(crate) fn take_up(&mut self, found: Self) {
        let own = std::mem::replace(self, found);
        let parked = own.parked.clone();
        if !own.is_new() && own.at > self.at {
            *self = Self { unread: false, parked: self.parked.take(), ..own };
        }
        let Some(own) = parked else { return };
        let Parked { late, rests } = *own;
        for late in late {
            // What was parked meanwhile was written, too, and may have been found.
            if !self
                .parked
                .iter()
                .flat_map(|found| &found.late)
                .any(|found| found.came == late.came && found.asked == late.asked)
            {
                self.park(late);
            }
        }
        for rest in rests {
            if !self.parked.iter().flat_map(|found| &found.rests).any(|found| found.at == rest.at) {
                self.keep_rest(rest);
            }
        }
    }

    /// The late reply that was asked for at `asked` was shown after all, by a callback: the session is `shown` then,
    /// where nothing newer was shown meanwhile (P4).
    pub(crate) fn was_called_back(&mut self, asked: Moment, shown: Self, now: Moment) {
        if !self.shown_since(asked) {
            *self = shown;
        } else if let Some(parked) = &mut self.parked {
            parked.late.retain(|late| late.asked != asked);
        }
        self.tidy(now);
    }

    /// The part that [`StoredShown`] keeps, to be written elsewhere; with the replies that wait where `whole`.
    #[must_use]
    pub(crate) fn to_store(&self, whole: bool) -> Self {
        let parked = if whole { self.parked.clone() } else { None };
        Self { parked, keyboard: self.keyboard.clone(), ..*self }
    }

    /// What was shown, as a value; `None` where there is nothing to keep.
    #[must_use]
    pub(crate) fn encode_shown(&self, asking: Option<Moment>) -> Option<Vec<u8>> {
        if self.is_new() && asking.is_none() {
            return None;
        }
        let shown = match self.shown {
            LastShown::Nothing => 0,
            LastShown::Text => 1,
            LastShown::Buttons => 2,
        };
        let mut value = Encoder::new(VERSION);
        value.number(shown | u64::from(self.numbered) << 2 | u64::from(self.greeted) << 3);
        value.number(self.at.as_millis());
        value.number(self.page.into());
        value.number(self.back.into());
        value.number(self.forth.into());
        value.optional(self.keyboard.as_ref().map(|keyboard| keyboard.id().0));
        value.optional(asking.map(Moment::as_millis));
        Some(value.finish())
    }

    /// The replies that wait, as a value; `None` without any.
    #[must_use]
    pub(crate) fn encode_parked(&self) -> Option<Vec<u8>> {
        let parked = self.parked.as_ref()?;
        let mut value = Encoder::new(VERSION);
        value.count(parked.late.len());
        for late in &parked.late {
            value.number(late.asked.as_millis());
            value.number(late.came.as_millis());
            encode_bodies(&late.bodies, &mut value);
        }
        value.count(parked.rests.len());
        for rest in &parked.rests {
            value.number(rest.next.into());
            value.number(rest.at.as_millis());
            encode_bodies(&rest.bodies, &mut value);
        }
        Some(value.finish())
    }

    /// The replies that wait, one by one, each with a name of its own: where several processes share a store, each adds and
    /// takes away what it knows of (P2). The same reply has the same name whoever writes it.
    #[must_use]
    pub(crate) fn encode_items(&self) -> Vec<StoredItem> {
        let Some(parked) = &self.parked else { return Vec::new() };
        let late = parked.late.iter().map(|late| {
            let (asked, came) = (late.asked.as_millis(), late.came.as_millis());
            let mut value = Encoder::new(VERSION);
            value.number(asked);
            value.number(came);
            encode_bodies(&late.bodies, &mut value);
            StoredItem { name: format!("l{asked}.{came}").into_bytes().into(), value: value.finish() }
        });
        let rests = parked.rests.iter().map(|rest| {
            let at = rest.at.as_millis();
            let mut value = Encoder::new(VERSION);
            value.number(rest.next.into());
            value.number(at);
            encode_bodies(&rest.bodies, &mut value);
            StoredItem { name: format!("r{at}").into_bytes().into(), value: value.finish() }
        });
        late.chain(rests).collect()
    }

    /// Takes up replies that waited, in any order.
    pub(crate) fn decode_items<'a>(&mut self, items: impl Iterator<Item = &'a StoredItem>, now: Moment) {
        let mut parked = Parked::default();
        for item in items {
            match item.name.first() {
                Some(b'l') => parked.late.extend(decode_late(&item.value, now)),
                Some(b'r') => parked.rests.extend(decode_rest(&item.value, now)),
                _ => {}
            }
        }
        parked.late.sort_by_key(|late| late.asked);
        parked.rests.sort_by_key(|rest| rest.at);
        self.parked = Some(Box::new(parked));
        self.tidy(now);
    }

    /// These were shown while the store could not be told (P6).
    pub(crate) fn drop_items(&mut self, gone: &[Box<[u8]>], now: Moment) {
        let is_left = |name: String| !gone.iter().any(|gone| **gone == *name.as_bytes());
        if let Some(parked) = &mut self.parked {
            parked.late.retain(|late| is_left(format!("l{}.{}", late.asked.as_millis(), late.came.as_millis())));
            parked.rests.retain(|rest| is_left(format!("r{}", rest.at.as_millis())));
        }
        self.tidy(now);
    }

    /// Takes up the replies that waited. The clock may have been set back: what lies ahead counts as now.
    pub(crate) fn decode_parked(&mut self, value: &[u8], now: Moment) {
        self.parked = decode_parked(value, now).map(Box::new);
        self.tidy(now);
    }
}

impl StoredShown {
    /// Reads it; `None` where this is no such value.
    #[must_use]
    pub(crate) fn decode(value: &[u8], now: Moment) -> Option<Self> {
        let mut value = Decoder::open(value, VERSION)?;
        let flags = value.number()?;
        let shown = match flags & 3 {
            0 => LastShown::Nothing,
            1 => LastShown::Text,
            _ => LastShown::Buttons,
        };
        let session = Session {
            shown,
            numbered: flags & 4 != 0,
            greeted: flags & 8 != 0,
            at: moment(&mut value, now)?,
            page: value.small()?,
            back: value.small()?,
            forth: value.small()?,
            ..Session::default()
        };
        let keyboard = value.optional()?.map(KeyboardId);
        let asking = value.optional()?.map(|at| Moment::from_millis(at).min(now));
        Some(Self { session, keyboard, asking })
    }

    /// The session, with the keyboard that was looked up. One that is not to be found counts as over (K2).
    #[must_use]
    pub(crate) fn with_keyboard(mut self, keyboard: Option<Arc<Keyboard>>) -> Session {
        if keyboard.is_none() && self.session.shown == LastShown::Buttons {
            self.session.at = Moment::default();
        }
        self.session.keyboard = keyboard;
        self.session
    }
}

fn encode_bodies(bodies: &[ReplyBody], value: &mut Encoder) {
    value.count(bodies.len());
    for body in bodies {
        let (kind, bytes) = match body {
            ReplyBody::Reply(bytes) => (0, &bytes[..]),
            ReplyBody::Words(words) => (1, words.as_bytes()),
            ReplyBody::Unsent(words) => (2, words.as_bytes()),
            ReplyBody::Interrupted(words) => (3, words.as_bytes()),
        };
        value.number(kind);
        value.bytes(bytes);
    }
}

fn decode_bodies(value: &mut Decoder<'_>) -> Option<Vec<ReplyBody>> {
    (0..value.count()?)
        .map(|_| match value.number()? {
            0 => Some(ReplyBody::Reply(Bytes::copy_from_slice(value.bytes()?))),
            1 => Some(ReplyBody::Words(value.text()?.into())),
            2 => Some(ReplyBody::Unsent(value.text()?.into())),
            3 => Some(ReplyBody::Interrupted(value.text()?.into())),
            _ => None,
        })
        .collect()
}

fn moment(value: &mut Decoder<'_>, now: Moment) -> Option<Moment> {
    Some(Moment::from_millis(value.number()?).min(now))
}

fn decode_parked(value: &[u8], now: Moment) -> Option<Parked> {
    let mut value = Decoder::open(value, VERSION)?;
    let late = (0..value.count()?).map(|_| {
        let (asked, came) = (moment(&mut value, now)?, moment(&mut value, now)?);
        Some(LateReply { asked, came, bodies: decode_bodies(&mut value)? })
    });
    let late = late.collect::<Option<_>>()?;
    let rests = (0..value.count()?).map(|_| {
        let (next, at) = (value.small()?, moment(&mut value, now)?);
        Some(Rest { next, at, bodies: decode_bodies(&mut value)? })
    });
    Some(Parked { late, rests: rests.collect::<Option<_>>()? })
}

fn decode_late(value: &[u8], now: Moment) -> Option<LateReply> {
    let mut value = Decoder::open(value, VERSION)?;
    let (asked, came) = (moment(&mut value, now)?, moment(&mut value, now)?);
    Some(LateReply { asked, came, bodies: decode_bodies(&mut value)? })
}

fn decode_rest(value: &[u8], now: Moment) -> Option<Rest> {
    let mut value = Decoder::open(value, VERSION)?;
    let (next, at) = (value.small()?, moment(&mut value, now)?);
    Some(Rest { next, at, bodies: decode_bodies(&mut value)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::TEN_MINUTES;
    use crate::translate::outbound::Page;
    use proptest::prelude::*;

    const NOON: Moment = Moment::from_millis(1_800_000_000_000);

    fn back(session: &Session, asking: Option<Moment>, now: Moment) -> (Session, Option<Moment>) {
        let stored = StoredShown::decode(&session.encode_shown(asking).unwrap(), now).unwrap();
        assert_eq!(stored.keyboard, session.last_keyboard().map(|keyboard| keyboard.id()));
        let asking = stored.asking;
        let mut read = stored.with_keyboard(session.last_keyboard().cloned());
        if let Some(parked) = session.encode_parked() {
            read.decode_parked(&parked, now);
        }
        (read, asking)
    }

    #[test]
    fn p2_a_session_comes_back_as_it_was() {
        let keyboard = Keyboard::new(&["급식", "날씨"]).map(Arc::new);
        let mut session = Session::default();
        session.greet(keyboard, Page { start: 30, previous: Some(21), next: Some(39) }, true, NOON);
        for body in [
            ReplyBody::Reply(Bytes::from_static(b"{}")),
            ReplyBody::Words("a".into()),
            ReplyBody::Unsent("b".into()),
            ReplyBody::Interrupted("c".into()),
        ] {
            session.park(LateReply { bodies: vec![body.clone()], asked: NOON, came: NOON });
            session.keep_rest(Rest { bodies: vec![body], next: 7, at: NOON });
        }
        let (read, asking) = back(&session, Some(NOON), NOON);
        assert_eq!((format!("{read:?}"), asking), (format!("{session:?}"), Some(NOON)));
    }

    #[test]
    fn p2_replies_that_wait_come_back_one_by_one_in_the_order_of_their_questions() {
        let mut session = Session::default();
        for number in [3, 1, 2] {
            let at = NOON.plus(std::time::Duration::from_millis(number));
            let bodies = vec![ReplyBody::Reply(Bytes::from(vec![b'x'; 3]))];
            session.park(LateReply { bodies: bodies.clone(), asked: at, came: at });
        }
        session.keep_rest(Rest { bodies: vec![ReplyBody::Words("a".into())], next: 7, at: NOON });
        let later = NOON.plus(std::time::Duration::from_secs(1));
        let mut items = session.encode_items();
        items.reverse();
        let mut read = Session::default();
        read.decode_items(items.iter(), later);
        assert_eq!(format!("{read:?}"), format!("{session:?}"));
        read.drop_items(&[items[0].name.clone(), items[1].name.clone()], later);
        assert_eq!((items.len(), read.parked_count()), (4, 2));
    }

    #[test]
    fn p7_a_time_in_the_future_counts_as_now() {
        let mut session = Session::default();
        session.show(None, Page::default(), false, NOON.plus(TEN_MINUTES));
        session.park(LateReply { bodies: Vec::new(), asked: NOON.plus(TEN_MINUTES), came: NOON.plus(TEN_MINUTES) });
        let (read, asking) = back(&session, Some(NOON.plus(TEN_MINUTES)), NOON);
        assert_eq!((read.last_shown(), asking), (NOON, Some(NOON)));
        assert_eq!(read.late(NOON).next().map(|late| (late.asked, late.came)), Some((NOON, NOON)));
    }

    #[test]
    fn k2_a_keyboard_that_cannot_be_found_is_over() {
        let mut session = Session::default();
        session.show(Keyboard::new(&["급식"]).map(Arc::new), Page::default(), false, NOON);
        let stored = StoredShown::decode(&session.encode_shown(None).unwrap(), NOON).unwrap();
        assert!(matches!(stored.with_keyboard(None).current(NOON), crate::session::Current::Home(_)));
    }

    #[test]
    fn a_user_of_whom_nothing_is_kept_has_no_value() {
        assert!(Session::default().encode_shown(None).is_none() && Session::default().encode_parked().is_none());
        assert!(Session::default().encode_shown(Some(NOON)).is_some());
    }

    proptest! {
        #[test]
        fn nothing_that_lies_on_a_disk_makes_it_panic(value: Vec<u8>) {
            let value = [&[VERSION], &value[..]].concat();
            let _any = StoredShown::decode(&value, NOON);
            Session::default().decode_parked(&value, NOON);
        }
    }
}
