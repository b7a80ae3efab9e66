//! Exit codes, the same for every command.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// As wanted.
    Success,
    /// It did not work.
    Failure,
    /// It worked, and something is wrong with what was looked at.
    Findings,
    /// The command line makes no sense (sysexits.h: EX_USAGE).
    Usage,
    /// The configuration is wrong (sysexits.h: EX_CONFIG).
    Configuration,
}

impl Exit {
    /// The number that the shell sees.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Findings => 2,
            Self::Usage => 64,
            Self::Configuration => 78,
        }
    }
}
