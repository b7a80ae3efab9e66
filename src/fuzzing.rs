//! What the fuzz targets in `fuzz/` do with their bytes, and the same for `cargo test`.
//!
//! Every function here takes any bytes and panics only where the bridge broke a promise. libFuzzer looks for such bytes;
//! the tests below play what it found, and the seeds it starts from, so that a find stays mended without a fuzzer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "compiled for tests and fuzzers only; a panic is how they tell"
)]

mod bot;
mod channel;
mod configuration;
mod conversation;
mod mark;
mod reply;
mod server;
mod skill_call;
mod turn;

pub use self::channel::channel;
pub use self::configuration::configuration;
pub use self::conversation::conversation;
pub use self::mark::mark;
pub use self::reply::reply;
pub use self::server::server;
pub use self::skill_call::skill_call;
pub use self::turn::turn;

/// A runtime of one input: its clock stands still, and jumps to the next timer when nothing else is left to do.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Plays every file in `tests/fuzz/<name>/`, and those in the folders of documented samples.
    fn play(name: &str, others: &[&str], target: fn(&[u8])) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("tests/fuzz").join(name)];
        folders.extend(others.iter().map(|folder| root.join(folder)));
        let mut played = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                // The name of the file that breaks it stands above the panic.
                println!("{}", path.display());
                target(&fs::read(path).unwrap());
                played += 1;
            }
        }
        assert!(played > 0, "no file was played");
    }

    #[test]
    fn skill_calls_that_broke_it_once_do_no_more() {
        play("skill_call", &["tests/payloads"], super::skill_call);
    }

    #[test]
    fn replies_that_broke_it_once_do_no_more() {
        play("reply", &["tests/golden/reading"], super::reply);
    }

    #[test]
    fn marks_that_broke_it_once_do_no_more() {
        play("mark", &[], super::mark);
    }

    #[test]
    fn channel_events_that_broke_it_once_do_no_more() {
        play("channel", &[], super::channel);
    }

    #[test]
    fn configurations_that_broke_it_once_do_no_more() {
        play("configuration", &["tests/golden/config"], super::configuration);
    }

    #[test]
    fn conversations_that_broke_it_once_do_no_more() {
        play("conversation", &[], super::conversation);
    }

    #[test]
    fn servers_that_broke_it_once_do_no_more() {
        play("server", &[], super::server);
    }

    #[test]
    fn turns_that_broke_it_once_do_no_more() {
        play("turn", &["tests/payloads"], super::turn);
    }
}
