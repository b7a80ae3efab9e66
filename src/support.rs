//! Rank 5: one file to send to whoever helps. It holds what an operator would be asked for, and nothing of a user.
//!
//! Each part is free of secrets by itself: the configuration shows dots, a check repeats nothing of a bot's pages, and
//! the operators' listener tells numbers. All the same every secret of the configuration is looked for in the whole and
//! blotted out, for a file like this is sent by mail and pasted into chats.

use std::fmt::Write as _;

use serde_json::Value;

use crate::check::report::Report;
use crate::config::{Effective, Problems, Settings};
use crate::messages::{Language, Message, support as messages};

/// Series of the metrics page that are kept.
const SERIES: usize = 2000;
/// Values shorter than this are not looked for: a header may have the value `bridge`, which stands in every other line.
const SHORTEST_SECRET: usize = 8;

/// What the running bridge says.
#[derive(Debug, Clone, Default)]
pub(crate) struct BridgeState {
    /// The body of `/readyz`.
    pub(crate) readiness: String,
    /// The body of `/metrics`.
    pub(crate) metrics: String,
}

/// Everything that is in force, or why nothing is.
pub(crate) struct Parts<'a> {
    pub(crate) configuration: Result<(&'a Settings, &'a [Effective]), &'a Problems>,
    pub(crate) reports: &'a [Report],
    pub(crate) bridge: Result<BridgeState, Message>,
}

/// The file.
pub(crate) fn compose(parts: &Parts<'_>, language: Language) -> String {
    let text = |message: Message| message.text(language);
    let mut file = format!("# {}\n\n", text(messages::title()));
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let _infallible = writeln!(file, "{}", text(messages::version(env!("CARGO_PKG_VERSION"), system)));
    let mut section = |heading: Message, body: &str| {
        let _infallible = write!(file, "\n## {}\n\n{}\n", heading.text(language), body.trim_end());
    };
    match parts.configuration {
        Ok((_, effective)) => {
            let line = |one: &Effective| format!("{} = {}  # {}", one.key, one.value, one.origin);
            section(messages::configuration(), &effective.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        Err(problems) => section(messages::problems(), &problems.told(language)),
    }
    let reports: Vec<_> = parts.reports.iter().map(|report| report.text(language)).collect();
    let reports = if reports.is_empty() { text(messages::no_bots()) } else { reports.join("\n") };
    section(messages::bots(), &reports);
    match &parts.bridge {
        Ok(state) => {
            let readiness: Value = serde_json::from_str(&state.readiness).unwrap_or_default();
            section(messages::bridge(), &format!("{readiness:#}"));
            section(messages::counts(), &counted(&state.metrics));
        }
        Err(problem) => section(messages::bridge(), &problem.told(language)),
    }
    let secrets = parts.configuration.map_or_else(|_| Vec::new(), |(settings, _)| secrets(settings));
    blotted(file, &secrets)
}

/// The samples of a metrics page that are not zero.
fn counted(metrics: &str) -> String {
    let sample = |line: &&str| !line.starts_with('#') && line.rsplit(' ').next().is_some_and(|value| value != "0");
    metrics.lines().filter(sample).take(SERIES).collect::<Vec<_>>().join("\n")
}

/// Every secret of a configuration.
fn secrets(settings: &Settings) -> Vec<String> {
    let admin = &settings.admin;
    let mut secrets: Vec<Vec<u8>> = Vec::new();
    let of_all = [&admin.token, &admin.metrics_token, &settings.log.key];
    secrets.extend(of_all.into_iter().flatten().map(|secret| secret.expose().to_vec()));
    if let Some(alert) = &settings.alert {
        secrets.push(alert.expose().path().as_bytes().to_vec());
    }
    for bot in settings.bots.values() {
        let values = bot.secret.iter().flat_map(|secret| &secret.values).chain(&bot.channel_key);
        secrets.extend(values.map(|secret| secret.expose().to_vec()));
        secrets.extend(bot.headers.iter().map(|(_, value)| value.as_bytes().to_vec()));
    }
    secrets.into_iter().filter_map(|secret| String::from_utf8(secret).ok()).collect()
}

/// The longest first, for one secret may begin with another.
fn blotted(mut file: String, secrets: &[String]) -> String {
    let mut secrets: Vec<&String> = secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET).collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        if file.contains(secret.as_str()) {
            file = file.replace(secret.as_str(), "…");
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_got_in_all_the_same_is_blotted_out() {
        let secrets = ["12345678".to_owned(), "1234567890".to_owned(), "bridge".to_owned()];
        assert_eq!(blotted("a 1234567890 b 12345678 bridge".to_owned(), &secrets), "a … b … bridge");
    }

    #[test]
    fn what_is_zero_is_not_told() {
        assert_eq!(counted("# HELP a\na 0\nb{x=\"0\"} 2\nc 0.5"), "b{x=\"0\"} 2\nc 0.5");
    }
}
