//! The thread of the shared store: connections, messages, leases that are renewed, and whether all is well (P6).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::health::Trouble;
use super::link::{self, Address, Command};
use super::patience::{self, PATIENCE};
use super::place::renew;
use super::{Remote, debts};
use crate::time;

/// A lease of this age is renewed: twice before it is over.
const RENEW_AFTER: Duration = Duration::from_secs(1);
/// A replica that has not said so for as long is dead.
const ALIVE: Duration = Duration::from_secs(10);
/// How often the blocks of other replicas are taken up.
const BLOCKS: Duration = Duration::from_secs(5);
/// How often leases are looked at.
const RENEW: Duration = Duration::from_millis(250);
/// How often it is asked how the store is, while it is well.
const PROBE: Duration = Duration::from_millis(250);
/// The same while it is not.
const PROBE_AGAIN: Duration = Duration::from_millis(100);
/// A store that answers slower than this for a while is left alone (P6).
const SLOW: Duration = Duration::from_millis(100);
/// How often this thread looks whether it runs, while it waits for an answer.
const TICK: Duration = Duration::from_millis(20);
/// Slow answers in a row that make it slow, two seconds of them: less is a fork, or a burst of this machine. A turn without
/// the store keeps no order among replicas, and one that waits for 100 ms more is noticed by nobody.
const SLOW_IN_A_ROW: u32 = 6;
/// Good answers in a row after which it is asked again.
const WELL_IN_A_ROW: u32 = 2;
/// The same for one that fell again and again within [`STAYS_WELL`]: six seconds of them.
const MOST_WELL_IN_A_ROW: u32 = 64;
/// A store that falls sooner after it was asked again is not well.
const STAYS_WELL: Duration = Duration::from_secs(10);
/// How long nobody is taken over after a silence: all replicas renew their leases first (P6).
const PATIENT: Duration = Duration::from_secs(1);
/// How long the subscription before is heard beside a new one: nothing that was said in between is missed, and what is heard
/// twice does nothing the second time.
const OVERLAP: Duration = Duration::from_secs(1);
/// Users that are told at once after a silence.
const TOLD: usize = 256;
/// How long the last ends may take when the process stops.
const CLOSING: Duration = Duration::from_secs(2);

/// Starts the thread.
pub(super) fn start(
    remote: &Arc<Remote>,
    address: Address,
    queues: Vec<Receiver<Command>>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let remote = Arc::clone(remote);
    thread::Builder::new().name("bridge-redis".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut work: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + Send + '_>>> = FuturesUnordered::new();
            for queue in queues {
                work.push(Box::pin(link::drive(address.clone(), queue, Arc::clone(&remote.health))));
            }
            work.push(Box::pin(listen(&remote, &address)));
            work.push(Box::pin(renewing(&remote)));
            work.push(Box::pin(looking(&remote)));
            work.push(Box::pin(watch(&remote)));
            tokio::select! {
                // None of them ends.
                () = async { while work.next().await.is_some() {} } => {}
                () = remote.ending.cancelled() => {}
            }
            // What was queued before is told before this.
            let last = async {
                tell_all(&remote).await;
                for store in remote.stores() {
                    store.tell_waiting().await;
                }
                probe(&remote).await
            };
            tokio::select! {
                () = async { while work.next().await.is_some() {} } => {}
                _told = timeout(CLOSING, last) => {}
            }
        });
        runtime.shutdown_background();
    })
}

/// Asks all connections, again and again, whether a write is taken.
async fn watch(remote: &Remote) {
    let (mut slow, mut well, mut wanted) = (0, 0, WELL_IN_A_ROW);
    let mut risen: Option<time::Instant> = None;
    loop {
        if !remote.health.is_up()
            && let Some(risen) = risen.take()
        {
            // What fails each time it is asked is asked less and less often: a right that is missing, a node that hangs.
            let is_again = time::instant().saturating_duration_since(risen) < STAYS_WELL;
            wanted = if is_again { MOST_WELL_IN_A_ROW.min(wanted * 2) } else { WELL_IN_A_ROW };
            well = 0;
        }
        let (answer, took) = timed(probe(remote)).await;
        match answer {
            Some(Ok(())) if took <= SLOW => (slow, well) = (0, well + 1),
            Some(Ok(())) => (slow, well) = (slow + 1, 0),
            // While it is in trouble, the connections tell better why.
            Some(Err(trouble)) => {
                (slow, well) = (0, 0);
                if remote.health.is_up() {
                    remote.health.fall(trouble, "a write was refused");
                }
            }
            None => {
                (slow, well) = (0, 0);
                if remote.health.is_up() {
                    remote.health.fall(Trouble::Slow, "no answer in time");
                }
            }
        }
        if slow >= SLOW_IN_A_ROW && remote.health.is_up() {
            remote.health.fall(Trouble::Slow, "its answers take more than 100 ms");
        }
        if remote.health.is_up() {
            sleep(PROBE).await;
        } else {
            if well >= wanted {
                // Its own leases first, then what happened meanwhile.
                renew_all(remote).await;
                remote.stores().iter().for_each(|store| store.is_here());
                if tell_all(remote).await {
                    remote.health.rise(PATIENT);
                    risen = Some(time::instant());
                }
            }
            sleep(PROBE_AGAIN).await;
        }
    }
}

/// What comes of `work`, and how long it took by the time in which this thread ran: where a busy machine lets it wait, the
/// store is not slow for that.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = time::instant();
    let mut late = Duration::ZERO;
    tokio::pin!(work);
    loop {
        let due = time::instant() + TICK;
        tokio::select! {
            biased;
            done = &mut work => return (done, time::instant().saturating_duration_since(began).saturating_sub(late)),
            () = sleep(TICK) => late += time::instant().saturating_duration_since(due),
        }
    }
}

/// Whether every connection takes a write: a replica that was a master answers, and takes none.
async fn probe(remote: &Remote) -> Option<Result<(), Trouble>> {
    let mut answers = Vec::new();
    for (number, link) in remote.links.iter().enumerate() {
        let mut cmd = redis::cmd("SET");
        let sign = remote.sign_of_life(&remote.replica, number);
        cmd.arg(sign).arg("1").arg("PX").arg(ALIVE.as_millis().to_string());
        let (reply, answer) = oneshot::channel();
        let done = move |answered: Result<redis::Value, Trouble>| {
            let _nobody_waits = reply.send(answered.map(|_| ()));
        };
        link.send(Command::plain(cmd, done));
        answers.push(answer);
    }
    let all = async {
        for answer in answers {
            match answer.await {
                Ok(Ok(())) => {}
                Ok(Err(trouble)) => return Err(trouble),
                Err(_) => return Err(Trouble::Gone),
            }
        }
        Ok(())
    };
    patience::wait(PATIENCE, all).await
}

/// Takes up what other replicas have learnt, and says that promises are kept here.
async fn looking(remote: &Remote) {
    let mut looked: Option<time::Instant> = None;
    loop {
        if remote.health.is_up() {
            let is_due = looked.is_none_or(|looked| time::instant().saturating_duration_since(looked) >= BLOCKS);
            for store in remote.stores() {
                store.is_here();
                store.tell_waiting().await;
                if is_due {
                    store.read_blocks().await;
                }
            }
            if is_due {
                looked = Some(time::instant());
            }
        }
        sleep(if looked.is_none() { PROBE_AGAIN } else { debts::EVERY }).await;
    }
}

async fn renewing(remote: &Remote) {
    loop {
        sleep(RENEW).await;
        let now = time::now();
        for standing in &remote.standing {
            let renewed = time::Moment::from_millis(standing.renewed.load(Ordering::Acquire));
            if now.since(renewed) >= RENEW_AFTER {
                renew(remote, standing.key(), standing.value(), None);
            }
        }
        remote.followers.tidy();
    }
}

async fn renew_all(remote: &Remote) {
    let mut told = Vec::new();
    for standing in &remote.standing {
        let (sender, answer) = oneshot::channel();
        renew(remote, standing.key(), standing.value(), Some(sender));
        told.push(answer);
    }
    let _late = patience::wait(PATIENCE, futures_util::future::join_all(told)).await;
}

/// Tells what the store has missed; false where that does not go through.
async fn tell_all(remote: &Remote) -> bool {
    for store in remote.stores() {
        loop {
            let users = store.unsent.some(TOLD);
            if users.is_empty() {
                break;
            }
            let telling = users.into_iter().map(|user| store.tell(user));
            if !futures_util::future::join_all(telling).await.into_iter().all(|told| told) {
                return false;
            }
        }
    }
    true
}

type Messages = Pin<Box<dyn Stream<Item = redis::Msg> + Send>>;

/// Hears what other replicas say.
async fn listen(remote: &Remote, address: &Address) {
    let channel = remote.channel(&remote.replica);
    let mut before: Option<Messages> = None;
    loop {
        // After a failover the name leads to another server, and messages are not said at the one before.
        let rises = remote.health.rises();
        tokio::pin!(rises);
        let Ok(subscribed) = address.subscribe(&channel).await else {
            sleep(PROBE_AGAIN).await;
            continue;
        };
        let mut messages: Messages = Box::pin(subscribed.into_on_message());
        // Those who wait may have been told while nobody listened.
        for standing in &remote.standing {
            standing.wake.notify_one();
        }
        let overlap = sleep(OVERLAP);
        tokio::pin!(overlap);
        loop {
            let said_before = async {
                match &mut before {
                    Some(before) => tokio::select! {
                        biased;
                        message = before.next() => message,
                        () = &mut overlap => None,
                    },
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                message = messages.next() => match message {
                    Some(message) => heard(remote, message.get_payload_bytes()),
                    None => {
                        sleep(PROBE_AGAIN).await;
                        break;
                    }
                },
                message = said_before => match message {
                    Some(message) => heard(remote, message.get_payload_bytes()),
                    None => before = None,
                },
                () = &mut rises => {
                    before = Some(messages);
                    break;
                }
            }
        }
    }
}

/// A message: a letter, a call, and what is said of it.
fn heard(remote: &Remote, message: &[u8]) {
    const CALL: usize = 28;
    let Some((kind, rest)) = message.split_first() else { return };
    let Some((call, said)) = rest.split_at_checked(CALL) else { return };
    let Ok(call) = std::str::from_utf8(call) else { return };
    match kind {
        b'W' => {
            if let Some(standing) = remote.standing.get(call) {
                standing.wake.notify_one();
            }
        }
        b'A' => remote.followers.ended(call, Some(Bytes::copy_from_slice(said))),
        b'N' => remote.followers.ended(call, None),
        _ => {}
    }
}
