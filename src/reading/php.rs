//! Messages that PHP prints into an answer: warnings, notices, deprecations (legacy.md 3).
//!
//! An old bot prints none as long as its PHP is as old as the bot. After an upgrade `display_errors` puts them before or
//! behind the JSON, and the reply is whole all the same. They are recognised by PHP's own wording and by nothing else:
//! a level, then words, then ` on line ` and a number. Rejected: skipping everything up to the first brace, which would
//! take an error page with a brace in its script for a reply.

/// PHP's levels, as it words them.
const LEVELS: [&str; 11] = [
    "Warning",
    "Notice",
    "Deprecated",
    "Fatal error",
    "Parse error",
    "Strict Standards",
    "Strict standards",
    "Recoverable fatal error",
    "Catchable fatal error",
    "Core Warning",
    "Compile Warning",
];

/// Longest message, in bytes: PHP itself cuts at `log_errors_max_len`, 1024 by default, beside the path of a file.
const LONGEST: usize = 16 * 1024;

/// The part of `text` behind the PHP messages at its beginning; `None` when there is no such message.
pub(super) fn skip(text: &str) -> Option<&str> {
    let mut rest = text;
    let mut skipped = false;
    while let Some(behind) = message(breaks(rest)) {
        rest = breaks(behind);
        skipped = true;
    }
    skipped.then_some(rest)
}

/// Skips white space and HTML line breaks, which stand around each message.
fn breaks(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        match ["<br />", "<br/>", "<br>"].iter().find_map(|tag| text.strip_prefix(tag)) {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// Skips one message: `<b>Warning</b>:  words in <b>file</b> on line <b>3</b>`, or the same without markup.
fn message(text: &str) -> Option<&str> {
    let text = text.strip_prefix("PHP ").unwrap_or(text);
    let (bold, text) = match text.strip_prefix("<b>") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let text = LEVELS.iter().find_map(|level| text.strip_prefix(level))?;
    let text = if bold { text.strip_prefix("</b>")? } else { text };
    let text = text.strip_prefix(':')?;
    let number = if bold { " on line <b>" } else { " on line " };
    let within = text.get(..floor(text, LONGEST))?;
    let behind = text.get(within.find(number)? + number.len()..)?;
    let rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == behind.len() {
        return None;
    }
    if bold { rest.strip_prefix("</b>") } else { Some(rest) }
}

/// The largest boundary between characters up to `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_php_are_skipped_in_both_forms() {
        let html =
            "<br />\n<b>Warning</b>:  Undefined array key \"x\" in <b>/var/www/bot.php</b> on line <b>12</b><br />\n";
        let plain = "\nDeprecated: Function each() is deprecated in /var/www/bot.php on line 7\n";
        let cli = "PHP Notice:  Undefined index: 급식 in /var/www/bot.php on line 3\n";
        for before in [html, plain, cli] {
            assert_eq!(skip(&format!("{before}{{\"a\":1}}")), Some("{\"a\":1}"), "{before}");
        }
        assert_eq!(skip(&format!("{html}{html}{plain}{{}}")), Some("{}"));
    }

    #[test]
    fn what_is_no_message_of_php_is_left_alone() {
        for text in [
            "",
            "{\"message\":{\"text\":\"Warning: it is hot on line 2\"}}",
            "<html><script>var a = {}</script>",
            "Warning: nobody knows where\n{\"a\":1}",
            "Warning:  cut in /bot.php on line ",
            "<b>Warning</b>: words on line <b>x</b>{}",
            "<b>Achtung</b>: words on line <b>3</b>{}",
        ] {
            assert_eq!(skip(text), None, "{text}");
        }
        assert_eq!(skip(&format!("Warning: {} on line 3{{}}", "가".repeat(LONGEST))), None);
    }
}
