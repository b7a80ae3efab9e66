//! What stands on the pages, in both languages.

use std::path::Path;

use super::*;

/// Every page that a browser can be shown.
const PAGES: [&str; 3] = ["/console/", "/console/turns", "/console/nowhere"];

/// The words of a page without its marks and attributes.
fn words_of(page: &str) -> String {
    page.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text)).collect::<Vec<_>>().join(" ")
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

#[test]
fn an_english_page_has_no_korean_and_a_korean_one_has_korean() {
    let bot = old_bot();
    let bridge = Bridge::of(&bot, "");
    let mut korean = Browser::signed_in(&bridge);
    let mut english = Browser::signed_in(&bridge).in_english();
    for path in PAGES.into_iter().chain(["/console/sign-in?key=over"]) {
        if path.contains("sign-in") {
            (korean, english) = (Browser::new(bridge.admin), Browser::new(bridge.admin).in_english());
        }
        // The way to the other language is named in that language, and OpenBuilder's screens as they are.
        let page = words_of(&english.get(path).body);
        let page = ["한국어", "스킬데이터 사용", "AI 챗봇"].iter().fold(page, |page, name| page.replace(name, ""));
        assert!(!has_hangul(&page), "{path}: {page}");
        assert!(has_hangul(&words_of(&korean.get(path).body)), "{path}");
    }
}

/// Words that stand in the source of a page cannot be in two languages.
#[test]
fn no_page_has_a_word_outside_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console");
    let mut pages = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        let code: String =
            source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        assert!(!has_hangul(&code), "{}", path.display());
        // In a page a text stands behind a brace, a semicolon or another text; the value of an attribute does not.
        for markup in code.split("html! {").skip(1) {
            pages += 1;
            let (mut depth, mut before) = (1_i32, "{");
            for (place, piece) in markup.split('"').enumerate() {
                let is_text = place % 2 == 1;
                let stands_alone = before.ends_with(['{', '}', ';', ')', '"']) && !before.ends_with("={");
                let words = piece.replace("\\n", "");
                if is_text && stands_alone {
                    assert!(!words.chars().any(char::is_alphabetic), "{}: {piece:?}", path.display());
                }
                if is_text {
                    continue;
                }
                let ends = piece.chars().any(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    depth == 0
                });
                if ends {
                    break;
                }
                before = piece.trim_end();
            }
        }
    }
    assert!(pages > 10, "{pages}");
}
