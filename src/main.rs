//! The program; everything is in the library.

/// musl's own allocator maps and unmaps memory in most turns: a turn of the static program cost 1.8 times the CPU of one
/// on glibc (docs/performance.md).
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    smartchat_bridge::cli::main()
}
