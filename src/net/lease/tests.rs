use super::*;
use futures_util::FutureExt;
use std::time::Duration;

/// Polls once: a lease that is free at once.
fn now(limit: &Arc<ConnectionLimit>) -> Option<Lease> {
    limit.acquire().now_or_never()
}

#[tokio::test]
async fn i8_leases_go_out_in_order_of_arrival_and_never_beyond_the_bound() {
    let limit = ConnectionLimit::new(2);
    let (first, second) = (now(&limit).unwrap(), now(&limit).unwrap());
    let (mut third, mut fourth) = (Box::pin(limit.acquire()), Box::pin(limit.acquire()));
    assert!((&mut third).now_or_never().is_none() && (&mut fourth).now_or_never().is_none());
    assert_eq!((limit.in_use(), limit.waiting()), (2, 2));
    drop(first);
    assert!(limit.try_acquire().is_none(), "nobody passes those who wait");
    assert!((&mut fourth).now_or_never().is_none());
    let third = third.await;
    assert_eq!((limit.in_use(), limit.waiting()), (2, 1));
    drop(second);
    let fourth = fourth.await;
    drop((third, fourth));
    assert_eq!((limit.in_use(), limit.waiting()), (0, 0));
    assert!(limit.try_acquire().is_some(), "the short way is open again");
}

#[test]
fn who_leaves_the_line_takes_no_lease_along() {
    let limit = ConnectionLimit::new(1);
    let only = now(&limit).unwrap();
    let (mut gone, mut served, mut last) =
        (Box::pin(limit.acquire()), Box::pin(limit.acquire()), Box::pin(limit.acquire()));
    for waiter in [&mut gone, &mut served, &mut last] {
        assert!(waiter.now_or_never().is_none());
    }
    drop(gone);
    drop(only);
    // It has been handed over and was not looked at: it goes on to the next.
    drop(served);
    let last = last.now_or_never().unwrap();
    assert_eq!((limit.in_use(), limit.waiting()), (1, 0));
    drop(last);
    assert_eq!(limit.in_use(), 0);
}

#[test]
fn who_has_left_is_forgotten_while_the_line_stands() {
    let limit = ConnectionLimit::new(1);
    let _only = now(&limit).unwrap();
    let mut stays = Box::pin(limit.acquire());
    assert!((&mut stays).now_or_never().is_none());
    for _ in 0..10_000 {
        assert!(now(&limit).is_none());
    }
    assert!(limit.line().len() < 100, "{} stand in the line", limit.line().len());
    assert_eq!(limit.waiting(), 1);
}

#[test]
fn another_bound_counts_at_once_and_forgets_nobody() {
    let limit = ConnectionLimit::new(3);
    let mut leases: Vec<Lease> = std::iter::from_fn(|| limit.try_acquire()).collect();
    let (mut next, mut last) = (Box::pin(limit.acquire()), Box::pin(limit.acquire()));
    assert!((&mut next).now_or_never().is_none() && (&mut last).now_or_never().is_none());
    limit.set_bound(1);
    leases.truncate(1);
    assert!((&mut next).now_or_never().is_none(), "one is still in use");
    limit.set_bound(2);
    let next = next.now_or_never().unwrap();
    assert!((&mut last).now_or_never().is_none());
    drop((leases, next));
    let last = last.now_or_never().unwrap();
    assert_eq!(limit.in_use(), 1);
    limit.set_bound(0);
    drop(last);
    assert!(limit.try_acquire().is_some(), "at least one");
}

#[test]
fn i8_no_more_are_kept_than_were_in_use_during_the_last_second() {
    let limit = ConnectionLimit::new(3);
    let start = time::instant();
    let (first, second) = (limit.try_acquire().unwrap(), limit.try_acquire().unwrap());
    for lease in [first, second] {
        assert!(limit.try_keep(start));
        drop(lease);
    }
    let third = limit.try_acquire().unwrap();
    assert!(!limit.try_keep(start), "two were in use at most");
    assert!(!limit.is_crowded());
    let fourth = limit.try_acquire().unwrap();
    assert!(limit.is_crowded(), "an idle one gives way to a call");
    limit.no_longer_idle(1);
    assert!(!limit.is_crowded());
    drop(third);
    limit.set_bound(1);
    assert!(!limit.try_keep(start), "one is in use and one is idle");
    let later = start + Duration::from_secs(3);
    assert_eq!((limit.idle(), limit.surplus(start), limit.surplus(later)), (1, 0, 0), "one is in use");
    drop(fourth);
    assert_eq!((limit.surplus(start), limit.surplus(later)), (0, 1));
}

#[test]
fn leases_from_many_threads_never_pass_the_bound_and_none_is_lost() {
    use std::sync::atomic::AtomicUsize;
    const MOST: usize = 3;
    let limit = ConnectionLimit::new(MOST);
    let (out, highest) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    for round in 0..2_000 {
                        let waits = [limit.acquire(), limit.acquire()].map(Box::pin);
                        let [one, other] = waits;
                        // Every third one is dropped while it waits, or with a lease that was not looked at.
                        if round % 3 == 0 {
                            drop(other.now_or_never());
                        }
                        let lease = one.await;
                        highest.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        out.fetch_sub(1, Ordering::SeqCst);
                        drop(lease);
                    }
                });
            });
        }
    });
    assert!(highest.load(Ordering::SeqCst) <= MOST);
    assert_eq!((limit.in_use(), limit.waiting()), (0, 0));
    let all: Vec<Lease> = std::iter::from_fn(|| limit.try_acquire()).collect();
    assert_eq!(all.len(), MOST);
}
