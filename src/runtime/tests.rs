use super::*;

#[test]
fn nothing_runs_when_a_later_thread_cannot_be_started() {
    let (stop, ended) = (Stop::default(), Arc::new(AtomicUsize::new(0)));
    let (stops, ends) = (stop.clone(), Arc::clone(&ended));
    let serves = run_on_a_thread("bridge-test".to_owned(), async move {
        stops.gently.cancelled().await;
        stops.now.cancelled().await;
        ends.fetch_add(1, Ordering::Relaxed);
    });
    let none_left = Err(StartError::Thread(std::io::ErrorKind::WouldBlock.into()));
    let never_asked_for = std::iter::once_with(|| unreachable!());
    assert!(all_or_none(&stop, [serves, none_left].into_iter().chain(never_asked_for)).is_err());
    assert_eq!(ended.load(Ordering::Relaxed), 1);
}

/// S6: `getaddrinfo` blocks a thread of the runtime, and nothing can end it before its time.
#[test]
fn a_name_look_up_that_hangs_does_not_hold_the_end_of_a_thread() {
    let (answer, hangs) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let thread = run_on_a_thread("bridge-test".to_owned(), async move {
        let look_up = tokio::task::spawn_blocking(move || {
            begun.send(()).unwrap();
            hangs.recv()
        });
        // The stop takes the work away from the caller who waits for it.
        has_begun.recv().unwrap();
        drop(look_up);
    });
    let thread = thread.unwrap();
    let (end, ended) = std::sync::mpsc::channel();
    let joins = thread::spawn(move || {
        thread.join().unwrap();
        end.send(()).unwrap();
    });
    let in_time = ended.recv_timeout(Duration::from_secs(10));
    drop(answer);
    joins.join().unwrap();
    assert!(in_time.is_ok(), "it waits for the look-up");
}
