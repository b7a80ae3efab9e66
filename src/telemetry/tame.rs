//! Text from outside (paths, request ids, words of Kakao's and of bots) cannot forge a log line.
//!
//! One place for both formats, behind the formatter: a field that is added later is tamed like the others. JSON escapes
//! line ends by itself, but not what turns the direction of writing around; a pretty line shows a line end as the
//! beginning of a continuation, which no line begins like.

/// The beginning of each further line of a pretty event.
const CONTINUATION: &str = "    | ";

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineFormat {
    Json,
    Pretty,
}

/// The line with everything escaped that does more than stand there; its own line end stays.
pub(super) fn tame(line: Vec<u8>, format: LineFormat) -> Vec<u8> {
    let body = line.strip_suffix(b"\n").unwrap_or(&line);
    // Sixteen at a time: nearly all lines are plain.
    let is_plain = |bytes: &[u8]| bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
    if body.chunks(16).all(is_plain) {
        return line;
    }
    let mut tamed = String::with_capacity(line.len() + 32);
    for c in String::from_utf8_lossy(body).chars() {
        match (c, format) {
            ('\n', LineFormat::Pretty) => {
                tamed.push('\n');
                tamed.push_str(CONTINUATION);
            }
            // Colours of a terminal: the formatter has escaped those of values.
            ('\t' | '\u{1b}', LineFormat::Pretty) => tamed.push(c),
            (_, LineFormat::Pretty) if is_wild(c) => tamed.extend(c.escape_unicode()),
            (_, LineFormat::Json) if is_wild(c) => tamed.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => tamed.push(c),
        }
    }
    tamed.push('\n');
    tamed.into_bytes()
}

/// Control characters, line ends of all kinds, and those that turn the direction of writing around.
fn is_wild(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WILD: &str = "\u{202e}gnp.exe\u{9b}31m\u{7}";

    #[test]
    fn a_json_line_stays_json_and_says_the_same() {
        let line = format!("{{\"path\":\"/{WILD}가\"}}\n").replace('\u{7}', "\\u0007");
        let tamed = String::from_utf8(tame(line.clone().into_bytes(), LineFormat::Json)).unwrap();
        assert!(tamed.contains("\\u202egnp.exe\\u009b31m") && tamed.ends_with("가\"}\n"));
        let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        assert_eq!(value(&tamed), value(&line));
    }

    #[test]
    fn a_pretty_line_is_one_line_and_shows_what_came() {
        let line = format!("WARN refused path=/{WILD}\nINFO everything is fine\r\n");
        let tamed = String::from_utf8(tame(line.into_bytes(), LineFormat::Pretty)).unwrap();
        assert_eq!(tamed, "WARN refused path=/\\u{202e}gnp.exe\\u{9b}31m\\u{7}\n    | INFO everything is fine\\u{d}\n");
    }

    #[test]
    fn a_usual_line_is_left_alone() {
        let line = b"INFO turn bot=shop\n".to_vec();
        let at = line.as_ptr();
        let tamed = tame(line, LineFormat::Pretty);
        assert_eq!(tamed.as_ptr(), at);
    }
}
