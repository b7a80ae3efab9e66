//! Facts of a bot that all replicas share besides its users' sessions: blocks, contacts, seen events, who was alerted, how
//! often a user calls, and events that stand with their user (E2, E4, S4, I5).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;
use redis::{Cmd, Value};
use tokio::sync::oneshot;

use super::health::Trouble;
use super::link::{Command, Script};
use super::patience::{self, PATIENCE};
use super::place::{Place, Placed};
use super::value::{bytes, int, list, string, text};
use super::{Remote, RemoteStore};
use crate::ids::UserKey;
use crate::store::journal::{EVENT, KNOWN, SEEN};
use crate::store::outbox::{decode_notices, encode_notices};
use crate::wire::legacy::Notice;

/// Blocks that are ours, as a bot has them.
pub(crate) type Blocks = Arc<ArcSwap<HashSet<Box<str>, RandomState>>>;

/// Events that wait for one app user id; the oldest goes first (contacts.rs).
const WAITING_EACH: usize = 4;
/// How long a webhook call that is being dealt with counts as seen: a replica that dies meanwhile has not dealt with it.
const CLAIMED: Duration = Duration::from_secs(30);
/// App user ids whose events are told at once.
const TOLD: usize = 256;
/// The window of `rate` (rate.rs).
const MINUTE: Duration = Duration::from_secs(60);
/// The wait for a place at the gate is bounded by the call's own deadline, not by a number.
const NO_BOUND: usize = 1_000_000;

static EVENT_OF: Script = Script::new(
    "#!lua
local user = redis.call('GET', KEYS[1])
if user then return user end
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[2]), -1)
redis.call('EXPIRE', KEYS[2], ARGV[3])
return false",
);
static LEARN: Script = Script::new(
    "#!lua
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return redis.call('LRANGE', KEYS[2], 0, -1)",
);
static COUNT: Script = Script::new(
    "#!lua
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count",
);
static ALERT: Script = Script::new(
    "#!lua
local before = redis.call('GET', KEYS[1]) or 'recovered'
if before == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', 86400)
return 1",
);

impl Remote {
    /// Asks and waits a while; `None` where the store is in trouble.
    pub(super) async fn ask(&self, key: &[u8], command: impl FnOnce(Told) -> Command) -> Option<Value> {
        if self.health.is_up() { self.ask_in_any_case(key, command).await } else { None }
    }

    /// The same where it has to be sent though the store may be in trouble.
    async fn ask_in_any_case(&self, key: &[u8], command: impl FnOnce(Told) -> Command) -> Option<Value> {
        let (reply, asked) = oneshot::channel();
        let told: Told = Box::new(move |answer| {
            let _nobody_waits = reply.send(answer);
        });
        self.link(self.link_of(key)).send(command(told));
        patience::wait(PATIENCE, asked).await?.ok()?.ok()
    }

    async fn ask_plain(&self, key: &[u8], cmd: Cmd) -> Option<Value> {
        self.ask(key, |told| Command::plain(cmd, told)).await
    }

    pub(super) async fn ask_script(&self, script: &'static Script, keys: usize, args: Vec<Vec<u8>>) -> Option<Value> {
        let key = args.first().cloned().unwrap_or_default();
        self.ask(&key, |told| Command::script(script, keys, args, told)).await
    }

    /// Tells and does not wait.
    pub(super) fn say(&self, key: &[u8], cmd: Cmd) {
        self.link(self.link_of(key)).send(Command::plain(cmd, |_told| {}));
    }
}

/// Told what became of a question.
pub(super) type Told = Box<dyn FnOnce(Result<Value, Trouble>) + Send>;

impl RemoteStore {
    /// The key of a fact of the bot; `tag` spreads them over a cluster.
    pub(super) fn fact(&self, tag: &str, part: &str) -> Vec<u8> {
        format!("{}:{{{}{tag}}}:{part}", self.remote.prefix, self.bot.as_str()).into_bytes()
    }

    /// Calls of this block come here.
    pub(crate) fn own_block(&self, block: &str) {
        let key = self.fact("", "blocks");
        let mut cmd = redis::cmd("SADD");
        cmd.arg(&key).arg(block);
        self.remote.say(&key, cmd);
    }

    /// Takes up the blocks whose calls came to other replicas.
    pub(super) async fn read_blocks(&self) {
        let key = self.fact("", "blocks");
        let mut cmd = redis::cmd("SMEMBERS");
        cmd.arg(&key);
        let Some(blocks) = self.remote.ask_plain(&key, cmd).await.and_then(list) else { return };
        let blocks: Vec<String> = blocks.into_iter().filter_map(string).collect();
        let known = self.blocks.load();
        if blocks.iter().any(|block| !known.contains(&**block)) {
            self.blocks.rcu(|known| {
                let mut more = HashSet::clone(known);
                more.extend(blocks.iter().map(|block| Box::from(&**block)));
                more
            });
        }
    }

    /// Whether this webhook call is new for all replicas; `None` where nobody can say.
    pub(crate) async fn first_time(&self, resource_id: &str) -> Option<bool> {
        let key = self.fact(&format!("/seen/{resource_id}"), "seen");
        let mut cmd = redis::cmd("SET");
        cmd.arg(&key).arg("1").arg("NX").arg("EX").arg(CLAIMED.as_secs());
        Some(self.remote.ask_plain(&key, cmd).await? != Value::Nil)
    }

    /// The webhook call was dealt with.
    pub(crate) fn dealt_with(&self, resource_id: &str) {
        let key = self.fact(&format!("/seen/{resource_id}"), "seen");
        let mut cmd = redis::cmd("SET");
        cmd.arg(&key).arg("1").arg("EX").arg(SEEN.as_secs());
        self.remote.say(&key, cmd);
    }

    /// The user of an event; `Some(None)` where nobody knows them yet, and the event waits.
    pub(crate) async fn event(&self, app_user_id: &str, notice: Notice) -> Option<Option<UserKey>> {
        let tag = format!("/app/{app_user_id}");
        let args = vec![
            self.fact(&tag, "alias"),
            self.fact(&tag, "waiting"),
            encode_notices(std::iter::once(notice)),
            text(WAITING_EACH),
            text(EVENT.as_secs()),
        ];
        let user = self.remote.ask_script(&EVENT_OF, 2, args).await?;
        Some(string(user).and_then(|user| UserKey::parse(&user)))
    }

    /// An app user id is this user; gives the events that waited for them. `None` where it could not be told.
    pub(crate) async fn learn(&self, app_user_id: &str, user: UserKey) -> Option<Vec<Notice>> {
        let tag = format!("/app/{app_user_id}");
        let (alias, place) = (self.fact(&tag, "alias"), self.fact(&tag, "waiting"));
        let args = vec![alias.clone(), place.clone(), user.as_str().as_bytes().to_vec(), text(KNOWN.as_secs())];
        let waiting = list(self.remote.ask_script(&LEARN, 2, args).await?)?;
        if waiting.is_empty() {
            return Some(Vec::new());
        }
        // Taken away only once they are here: an answer that comes too late must not take them along. None is added meanwhile,
        // for their user is known now. Of two who have read them one takes them away; where no answer comes, that may be this
        // one: an event that the bot hears of twice is better than one that is lost.
        let mut cmd = redis::cmd("DEL");
        cmd.arg(&place);
        // What has been delivered must not stay.
        let taken = self.remote.ask_in_any_case(&alias, |told| Command::plain(cmd, told)).await;
        if taken == Some(Value::Int(0)) {
            return Some(Vec::new());
        }
        Some(waiting.into_iter().filter_map(bytes).flat_map(|value| decode_notices(&value)).collect())
    }

    /// The user is not known any more (E3).
    pub(crate) fn forget(&self, user: &UserKey) {
        let key = self.key(user, "k");
        let mut cmd = redis::cmd("DEL");
        cmd.arg(&key);
        // By the user's own connection: a begin that follows finds it gone.
        self.remote.link(self.remote.link_of(&self.key(user, "s"))).send(Command::plain(cmd, |_told| {}));
    }

    /// The bot was told of a new user: no end of a turn has to say so (E3).
    pub(super) fn has_met(&self, user: &UserKey) {
        let key = self.key(user, "s");
        let link = self.remote.link_of(&key);
        let mut cmd = redis::cmd("HDEL");
        cmd.arg(&key).arg("w");
        self.remote.link(link).send(Command::plain(cmd, |_told| {}));
    }

    /// The events of `user` that are on their way from here stand with the user, so that whoever is there delivers them
    /// should this process die (E4).
    pub(crate) fn stand(&self, user: &UserKey, value: Option<Vec<u8>>) {
        let Some(value) = value else {
            let key = self.key(user, "s");
            let mut cmd = redis::cmd("HDEL");
            cmd.arg(&key).arg(format!("o{}", self.remote.replica));
            return self.remote.say(&key, cmd);
        };
        self.leave(user, &self.remote.replica, value);
    }

    /// Events stand with the user, from the replica of this name.
    fn leave(&self, user: &UserKey, replica: &str, value: Vec<u8>) {
        let key = self.key(user, "s");
        let mut cmd = redis::cmd("HSET");
        cmd.arg(&key).arg(format!("o{replica}")).arg(value);
        self.remote.say(&key, cmd);
        // Of a user who never comes nothing else says how long it is kept.
        let mut cmd = redis::cmd("EXPIRE");
        cmd.arg(&key).arg(EVENT.as_secs()).arg("NX");
        self.remote.say(&key, cmd);
    }

    /// Tells of events that came while the store was in trouble, and whose users are not known here (P6). From then on they
    /// wait for their user at every replica. Where the store knows the user, the events are left with them, as those of a
    /// replica that has died: the next turn delivers them.
    pub(super) async fn tell_waiting(&self) {
        for (app_user_id, notices) in self.contacts.take_waiting(TOLD) {
            let mut left = notices.into_iter();
            while let Some(notice) = left.next() {
                match self.event(&app_user_id, notice).await {
                    // No replica has the name of a call.
                    Some(Some(user)) => {
                        self.leave(&user, &self.remote.next_call(), encode_notices(std::iter::once(notice)));
                    }
                    Some(None) => {}
                    None => {
                        for notice in std::iter::once(notice).chain(left) {
                            let _waits = self.contacts.event(&app_user_id, notice);
                        }
                        break;
                    }
                }
            }
        }
    }

    /// Whether the events of this field were left by a replica that has died. Without an answer they stay where they are.
    pub(super) async fn is_left(&self, field: &[u8]) -> bool {
        let Some(replica) = field.get(1..).and_then(|name| std::str::from_utf8(name).ok()) else { return false };
        let sign = self.remote.sign_of_life(replica, 0);
        let mut cmd = redis::cmd("EXISTS");
        cmd.arg(&sign);
        self.remote.ask_plain(&sign, cmd).await == Some(Value::Int(0))
    }

    /// The events of this field stand with the user from here ([`Self::stand`]), and not from the replica that left them.
    pub(super) fn took_left(&self, user: &UserKey, field: &[u8]) {
        let key = self.key(user, "s");
        let mut cmd = redis::cmd("HDEL");
        cmd.arg(&key).arg(field);
        self.remote.say(&key, cmd);
    }

    /// Counts a call of `user` among all replicas; whether it is within `bound` a minute. `None` where nobody can say.
    pub(crate) async fn admit(&self, user: &UserKey, bound: u32) -> Option<bool> {
        let args = vec![self.key(user, "rate"), text(MINUTE.as_millis())];
        Some(int(&self.remote.ask_script(&COUNT, 1, args).await?)? <= i64::from(bound))
    }

    /// Whether this process is to tell that the bot is in this state: the first of all replicas to say so (S4).
    pub(crate) async fn tells(&self, state: &str) -> bool {
        let args = vec![self.fact("", "alert"), state.as_bytes().to_vec()];
        self.remote.ask_script(&ALERT, 1, args).await.is_none_or(|told| told == Value::Int(1))
    }

    /// The gate of a bot that takes one message at a time, for all replicas (I6): held until it is dropped. Where the store is
    /// in trouble the gate of this process is the only one.
    pub(crate) async fn gate(&self) -> Option<Gate> {
        if !self.remote.health.is_up() {
            return None;
        }
        let (key, known) = (self.fact("", "gate"), self.fact("", "gate-known"));
        let place = Place::new(&self.remote, key, (known, Duration::ZERO), None, NO_BOUND);
        let asked = place.ask();
        match place.wait(asked).await {
            Placed::Held(_) => Some(Gate(place)),
            Placed::Follow(_) | Placed::Full | Placed::Alone => None,
        }
    }
}

/// Leave to ask a bot that takes one message at a time.
#[derive(Debug)]
pub(crate) struct Gate(#[allow(dead_code, reason = "it is given back when this is dropped")] Place);
