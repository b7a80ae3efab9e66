//! The program; everything is in the library.

fn main() -> std::process::ExitCode {
    smartchat_bridge::cli::main()
}
