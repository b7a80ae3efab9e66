//! The resources of this process, from `/proc/self`, under the names that Prometheus gives such metrics (prometheus.io,
//! "Writing client libraries", process metrics).
//!
//! Read when metrics are scraped, on the operators' thread. Where there is no `/proc`, as on macOS, nothing is said.
//! Rejected: the `procfs` crate, which does not compile there and brings five others for six numbers.

use std::path::Path;

use crate::files;

/// Ticks of a second in `/proc/self/stat`: 100 on every Linux that Rust compiles for.
const TICKS: f64 = 100.0;
/// Far more than either file has.
const LONGEST: u64 = 64 * 1024;

/// The resources of a process. `None` where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ProcessUsage {
    /// User and system time, in seconds.
    pub(crate) cpu_seconds: Option<f64>,
    /// Memory in RAM, in bytes.
    pub(crate) resident_bytes: Option<f64>,
    /// Address space, in bytes.
    pub(crate) virtual_bytes: Option<f64>,
    /// Threads.
    pub(crate) threads: Option<f64>,
    /// Files and connections that are open.
    pub(crate) open_files: Option<f64>,
    /// How many may be open: the soft limit.
    pub(crate) max_files: Option<f64>,
}

impl ProcessUsage {
    /// The resources of this process now.
    #[must_use]
    pub(crate) fn read() -> Self {
        let text = |path: &str| {
            let bytes = files::read(Path::new(path), LONGEST).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let open_files = open_files();
        Self {
            open_files,
            max_files: open_files.and_then(|_| rlimit::Resource::NOFILE.get_soft().ok()).map(number),
            ..Self::parse(&text("/proc/self/stat"), &text("/proc/self/status"))
        }
    }

    /// Reads `stat` and `status` of a process.
    fn parse(stat: &str, status: &str) -> Self {
        // The name of the program stands in brackets and may hold blanks and brackets itself. proc(5) counts from 1, and
        // behind the name comes field 3.
        let fields: Vec<f64> = stat
            .rsplit_once(')')
            .map_or("", |(_, fields)| fields)
            .split_whitespace()
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        let field = |number: usize| fields.get(number - 3).copied();
        let kibibytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<f64>().ok().map(|kibibytes| kibibytes * 1024.0)
        };
        Self {
            cpu_seconds: field(14).zip(field(15)).map(|(user, system)| (user + system) / TICKS),
            threads: field(20),
            virtual_bytes: field(23),
            // `stat` counts it in pages, whose size it does not tell.
            resident_bytes: kibibytes("VmRSS"),
            ..Self::default()
        }
    }
}

fn open_files() -> Option<f64> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    // The folder itself was open while it was read.
    u64::try_from(open.saturating_sub(1)).ok().map(number)
}

#[allow(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_and_status_are_read_whatever_the_program_is_called() {
        let stat = "4711 (a) b (c) S 1 4711 4711 0 -1 4194560 500 0 0 0 250 50 0 0 20 0 7 0 12345 104857600 2048 \
                    18446744073709551615 1 1 0 0 0 0 0 4096 0";
        let status = "Name:\ta) b (c\nVmPeak:\t  200000 kB\nVmSize:\t  102400 kB\nVmRSS:\t    8192 kB\nThreads:\t7\n";
        let expected = ProcessUsage {
            cpu_seconds: Some(3.0),
            resident_bytes: Some(8_388_608.0),
            virtual_bytes: Some(104_857_600.0),
            threads: Some(7.0),
            ..ProcessUsage::default()
        };
        assert_eq!(ProcessUsage::parse(stat, status), expected);
    }

    #[test]
    fn what_cannot_be_read_is_not_said() {
        for (stat, status) in [("", ""), ("1 (a) S 1", "VmRSS:\n"), ("no stat", "VmRSS: many kB")] {
            assert_eq!(ProcessUsage::parse(stat, status), ProcessUsage::default());
        }
    }
}
