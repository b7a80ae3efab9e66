//! The wake-ups of a caller's connection, without the one that hyper gives for nothing.
//!
//! Whoever takes a frame of a body wakes the connection that reads it, so that it reads on (hyper 1.12,
//! `body/chan.rs`). After the last frame there is nothing to read: hyper let go of the body's sending end when it passed
//! that frame on, and the wake-up only walks through the whole connection once more. A turn takes two bodies, the call
//! and the bot's reply, and was polled four times instead of two.
//!
//! So a wake-up that happens while a frame is taken is held: [`hold`] gives it to the one who takes, who drops it
//! after the last frame and passes it on after every other. No other wake-up is touched. One that comes from another
//! thread, or while no frame is taken, goes straight to the task; and what is not explicitly dropped is passed on, after
//! a panic too. Rejected: to answer every wake-up that comes during a poll by polling again at once, for hyper wakes
//! itself on purpose where it has worked long enough and others are to have their turn.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    /// A frame is being taken on this thread.
    static TAKES: Cell<bool> = const { Cell::new(false) };
    /// The connection that was woken meanwhile.
    static HELD: RefCell<Option<Arc<Task>>> = const { RefCell::new(None) };
}

/// The task of a connection, as hyper knows it.
#[derive(Debug)]
struct Task(Waker);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if TAKES.get() { self.hold() } else { self.0.wake_by_ref() }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if TAKES.get() { Arc::clone(self).hold() } else { self.0.wake_by_ref() }
    }
}

impl Task {
    /// One frame has one connection. Were there another, that one would be woken as ever.
    fn hold(self: Arc<Self>) {
        let first = HELD.with_borrow_mut(|held| held.replace(self));
        if let Some(first) = first {
            first.0.wake_by_ref();
        }
    }
}

/// The wake-up that taking a frame has caused, if it has. Dropped, it is passed on.
#[derive(Debug)]
#[must_use = "a frame may be the last or not"]
pub(super) struct HeldWake(Option<Arc<Task>>);

impl HeldWake {
    /// The frame was the body's last: the connection has nothing to do for it.
    pub(super) fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for HeldWake {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.0.wake_by_ref();
        }
    }
}

/// Ends the hold, whatever happened under it.
struct Taking;

impl Taking {
    fn begin() -> Self {
        TAKES.set(true);
        Self
    }

    fn end(self) -> HeldWake {
        TAKES.set(false);
        HeldWake(HELD.take())
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        TAKES.set(false);
        drop(HeldWake(HELD.take()));
    }
}

/// Takes a frame by `take`, which does nothing else, and holds the wake-up that it causes.
pub(super) fn hold<T>(take: impl FnOnce() -> T) -> (T, HeldWake) {
    let taking = Taking::begin();
    let taken = take();
    (taken, taking.end())
}

/// A future that is polled only when it was woken itself, not whenever its task is.
///
/// A connection waits for several things besides its bytes, and each of them costs a lock to look at. It is the same as
/// `FuturesUnordered` does, for one future and without an allocation a poll.
#[derive(Debug)]
pub(crate) struct WhenWoken<F> {
    future: F,
    woken: Option<(Arc<Flag>, Waker)>,
}

/// Whether a future was woken, and the task to wake for it.
#[derive(Debug)]
struct Flag {
    is_set: AtomicBool,
    task: Waker,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Set first: the task finds it, however soon it runs.
        self.is_set.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl<F> WhenWoken<F> {
    /// `future`, polled when woken.
    pub(crate) fn new(future: F) -> Self {
        Self { future, woken: None }
    }
}

impl<F: Future + Unpin> Future for WhenWoken<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, woken } = self.get_mut();
        if !woken.as_ref().is_some_and(|(flag, _)| flag.task.will_wake(cx.waker())) {
            *woken = None;
        }
        let (flag, waker) = woken.get_or_insert_with(|| {
            let flag = Arc::new(Flag { is_set: AtomicBool::new(true), task: cx.waker().clone() });
            let waker = Waker::from(Arc::clone(&flag));
            (flag, waker)
        });
        // Cleared before the poll: a wake-up during it counts for the next one.
        if flag.is_set.load(Ordering::Relaxed) && flag.is_set.swap(false, Ordering::Acquire) {
            return Pin::new(future).poll(&mut Context::from_waker(waker));
        }
        Poll::Pending
    }
}

/// A connection whose wake-ups can be held.
#[derive(Debug)]
pub(crate) struct Holdable<F> {
    connection: F,
    /// The task it was polled in, and the waker that stands for it. They are made at the first poll.
    woken: Option<(Arc<Task>, Waker)>,
}

impl<F> Holdable<F> {
    /// The wake-ups of `connection`.
    pub(crate) fn new(connection: F) -> Self {
        Self { connection, woken: None }
    }

    /// The connection itself.
    pub(crate) fn connection(&mut self) -> &mut F {
        &mut self.connection
    }
}

impl<F: Future + Unpin> Future for Holdable<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { connection, woken } = self.get_mut();
        // A connection stays in its task. In another one, that one is to be woken.
        if !woken.as_ref().is_some_and(|(task, _)| task.0.will_wake(cx.waker())) {
            *woken = None;
        }
        let (_, waker) = woken.get_or_insert_with(|| {
            let task = Arc::new(Task(cx.waker().clone()));
            let waker = Waker::from(Arc::clone(&task));
            (task, waker)
        });
        Pin::new(connection).poll(&mut Context::from_waker(waker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::body::Incoming;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use crate::net::body::collect;

    /// A task that only counts its wake-ups.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Count {
        fn new() -> (Arc<Self>, Waker) {
            let count = Arc::new(Self::default());
            (Arc::clone(&count), Waker::from(count))
        }

        fn so_far(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn task(waker: &Waker) -> Waker {
        Waker::from(Arc::new(Task(waker.clone())))
    }

    #[test]
    fn a_held_wake_up_is_passed_on_unless_it_is_forgotten() {
        let (count, waker) = Count::new();
        let task = task(&waker);
        let ((), wake) = hold(|| task.wake_by_ref());
        assert_eq!(count.so_far(), 0, "it is held");
        drop(wake);
        assert_eq!(count.so_far(), 1, "it is passed on");
        let taken = task.clone();
        let ((), wake) = hold(|| taken.wake());
        wake.forget();
        assert_eq!(count.so_far(), 1, "it is forgotten");
        task.wake_by_ref();
        assert_eq!(count.so_far(), 2, "no other is");
    }

    #[test]
    fn a_wake_up_from_another_thread_is_never_held() {
        let (count, waker) = Count::new();
        let task = task(&waker);
        let (_, wake) = hold(|| std::thread::scope(|scope| scope.spawn(|| task.wake_by_ref()).join()));
        assert_eq!(count.so_far(), 1);
        wake.forget();
    }

    #[test]
    fn of_two_connections_that_are_woken_at_once_none_is_forgotten_for_the_other() {
        let [(first, one), (second, other)] = [Count::new(), Count::new()];
        let (one, other) = (task(&one), task(&other));
        let ((), wake) = hold(|| {
            one.wake_by_ref();
            other.wake_by_ref();
        });
        drop(wake);
        assert_eq!((first.so_far(), second.so_far()), (1, 1));
    }

    #[test]
    fn a_panic_passes_the_wake_up_on_and_ends_the_hold() {
        let (count, waker) = Count::new();
        let task = task(&waker);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            hold(|| {
                task.wake_by_ref();
                panic!("while a frame is taken");
            })
        }));
        assert!(panicked.is_err() && count.so_far() == 1);
        task.wake_by_ref();
        assert_eq!(count.so_far(), 2);
    }

    #[test]
    fn a_future_is_polled_when_it_was_woken_and_in_every_new_task() {
        let (polls, own) = (AtomicUsize::new(0), std::sync::Mutex::new(Waker::noop().clone()));
        let mut future = WhenWoken::new(std::future::poll_fn(|cx| {
            *own.lock().unwrap() = cx.waker().clone();
            polls.fetch_add(1, Ordering::SeqCst);
            Poll::<()>::Pending
        }));
        let mut poll = |waker: &Waker| {
            assert!(Pin::new(&mut future).poll(&mut Context::from_waker(waker)).is_pending());
            polls.load(Ordering::SeqCst)
        };
        let (count, waker) = Count::new();
        assert_eq!((poll(&waker), poll(&waker)), (1, 1));
        own.lock().unwrap().wake_by_ref();
        assert_eq!(count.so_far(), 1, "its task is woken");
        assert_eq!((poll(&waker), poll(&waker)), (2, 2));
        let (_, another) = Count::new();
        assert_eq!((poll(&another), poll(&another)), (3, 3));
    }

    /// A server that repeats what it is told, and the other end of its connection.
    fn server(pipe: usize) -> (Holdable<impl Future<Output = hyper::Result<()>> + Unpin>, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(pipe);
        let service = service_fn(async |request: Request<Incoming>| {
            let told = collect(&mut request.into_body(), 1000).await.unwrap();
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from([b"<", &told[..], b">"].concat()))))
        });
        let builder = http1::Builder::new();
        (Holdable::new(builder.serve_connection(TokioIo::new(ours), service)), theirs)
    }

    /// What lies in the pipe now.
    fn read(client: &mut DuplexStream, so_far: &mut Vec<u8>) {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Ok(1..)) = std::pin::pin!(client.read_buf(so_far)).poll(&mut cx) {}
    }

    fn write(client: &mut DuplexStream, bytes: &[u8]) {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(std::pin::pin!(client.write_all(bytes)).poll(&mut cx).is_ready());
    }

    #[test]
    fn a_call_that_comes_whole_is_answered_by_one_poll_and_wakes_nobody() {
        let (mut connection, mut client) = server(4096);
        let (count, waker) = Count::new();
        let mut answers = Vec::new();
        for _ in 0..3 {
            write(&mut client, b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nwords");
            let before = count.so_far();
            assert!(Pin::new(&mut connection).poll(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!(count.so_far(), before);
            read(&mut client, &mut answers);
        }
        assert_eq!(String::from_utf8(answers).unwrap().matches("<words>").count(), 3);
    }

    /// As a runtime would: the connection is polled when it was woken, and never else.
    #[test]
    fn calls_in_pieces_of_any_size_are_answered_by_their_wake_ups_alone() {
        let calls = [
            &b"POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\nby size"[..],
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nin p\r\n5\r\nieces\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nby patience",
        ]
        .concat();
        let calls = calls.repeat(3);
        for (piece, pipe) in [(1, 1), (1, 4096), (2, 7), (3, 64), (17, 4096), (100, 100), (4096, 4096)] {
            let (mut connection, mut client) = server(pipe);
            let (count, waker) = Count::new();
            let (mut answers, mut seen) = (Vec::new(), None);
            let mut cx = Context::from_waker(&waker);
            for piece in calls.chunks(piece.min(pipe)) {
                let mut rest = piece;
                let mut rounds = 0..10_000;
                loop {
                    assert!(rounds.next().is_some(), "nobody is woken, and the pipe stays full");
                    if !rest.is_empty()
                        && let Poll::Ready(wrote) =
                            std::pin::pin!(client.write(rest)).poll(&mut Context::from_waker(Waker::noop()))
                    {
                        rest = &rest[wrote.unwrap()..];
                    }
                    if seen != Some(count.so_far()) {
                        seen = Some(count.so_far());
                        assert!(Pin::new(&mut connection).poll(&mut cx).is_pending());
                    }
                    read(&mut client, &mut answers);
                    if rest.is_empty() && seen == Some(count.so_far()) {
                        break;
                    }
                }
            }
            let answers = String::from_utf8(answers).unwrap();
            for told in ["<by size>", "<in pieces>", "<>", "<by patience>"] {
                assert_eq!(answers.matches(told).count(), 3, "{told} in pieces of {piece}: {answers}");
            }
        }
    }
}
