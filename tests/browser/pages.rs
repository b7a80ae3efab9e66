//! What holds of every page: it fits, it can be read, it speaks both languages.

use std::fmt::Write as _;

use crate::house::{Gate, House, snack_bar};
use crate::support::*;
use crate::tab::{LAPTOP, PHONE, Tab};

/// A bridge to which much has happened, and the pages that show it: their names and paths.
pub struct Furnished {
    pub house: House,
    _bot: Bot,
    pub pages: Vec<(&'static str, String)>,
}

impl Furnished {
    /// The same where no browser looks; `None` without one.
    #[track_caller]
    pub fn open() -> Option<(Self, Tab)> {
        let mut tab = Tab::open()?;
        let bot = snack_bar(&Gate::default());
        let house = House::before(&bot, "");
        house.enter(&mut tab);
        tab.go(&house.at("/console/talk"));
        tab.press_words("채팅방 들어가기");
        tab.press_words("가게 사진");
        tab.press_words("전체 메뉴");
        tab.press_words("다음 ▶");
        tab.says("(2/");
        // Real users.
        let entered = house.bridge.say(&Say::welcome(MINA));
        house.bridge.say(&Say::tap(MINA, &entered, "오늘의 메뉴"));
        house.bridge.say(&Say::words(JUN, "버튼에 없는 말"));
        tab.go(&house.at("/console/capture"));
        tab.press("input[name=yes]");
        tab.press_words("모든 사용자의 대화 남기기");
        tab.says("이 봇을 쓰는 모든 사용자의 대화를");
        let menu = house.bridge.say(&Say::welcome(JUN));
        let shown = house.bridge.say(&Say::tap(JUN, &menu, "가게 사진"));
        house.bridge.say(&Say::tap(JUN, &shown, "전체 메뉴"));
        tab.reload();
        tab.holds("document.querySelectorAll('.turn').length === 3");
        let turn = tab.script("return document.querySelectorAll('.turn a')[1].getAttribute('href')", vec![]);
        let turn = turn.as_str().unwrap();
        let pages = vec![
            ("start", "/console/".to_owned()),
            ("talk", "/console/talk".to_owned()),
            ("turns", "/console/turns".to_owned()),
            ("capture", "/console/capture".to_owned()),
            ("turn", format!("{turn}&again=1")),
        ];
        Some((Self { house, _bot: bot, pages }, tab))
    }
}

/// Words whose contrast with what is behind them is below 4.5 (WCAG 1.4.3), 3 where they are large; disabled ones may be.
const FAINT: &str = r"
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (css) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
  .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
const behind = (element) => {
  for (let own = element; own; own = own.parentElement) {
    const colour = rgba(getComputedStyle(own).backgroundColor);
    if (colour[3] > 250) return colour;
  }
  return [255, 255, 255];
};
const faint = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const words = walker.currentNode.textContent.trim();
  const element = walker.currentNode.parentElement;
  if (!words || element.closest('[disabled]') || !element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const [one, other] = [light(rgba(style.color)), light(behind(element))];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (contrast < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) faint.push(`${contrast.toFixed(1)}: ${words}`);
}
return faint;
";
/// What can be pressed and is smaller than a finger can press (WCAG 2.5.8: 24 CSS pixels); links in running words may be.
const SMALL: &str = r"
return [...document.querySelectorAll('button, select, summary, input, a.button, nav a')].filter((e) => {
  const { width, height } = e.getBoundingClientRect();
  return e.checkVisibility() && e.type !== 'hidden' && e.type !== 'checkbox' && (width < 24 || height < 24);
}).map((e) => e.outerHTML.slice(0, 120));
";

#[test]
fn every_page_fits_a_phone_and_a_laptop_in_the_light_and_in_the_dark_in_both_languages() {
    let Some((furnished, mut tab)) = Furnished::open() else { return };
    let mut flaws = String::new();
    for language in ["en", "ko"] {
        for (name, path) in &furnished.pages {
            let question = if path.contains('?') { '&' } else { '?' };
            tab.go(&furnished.house.at(&format!("{path}{question}lang={language}")));
            tab.holds(&format!("document.documentElement.lang === '{language}'"));
            for size in [PHONE, LAPTOP] {
                tab.size(size);
                if tab.scrolls_sideways() {
                    writeln!(flaws, "{name} {language} scrolls sideways at {size:?}").unwrap();
                }
                for is_dark in [false, true] {
                    tab.dark(is_dark);
                    for (what, check) in [("faint", FAINT), ("small", SMALL)] {
                        for found in tab.script(check, vec![]).as_array().unwrap() {
                            writeln!(flaws, "{name} {language} {size:?} dark={is_dark} {what}: {found}").unwrap();
                        }
                    }
                }
            }
        }
    }
    assert!(flaws.is_empty(), "{flaws}");
}

#[test]
fn the_dark_is_dark() {
    let Some((furnished, mut tab)) = Furnished::open() else { return };
    let (_, path) = &furnished.pages[0];
    tab.go(&furnished.house.at(path));
    let back = |tab: &Tab| tab.script("return getComputedStyle(document.body).backgroundColor", vec![]);
    let light = back(&tab);
    tab.dark(true);
    tab.until("it is dark", || (back(&tab) != light).then_some(()));
    let sum: u32 =
        back(&tab).as_str().unwrap().split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u32>().ok()).sum();
    assert!(sum < 3 * 64, "{sum}");
}

#[test]
fn pages_with_hangul_break_lines_between_words_and_say_their_language() {
    let Some((furnished, mut tab)) = Furnished::open() else { return };
    for (_, path) in &furnished.pages {
        tab.go(&furnished.house.at(path));
        tab.holds("getComputedStyle(document.body).wordBreak === 'keep-all'");
        tab.holds("document.querySelectorAll('h1').length === 1 && document.title.length > 0");
        let unnamed = "return [...document.querySelectorAll('input, select, button, a')].filter(e => e.type !== 'hidden' \
            && !e.hidden && !(e.textContent || '').trim() && !e.getAttribute('aria-label') && !(e.labels || []).length)\
            .map(e => e.outerHTML)";
        assert_eq!(tab.script(unnamed, vec![]), serde_json::json!([]), "{path}");
    }
}
