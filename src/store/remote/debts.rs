//! Promised callbacks, for whoever is there to pay (P4): a value each, and when its holder counts as silent.

use std::time::Duration;

use super::RemoteStore;
use super::link::{Command, Script};
use super::value::{pairs, text};
use crate::ids::UserKey;
use crate::session::Session;

/// How long a holder is silent before others pay (P4).
const SILENT: Duration = Duration::from_secs(10);
/// How often a holder says that it is there.
const HERE: Duration = Duration::from_secs(2);
/// Debts that one look takes.
const TAKEN: usize = 32;
/// How long a value stays at most: behind that every token is over (openbuilder.md 3).
const OVER: Duration = Duration::from_secs(10 * 60);

static PUT: Script = Script::new(
    "#!lua
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[3])), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1",
);
static HERE_IS: Script = Script::new(
    "#!lua
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for place = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', now + tonumber(ARGV[1])), ARGV[place])
end
return 1",
);
static TAKE: Script = Script::new(
    "#!lua
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])
local taken = {}
for _, id in ipairs(due) do
  local value = redis.call('HGET', KEYS[1], id)
  if value then
    redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[1])), id)
    taken[#taken + 1] = id
    taken[#taken + 1] = value
  else
    redis.call('ZREM', KEYS[2], id)
  end
end
return taken",
);
static SETTLE: Script = Script::new(
    "#!lua
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1",
);

impl RemoteStore {
    pub(super) fn debt_keys(&self) -> [Vec<u8>; 2] {
        let key = |part: &str| format!("{}:{{{}}}:{part}", self.remote.prefix, self.bot.as_str()).into_bytes();
        [key("debts"), key("due")]
    }

    /// The name of a debt among all replicas.
    pub(super) fn debt_name(&self, key: &[u8]) -> Vec<u8> {
        let hex = key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("{}{hex}", self.remote.replica).into_bytes()
    }

    /// A debt has this value now; with it what becomes of the session should its callback fail. It lies in the store when
    /// this returns, or cannot.
    pub(crate) async fn owe(&self, key: &[u8], value: Vec<u8>, session: Option<(UserKey, &Session)>) {
        if let Some((user, session)) = session {
            self.keep(user, session, &[]).await;
        }
        let [debts, due] = self.debt_keys();
        let name = self.debt_name(key);
        self.owed.insert(name.clone(), ());
        let args = vec![debts, due, name, value, text(SILENT.as_millis()), text(OVER.as_millis())];
        let _untold = self.remote.ask_script(&PUT, 2, args).await;
    }

    /// A debt of this process is paid.
    pub(crate) fn settle(&self, key: &[u8]) {
        self.settle_named(self.debt_name(key));
    }

    /// A debt that was taken is paid.
    pub(crate) fn settle_named(&self, name: Vec<u8>) {
        self.owed.remove(&name);
        let [debts, due] = self.debt_keys();
        let link = self.remote.link_of(&debts);
        let command = Command::script(&SETTLE, 2, vec![debts, due, name], |_told| {});
        self.remote.link(link).send(command);
    }

    /// Takes debts whose holders are silent: their names and values.
    pub(crate) async fn take_debts(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        // After a silence of the store all holders look silent, until they have said that they are there.
        if self.remote.health.is_patient() {
            return Vec::new();
        }
        let [debts, due] = self.debt_keys();
        let args = vec![debts, due, text(SILENT.as_millis()), text(TAKEN)];
        let taken = self.remote.ask_script(&TAKE, 2, args).await.map(pairs).unwrap_or_default();
        // One that is paid here is no other's.
        let mut taken: Vec<_> = taken.into_iter().filter(|(name, _)| !self.owed.contains_key(name)).collect();
        // It is said to be in hand until it is settled: paying may take longer than the silence of a dead process.
        taken.retain(|(name, _)| self.owed.insert(name.clone(), ()).is_none());
        taken
    }

    /// Says that this process is there, and will pay.
    pub(super) fn is_here(&self) {
        if self.owed.is_empty() {
            return;
        }
        let [debts, due] = self.debt_keys();
        let mut args = vec![due, text(SILENT.as_millis())];
        args.extend(self.owed.iter().map(|owed| owed.key().clone()));
        // The other commands about debts take this connection, too.
        let command = Command::script(&HERE_IS, 1, args, |_told| {});
        self.remote.link(self.remote.link_of(&debts)).send(command);
    }
}

/// How often [`RemoteStore::is_here`] is said.
pub(super) const EVERY: Duration = HERE;
