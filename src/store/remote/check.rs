//! What a shared store must be set to, looked at before it is used: `config check`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;
use tokio_rustls::rustls;

use super::link::{ALL, Address};
use crate::config::settings::StoreUrl;
use crate::messages::{Message, probe as messages};

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first version whose scripts begin with `#!lua`.
const VERSION: u64 = 7;

/// Clocks that are further apart are worth a line; NTP keeps them within milliseconds.
const APART: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The bridge could not keep what it promises.
    pub(crate) is_wrong: bool,
    /// What, and what to do.
    pub(crate) message: Message,
}

/// Looks at the store.
pub(crate) async fn check(settings: &StoreUrl) -> Vec<Finding> {
    let refused = |error: RedisError| {
        let reason = crate::fault::chain(&error);
        let (is_wrong, message) = if super::Trouble::of(&error) == super::Trouble::Denied {
            (true, messages::store_denies(reason))
        } else if is_distrusted(&error) {
            (true, messages::store_distrusted(reason))
        } else {
            (false, messages::store_unreachable(reason))
        };
        vec![Finding { is_wrong, message }]
    };
    match tokio::time::timeout(PATIENCE, look(settings)).await {
        Ok(Ok(findings)) => findings,
        Ok(Err(error)) => refused(error),
        Err(_) => refused(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// Whether the server's certificate was refused: the client wraps what rustls says twice.
fn is_distrusted(error: &RedisError) -> bool {
    let wrapped = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Wrapped>());
    let refused = wrapped.and_then(|wrapped| wrapped.downcast_ref::<std::io::Error>()?.get_ref());
    refused.is_some_and(|refused| matches!(refused.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

type Wrapped = Arc<dyn std::error::Error + Send + Sync>;

async fn look(settings: &StoreUrl) -> Result<Vec<Finding>, RedisError> {
    let mut connection = Address::parse(settings)?.once().await?;
    let mut findings = Vec::new();
    let mut found = |is_wrong, message| findings.push(Finding { is_wrong, message });
    let info: Result<String, RedisError> = redis::cmd("INFO").query_async(&mut connection).await;
    match info {
        Ok(info) => {
            let facts: HashMap<&str, &str> = info.lines().filter_map(|line| line.split_once(':')).collect();
            let fact = |name: &str| facts.get(name).copied().unwrap_or_default();
            let major = |version: &str| version.split('.').next().and_then(|major| major.parse::<u64>().ok());
            let version = fact("redis_version");
            if major(version).is_some_and(|major| major < VERSION) {
                found(true, messages::store_version(version));
            }
            let policy = fact("maxmemory_policy");
            if !policy.is_empty() && policy != "noeviction" {
                found(true, messages::store_evicts(policy));
            }
            if fact("aof_enabled") == "0" {
                found(false, messages::store_in_memory());
            }
            if fact("role") == "slave" {
                found(true, messages::store_is_replica());
            }
        }
        Err(error) => found(false, messages::store_tells_nothing(crate::fault::chain(&error))),
    }
    let clock = redis::cmd("TIME").query_async::<(u64, u64)>(&mut connection).await;
    let apart = clock.map_or(0, |(seconds, _)| seconds.abs_diff(crate::time::now().as_millis() / 1000));
    if apart > APART.as_secs() {
        found(false, messages::store_clock(apart));
    }
    if let Err(error) = rights(settings, &mut connection).await {
        found(true, messages::store_denies(crate::fault::chain(&error)));
    }
    Ok(findings)
}

/// Does once what the bridge does: every command of its scripts, on keys that nobody has.
async fn rights(settings: &StoreUrl, connection: &mut redis::aio::MultiplexedConnection) -> Result<(), RedisError> {
    let key = |part: &str| format!("{}:{{check}}:{part}", settings.prefix);
    let channel = format!("{}:to:check", settings.prefix);
    for script in ALL {
        redis::cmd("SCRIPT").arg("LOAD").arg(script.text()).query_async::<()>(connection).await?;
    }
    let (key_s, key_k) = (key("s"), key("k"));
    let mut all = redis::pipe();
    all.cmd("EVAL").arg(RIGHTS).arg(2).arg(&key_s).arg(&key_k).arg(&channel).ignore();
    all.cmd("SET").arg(&key_s).arg("1").arg("NX").arg("EX").arg(1).ignore();
    all.cmd("GET").arg(&key_s).ignore();
    all.cmd("EXISTS").arg(&key_s).ignore();
    all.cmd("DEL").arg(&key_s).ignore();
    all.cmd("HSET").arg(&key_s).arg("a").arg("1").ignore();
    all.cmd("HDEL").arg(&key_s).arg("a").ignore();
    all.cmd("SADD").arg(&key_s).arg("a").ignore();
    all.cmd("SMEMBERS").arg(&key_s).ignore();
    all.cmd("DEL").arg(&key_s).ignore();
    all.cmd("PUBLISH").arg(&channel).arg("").ignore();
    all.query_async::<()>(connection).await?;
    Address::parse(settings)?.subscribe(channel.as_bytes()).await.map(drop)
}

const RIGHTS: &str = "#!lua
redis.call('TIME')
redis.call('HSET', KEYS[1], 'a', '1')
redis.call('HMGET', KEYS[1], 'a')
redis.call('HGETALL', KEYS[1])
redis.call('HEXISTS', KEYS[1], 'a')
redis.call('HINCRBY', KEYS[1], 'b', 1)
redis.call('PEXPIRE', KEYS[1], 1000)
redis.call('HDEL', KEYS[1], 'a', 'b')
redis.call('SET', KEYS[2], '1', 'PX', 1000)
redis.call('PTTL', KEYS[2])
redis.call('DEL', KEYS[2])
redis.call('ZADD', KEYS[2], '1', 'a')
redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '1', 'LIMIT', 0, 1)
redis.call('ZREM', KEYS[2], 'a')
redis.call('RPUSH', KEYS[2], 'a')
redis.call('LTRIM', KEYS[2], -1, -1)
redis.call('LRANGE', KEYS[2], 0, -1)
redis.call('EXPIRE', KEYS[2], 1)
redis.call('DEL', KEYS[2])
redis.call('INCR', KEYS[2])
redis.call('DEL', KEYS[2])
redis.call('PUBLISH', ARGV[1], '')
return 1";
