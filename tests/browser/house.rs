//! A bridge as an operator runs it, the old bot behind it, and the console before it.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::*;
use crate::tab::Tab;

/// Something that only a test opens.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub fn pass(&self) {
        let (is_open, news) = &*self.0;
        drop(news.wait_timeout_while(is_open.lock().unwrap(), PATIENCE, |is_open| !*is_open).unwrap());
    }
}

/// A snack bar's old bot; what takes long there takes until the gate is open.
pub fn snack_bar(gate: &Gate) -> Bot {
    let gate = gate.clone();
    let home = ["오늘의 메뉴", "전체 메뉴", "가게 사진", "주문 확인"];
    let dishes: Vec<String> = (1..=25).map(|number| format!("메뉴 {number}")).collect();
    Bot::before(bot::home(&home), move |asked| match asked.content().as_str() {
        "오늘의 메뉴" => buttons("오늘은 떡볶이와 김밥입니다.\n11시부터 20시까지 엽니다.", &home),
        "전체 메뉴" => {
            let dishes: Vec<&str> = dishes.iter().map(String::as_str).collect();
            buttons("무엇을 드릴까요?", &dishes)
        }
        "가게 사진" => reply(photo()),
        "주문 확인" => {
            gate.pass();
            words("주문하신 김밥 두 줄이 준비되었습니다.")
        }
        "고장" => status(500, "<html><script>document.title = 'hit'</script>"),
        "오래된 파일" => reply("\u{feff}{\"message\":{\"text\":\"파일 앞에 BOM이 있습니다\"}}"),
        said => words(&format!("{said}: 접수했습니다.")),
    })
}

fn photo() -> Value {
    json!({
        "message": {
            "text": "역 앞 2층입니다.",
            "photo": { "url": "https://snack.example/front.jpg", "width": 640, "height": 480 },
            "message_button": { "label": "찾아오는 길", "url": "https://snack.example/way" },
        },
        "keyboard": { "type": "buttons", "buttons": ["오늘의 메뉴", "전체 메뉴"] },
    })
}

/// The real program, and the sign-in link that it printed.
pub struct House {
    pub bridge: Program,
    pub link: String,
    file: PathBuf,
    _folder: TempDir,
}

impl House {
    /// Before one bot called `shop`, with these lines of its own.
    #[track_caller]
    pub fn before(bot: &Bot, own: &str) -> Self {
        Self::start(bot, own, &[])
    }

    /// The same where what lasts ten minutes lasts so long.
    #[track_caller]
    pub fn in_a_hurry(bot: &Bot, own: &str, ten_minutes: Duration) -> Self {
        Self::start(bot, own, &[("SMARTCHAT_TEN_MINUTES", &ten_minutes.as_millis().to_string())])
    }

    #[track_caller]
    fn start(bot: &Bot, own: &str, environment: &[(&str, &str)]) -> Self {
        let (folder, file) = bridge::file(&bridge::shop(bot, own));
        let mut bridge = Program::start(&["--config", file.to_str().unwrap()], environment);
        let printed = bridge.printed_until("/console/sign-in?key=");
        let link = printed.split_whitespace().find(|word| word.contains("?key=")).unwrap().to_owned();
        Self { bridge, link, file, _folder: folder }
    }

    /// Another configuration is in force.
    #[track_caller]
    pub fn reload(&self, bot: &Bot, own: &str) {
        let (_folder, file) = bridge::file(&bridge::shop(bot, own));
        std::fs::copy(file, &self.file).unwrap();
        self.bridge.signal("HUP");
        self.bridge.wait_for("the new configuration is in force");
    }

    /// The whole address of a path of the console.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.bridge.admin)
    }

    /// Opens the link and presses its button.
    #[track_caller]
    pub fn enter(&self, tab: &mut Tab) {
        tab.go(&self.link);
        tab.press("main form button");
        tab.arrives_at("/console/");
    }

    /// A browser that has signed in and is at this path.
    #[track_caller]
    pub fn enter_at(&self, path: &str) -> Option<Tab> {
        let mut tab = Tab::open()?;
        self.enter(&mut tab);
        tab.go(&self.at(path));
        Some(tab)
    }
}
