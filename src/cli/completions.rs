//! `completions`: a script for a shell.

use std::io::{self, Write};

use clap_complete::Shell;

use super::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  smartchat-bridge completions bash > ~/.local/share/bash-completion/completions/smartchat-bridge
  smartchat-bridge completions zsh > \"${fpath[1]}/_smartchat-bridge\"
  smartchat-bridge completions fish > ~/.config/fish/completions/smartchat-bridge.fish
";

/// What the command takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// For which shell
    shell: Shell,
}

/// Writes the script for `command` to standard output.
pub(super) fn run(args: &Args, command: &mut clap::Command) -> io::Result<Exit> {
    // Written to memory first: the generator panics where standard output is gone.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "smartchat-bridge", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Success)
}
