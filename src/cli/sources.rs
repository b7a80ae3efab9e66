//! Where a command's configuration comes from: the flags that `serve` and `config` share.

use std::path::PathBuf;

use crate::config::{Flag, environment};
use crate::reload::OwnedSources;

/// Flags of configuration. What is left out comes from the environment, the file, the defaults.
#[derive(Debug, Default, clap::Args)]
pub(super) struct SourceArgs {
    /// The configuration file; without it the one BRIDGE_CONFIG names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The old bot's address, with its base path if it has one; short for --set bots.default.url=URL
    #[arg(long, value_name = "URL")]
    bot: Option<String>,
    /// Where OpenBuilder calls [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where operators look: metrics and readiness [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDR")]
    admin: Option<String>,
    /// Any key of the configuration; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

impl SourceArgs {
    /// The sources, the environment included. Flags are told apart by their names in problems.
    pub(super) fn sources(&self) -> OwnedSources {
        let named = [
            ("--bot", "bots.default.url", &self.bot),
            ("--listen", "listen", &self.listen),
            ("--admin", "admin.listen", &self.admin),
        ];
        let flag = |key: &str, value: &str, name: &str| Flag {
            key: key.to_owned(),
            value: value.to_owned(),
            name: name.to_owned(),
        };
        let mut flags: Vec<_> = self.set.iter().map(|(key, value)| flag(key, value, "--set")).collect();
        flags.extend(named.into_iter().filter_map(|(name, key, value)| Some(flag(key, value.as_deref()?, name))));
        OwnedSources { file: self.config.clone(), environment: environment(), flags }
    }
}

/// `KEY=VALUE`.
pub(super) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(String::from("write KEY=VALUE, such as callback.after=3s")),
    }
}
