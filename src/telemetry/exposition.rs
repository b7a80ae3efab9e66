//! The text that Prometheus scrapes (text format 0.0.4).
//!
//! Written here, sixty lines, because the well-kept crates either hide a mutex in every histogram or write
//! OpenMetrics only, in which a counter's help stands under another name than its samples and `promtool check
//! metrics` complains.

use std::fmt::Write;

/// A page of metrics in the making.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
}

impl Page {
    /// Begins a metric: its samples must follow at once.
    pub(crate) fn metric(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// One sample. Label values must be of a bounded set; they are escaped.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.line(format_args!("{name}"));
        self.labels(labels, None);
        self.line(format_args!(" {value}\n"));
    }

    /// The samples of a histogram: `buckets` are upper bounds in seconds and how many fell up to each, not
    /// cumulated; `count` and `sum` are of all.
    pub(crate) fn histogram(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        buckets: &[(f64, u64)],
        count: u64,
        sum: f64,
    ) {
        let mut so_far = 0;
        for (bound, fell) in buckets {
            so_far += fell;
            self.line(format_args!("{name}_bucket"));
            self.labels(labels, Some(&bound.to_string()));
            self.line(format_args!(" {so_far}\n"));
        }
        self.line(format_args!("{name}_bucket"));
        self.labels(labels, Some("+Inf"));
        self.line(format_args!(" {count}\n"));
        for (suffix, value) in [("_sum", sum.to_string()), ("_count", count.to_string())] {
            self.line(format_args!("{name}{suffix}"));
            self.labels(labels, None);
            self.line(format_args!(" {value}\n"));
        }
    }

    fn labels(&mut self, labels: &[(&str, &str)], bound: Option<&str>) {
        let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        for (place, (name, value)) in all.enumerate() {
            self.line(format_args!("{}{name}=\"", if place == 0 { "{" } else { "," }));
            for c in value.chars() {
                match c {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    c => self.text.push(c),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() || bound.is_some() {
            self.text.push('}');
        }
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String has no way to fail.
        let _never_fails = self.text.write_fmt(text);
    }

    /// The text.
    #[must_use]
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_prometheus_reads() {
        let mut page = Page::default();
        page.metric("bridge_turns_total", Kind::Counter, "Turns.");
        page.sample("bridge_turns_total", &[("bot", "a\"b\\\n"), ("plan", "ask")], 3.0);
        page.metric("bridge_turn_duration_seconds", Kind::Histogram, "Durations.");
        page.histogram("bridge_turn_duration_seconds", &[], &[(0.1, 2), (1.0, 1)], 4, 9.5);
        assert_eq!(
            page.finish(),
            "# HELP bridge_turns_total Turns.\n# TYPE bridge_turns_total counter\n\
             bridge_turns_total{bot=\"a\\\"b\\\\\\n\",plan=\"ask\"} 3\n\
             # HELP bridge_turn_duration_seconds Durations.\n# TYPE bridge_turn_duration_seconds histogram\n\
             bridge_turn_duration_seconds_bucket{le=\"0.1\"} 2\nbridge_turn_duration_seconds_bucket{le=\"1\"} 3\n\
             bridge_turn_duration_seconds_bucket{le=\"+Inf\"} 4\nbridge_turn_duration_seconds_sum 9.5\n\
             bridge_turn_duration_seconds_count 4\n"
        );
    }
}
