//! Rank 5: the command line. Every command is a thin face over the library; none decides anything itself.
//!
//! Results that scripts read go to standard output, in a form that does not change with the terminal's size or colours;
//! messages about them go to standard error. Exit codes: 0 ok, 1 failure, 2 findings, 64 usage (clap's own 2 would read
//! as findings), 78 configuration (sysexits.h, as systemd's `RestartPreventExitStatus` knows it).

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::messages::{Language, start as messages};

mod check;
mod completions;
mod config;
mod demo;
mod exit;
mod greeting;
mod health;
mod output;
mod say;
mod serve;
mod sources;
mod support;
mod test;
mod translate;

use exit::Exit;
use output::refuse;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge demo                                 try it: an old bot and the bridge before it
  smartchat-bridge serve --bot http://old-bot:8000      one bot, everything else by default
  smartchat-bridge serve --config bridge.toml           several bots, secrets, texts
  smartchat-bridge say \"오늘의 메뉴\"                      speak to a running bridge as KakaoTalk would
  smartchat-bridge check http://old-bot:8000            what that bot is like, and what its users will notice
  smartchat-bridge test meal.toml                       plays a conversation, and tells what came differently
  smartchat-bridge translate < reply.json               how one reply of your bot will look
  smartchat-bridge config check --config bridge.toml    every problem of a file at once

Exit codes: 0 ok, 1 failure, 2 findings, 64 wrong usage, 78 wrong configuration.
";

/// Puts an unchanged KakaoTalk "API-type smart chat" bot server behind Kakao i OpenBuilder.
#[derive(Debug, Parser)]
#[command(name = "smartchat-bridge", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    /// The language of what is told to people; without it LC_ALL, LC_MESSAGES or LANG say, else English
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    lang: Option<Tongue>,
    #[command(subcommand)]
    command: Command,
}

/// A language as a flag has it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tongue {
    Ko,
    En,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Ko => Self::Korean,
            Tongue::En => Self::English,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the bridge
    Serve(serve::Args),
    /// Runs an embedded old bot and the bridge before it, to play with
    Demo(demo::Args),
    /// Speaks to a bridge as KakaoTalk would, and draws what comes back
    Say(say::Args),
    /// Finds out what an old bot is like, and what its users will notice
    Check(check::Args),
    /// Plays written conversations against a bot, and tells what came differently
    Test(test::Args),
    /// Translates an old bot's reply into a skill response
    Translate(translate::Args),
    /// Checks, shows and explains the configuration
    Config(config::Args),
    /// Tells by its exit code whether a bridge answers
    Health(health::Args),
    /// Writes one file, without secrets, to send to whoever helps
    Support(support::Args),
    /// Prints a completion script for a shell
    Completions(completions::Args),
}

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// The program with these arguments, the program's name first; its exit code.
#[must_use]
pub fn run<I, T>(arguments: I) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    match Cli::try_parse_from(arguments) {
        Ok(Cli { lang, command }) => {
            let language = lang.map_or_else(|| crate::config::language(&crate::config::environment()), Language::from);
            finished(command.run(language), language).code()
        }
        Err(mut error) => {
            hide_values(&mut error);
            // Nowhere left to tell that it could not be told.
            let _ignored = error.print();
            if error.use_stderr() { Exit::Usage.code() } else { Exit::Success.code() }
        }
    }
}

/// Takes out of a usage error what may be a secret: `--set channel_key VALUE` and `--header 'x-skill-secret VALUE'` are
/// easy mistakes, and errors are pasted into chats.
fn hide_values(error: &mut clap::Error) {
    let hidden = || ContextValue::String(String::from("…"));
    let Some(argument) = error.get(ContextKind::InvalidArg).map(ToString::to_string) else { return };
    let of_secrets = argument.starts_with("--set ") || argument.starts_with("--header ");
    if error.kind() == ErrorKind::ValueValidation && of_secrets {
        error.insert(ContextKind::InvalidValue, hidden());
    } else if error.kind() == ErrorKind::UnknownArgument && !argument.starts_with('-') {
        error.insert(ContextKind::InvalidArg, hidden());
        error.remove(ContextKind::Suggested);
    }
}

/// The definition of the command line, for documents and their tests.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

impl Command {
    fn run(self, language: Language) -> io::Result<Exit> {
        match self {
            Self::Serve(args) => Ok(serve::run(&args, language)),
            Self::Demo(args) => demo::run(&args, language),
            Self::Say(args) => say::run(&args, language),
            Self::Check(args) => check::run(&args, language),
            Self::Test(args) => test::run(&args, language),
            Self::Translate(args) => translate::run(&args),
            Self::Config(args) => config::run(&args, language),
            Self::Support(args) => support::run(&args, language),
            Self::Health(args) => Ok(health::run(&args)),
            Self::Completions(args) => completions::run(&args, &mut command()),
        }
    }
}

/// A runtime for a command: one thread, nothing of it outlives the command.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// A reader that went away (`| head`) is no failure; anything else about input and output is.
fn finished(result: io::Result<Exit>, language: Language) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => {
            refuse(&messages::not_written(error.to_string()), language);
            Exit::Failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_defined_without_contradiction() {
        command().debug_assert();
    }

    #[test]
    fn every_command_has_a_line_of_help_and_examples() {
        for command in command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} says what it does");
            assert!(
                command.get_after_help().is_some_and(|help| help.to_string().contains(name)),
                "{name} has examples"
            );
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert_eq!(finished(Err(io::ErrorKind::BrokenPipe.into()), Language::English), Exit::Success);
        assert_eq!(finished(Err(io::ErrorKind::PermissionDenied.into()), Language::English), Exit::Failure);
    }
}
