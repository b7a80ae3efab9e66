//! Walking through a bot by its buttons, as somebody who presses everything once.
//!
//! The bot really acts on it. So nothing is ever typed, the number of presses is bounded, there is one press a second,
//! and labels that order, book or delete are left out unless they are wanted. Every path from the home keyboard is
//! walked by somebody new, for most bots keep a state per user; a path goes on for as long as there is a button that was
//! not pressed yet. A button counts as pressed once it was pressed on a keyboard of the same labels: most bots show
//! their main menu below every answer, and would never end.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use url::Url;

use super::judge::Came;
use super::player::{Player, somebody_new};
use super::{Act, judge};
use crate::ids::BotId;
use crate::messages::{Message, conversation as messages};

/// Parts of labels that make a bot do what cannot be taken back; they are not pressed unasked.
pub(crate) const ACTING: [&str; 7] = ["주문", "예약", "결제", "신청", "취소", "삭제", "접수"];
/// Between two presses.
const PACE: Duration = Duration::from_secs(1);
/// Presses from the home keyboard to the deepest screen.
const DEEPEST: usize = 10;
/// Presses of one crawl, whatever is wanted.
pub(crate) const MOST: usize = 1000;

/// Where a crawl ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Presses; at most [`MOST`].
    pub(crate) presses: usize,
    /// Also labels with a word of [`ACTING`].
    pub(crate) press_all: bool,
}

/// One screen that was seen.
#[derive(Debug, Clone)]
pub(crate) struct Visited {
    /// The labels that were pressed, from the home keyboard on.
    pub(crate) path: Vec<String>,
    /// What was seen, or why nothing was.
    pub(crate) came: Result<Came, Message>,
}

/// A bot that was walked through.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crawled {
    pub(crate) screens: Vec<Visited>,
    /// Labels that were not pressed for what they do.
    pub(crate) left_out: BTreeSet<String>,
    /// Buttons that were seen and for which no press was left.
    pub(crate) unpressed: usize,
    pub(crate) presses: usize,
}

/// Where a walk takes place: a bridge, or the script of a test.
pub(crate) trait World {
    /// Somebody new enters the chat room.
    async fn enter(&mut self) -> Result<Came, Message>;
    /// They press a button.
    async fn press(&mut self, label: &str) -> Result<Came, Message>;
    /// Time passes.
    async fn wait(&mut self, pace: Duration);
}

/// A bridge before a bot.
pub(crate) struct BridgeWorld<'a> {
    url: &'a Url,
    bot: &'a BotId,
    player: Player<'a>,
}

impl<'a> BridgeWorld<'a> {
    pub(crate) fn new(url: &'a Url, bot: &'a BotId) -> Self {
        Self { url, bot, player: Player::new(url, somebody_new(bot)) }
    }
}

impl World for BridgeWorld<'_> {
    async fn enter(&mut self) -> Result<Came, Message> {
        self.player = Player::new(self.url, somebody_new(self.bot));
        self.player.act(&Act::Enter).await
    }

    async fn press(&mut self, label: &str) -> Result<Came, Message> {
        self.player.act(&Act::Tap(label.to_owned())).await
    }

    async fn wait(&mut self, pace: Duration) {
        tokio::time::sleep(pace).await;
    }
}

/// What is still to be pressed.
#[derive(Default)]
struct Frontier {
    /// Paths to buttons, the nearest first.
    open: VecDeque<Vec<String>>,
    /// Keyboards whose buttons are in the frontier, or were.
    known: BTreeSet<Vec<String>>,
}

impl Frontier {
    /// Takes in the buttons of a screen, each once.
    fn see(&mut self, path: &[String], came: &Came, bounds: Bounds, left_out: &mut BTreeSet<String>) {
        let labels = came.screen.buttons();
        if path.len() >= DEEPEST || labels.is_empty() || !self.known.insert(labels.clone()) {
            return;
        }
        for label in labels {
            if !bounds.press_all && ACTING.iter().any(|acting| label.contains(acting)) {
                left_out.insert(label);
            } else {
                self.open.push_back(path.iter().cloned().chain([label]).collect());
            }
        }
    }

    /// A button of the screen at the end of `path`.
    fn next_at(&mut self, path: &[String]) -> Option<Vec<String>> {
        let place = self.open.iter().position(|open| open.split_last().is_some_and(|(_, before)| before == path))?;
        self.open.remove(place)
    }
}

/// Walks until everything was pressed once, or the presses are used up.
pub(crate) async fn crawl(world: &mut impl World, bounds: Bounds) -> Crawled {
    let most = bounds.presses.min(MOST);
    let (mut crawled, mut frontier) = (Crawled::default(), Frontier::default());
    let home = world.enter().await;
    if let Ok(came) = &home {
        frontier.see(&[], came, bounds, &mut crawled.left_out);
    }
    let is_there = home.is_ok();
    crawled.screens.push(Visited { path: Vec::new(), came: home });
    // The one who looked at the home keyboard also walks the first path.
    let mut at: Option<Vec<String>> = is_there.then(Vec::new);
    loop {
        let here = at.take();
        let further = here.as_ref().and_then(|here| frontier.next_at(here));
        let (goal, mut walked) = match (further, here) {
            (Some(goal), Some(here)) => (goal, here),
            _ => {
                let Some(goal) = frontier.open.pop_front() else { break };
                if crawled.presses + goal.len() > most || world.enter().await.is_err() {
                    frontier.open.push_front(goal);
                    break;
                }
                (goal, Vec::new())
            }
        };
        if crawled.presses + goal.len().saturating_sub(walked.len()) > most {
            frontier.open.push_front(goal);
            break;
        }
        let mut came = None;
        for label in goal.iter().skip(walked.len()).cloned().collect::<Vec<_>>() {
            world.wait(PACE).await;
            crawled.presses += 1;
            let pressed = world.press(&label).await;
            walked.push(label);
            let failed = pressed.is_err();
            came = Some(pressed);
            if failed {
                break;
            }
        }
        let Some(came) = came else { continue };
        if let Ok(came) = &came {
            frontier.see(&walked, came, bounds, &mut crawled.left_out);
            at = Some(walked.clone());
        }
        crawled.screens.push(Visited { path: walked, came });
    }
    crawled.unpressed = frontier.open.len();
    crawled
}

impl Visited {
    /// The way to it, in words.
    pub(crate) fn way(&self) -> String {
        let labels: Vec<_> = self.path.iter().map(|label| judge::shown(label)).collect();
        labels.join(" › ")
    }

    /// What is wrong with it, if anything.
    pub(crate) fn problem(&self) -> Option<Message> {
        match &self.came {
            Err(problem) => Some(problem.clone()),
            Ok(came) => match (&came.screen.flaw, &came.problem) {
                (Some(flaw), _) => Some(messages::not_shown(flaw.clone())),
                (None, Some(problem)) => Some(messages::no_reply(judge::shown(problem))),
                (None, None) => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::screen::Screen;
    use crate::term::draw::Press;

    /// A bot as a function from the path to its buttons.
    struct Script {
        bot: fn(&[String]) -> Vec<&'static str>,
        path: Vec<String>,
        users: usize,
        pressed: Vec<String>,
        waited: Duration,
    }

    fn script(bot: fn(&[String]) -> Vec<&'static str>) -> Script {
        Script { bot, path: Vec::new(), users: 0, pressed: Vec::new(), waited: Duration::ZERO }
    }

    impl Script {
        fn screen(&self) -> Came {
            let press = |label: &str| Press {
                label: label.to_owned(),
                words: label.to_owned(),
                extra: serde_json::Value::Null,
                block: None,
            };
            let presses = (self.bot)(&self.path).into_iter().map(press).collect();
            Came { screen: Screen { text: self.path.join("/"), presses, ..Screen::default() }, ..Came::default() }
        }
    }

    impl World for Script {
        async fn enter(&mut self) -> Result<Came, Message> {
            self.users += 1;
            self.path.clear();
            Ok(self.screen())
        }

        async fn press(&mut self, label: &str) -> Result<Came, Message> {
            assert!((self.bot)(&self.path).contains(&label), "only what is shown is pressed");
            self.path.push(label.to_owned());
            self.pressed.push(label.to_owned());
            Ok(self.screen())
        }

        async fn wait(&mut self, pace: Duration) {
            self.waited += pace;
        }
    }

    const ALL: Bounds = Bounds { presses: 100, press_all: false };

    fn ways(crawled: &Crawled) -> Vec<String> {
        crawled.screens.iter().map(Visited::way).collect()
    }

    #[tokio::test]
    async fn every_button_is_pressed_once_by_somebody_new_for_each_path() {
        let mut bot = script(|path| match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => vec!["급식", "시간표"],
            ["급식"] => vec!["오늘", "내일"],
            // The main menu again, as most bots have it.
            ["시간표"] => vec!["급식", "시간표"],
            _ => vec![],
        });
        let crawled = crawl(&mut bot, ALL).await;
        assert_eq!(ways(&crawled), ["", "급식", "급식 › 오늘", "시간표", "급식 › 내일"]);
        assert_eq!((bot.users, crawled.presses, crawled.unpressed), (3, 5, 0));
        assert_eq!(bot.waited, Duration::from_secs(5), "one press a second");
    }

    #[tokio::test]
    async fn what_cannot_be_taken_back_is_left_out_unless_it_is_wanted() {
        fn menu(path: &[String]) -> Vec<&'static str> {
            if path.is_empty() { vec!["주문하기", "예약 취소", "안내"] } else { Vec::new() }
        }
        let mut bot = script(menu);
        let crawled = crawl(&mut bot, ALL).await;
        assert_eq!(bot.pressed, ["안내"]);
        assert_eq!(crawled.left_out.into_iter().collect::<Vec<_>>(), ["예약 취소", "주문하기"]);
        let mut bot = script(menu);
        crawl(&mut bot, Bounds { press_all: true, ..ALL }).await;
        assert_eq!(bot.pressed.len(), 3);
    }

    #[tokio::test]
    async fn a_bot_without_end_is_left_after_so_many_presses() {
        let mut bot = script(|path| {
            let names = ["가", "나", "다", "라", "마", "바", "사", "아", "자", "차", "카", "타"];
            vec![names[path.len() % names.len()], "다른 것"]
        });
        let crawled = crawl(&mut bot, Bounds { presses: 7, press_all: false }).await;
        assert!(crawled.presses <= 7 && bot.pressed.len() == crawled.presses, "{}", crawled.presses);
        assert!(crawled.unpressed > 0);
        let crawled = crawl(&mut script(|_| vec!["가"]), Bounds { presses: usize::MAX, press_all: false }).await;
        assert_eq!(crawled.presses, 1, "the same keyboard is walked once");
    }
}
