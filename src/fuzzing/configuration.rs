//! A configuration is in force or refused with every problem at once; the same one again changes nothing.

use std::fs;

use crate::config::{Sources, load, restart_needed};
use crate::messages::Language;

/// What a file and variables say, `\x1e` between them: first the file, then `NAME=value` after `NAME=value`.
pub fn configuration(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0x1e);
    let path = std::env::temp_dir().join(format!("smartchat-bridge-fuzz-{}.toml", std::process::id()));
    fs::write(&path, parts.next().unwrap_or_default()).unwrap();
    let variable = |part: &[u8]| {
        let text = String::from_utf8_lossy(part).into_owned();
        text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let environment: Vec<_> = parts.filter_map(variable).collect();
    let sources = Sources { file: Some(&path), environment, ..Sources::default() };
    match load(&sources) {
        Ok(loaded) => {
            let again = load(&sources).expect("what was good is good");
            assert_eq!(restart_needed(&loaded.settings, &again.settings), Vec::<&str>::new());
            for value in &loaded.effective {
                let _shown = format!("{value:?}");
            }
        }
        Err(problems) => {
            assert!(!problems.0.is_empty(), "a refusal says why");
            for problem in &problems.0 {
                for language in [Language::Korean, Language::English] {
                    assert!(!problem.message.text(language).is_empty());
                }
            }
        }
    }
}
