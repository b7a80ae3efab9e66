//! What a check found of one bot, and how it is told: as text, as JSON, as a page to send on.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::runs::Runs;
use super::{Finding, Weight, millis};
use crate::config::settings::BotSettings;
use crate::conversation::crawl::{Crawled, Visited};
use crate::messages::{Language, Message, check as messages, conversation};

use crate::wire::text::printable;

/// Characters of a label that was left out.
const LABEL: usize = 60;

mod page;

pub(crate) use page::{page, section};

/// One call that was made.
#[derive(Debug, Clone)]
pub(crate) struct CallMade {
    call: Message,
    /// `None` where no answer came.
    status: Option<u16>,
    took: Duration,
}

/// What was found of one bot.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    bot: String,
    url: String,
    pub(super) runs: Runs,
    /// Whether any answer came.
    pub(crate) reached: bool,
    pub(crate) calls: Vec<CallMade>,
    pub(crate) findings: Vec<Finding>,
    /// What a redirect of the home keyboard comes to where messages turn out to get through all the same.
    pub(super) if_messages_work: Option<Finding>,
    /// The screens of a crawl.
    pub(crate) crawled: Option<Crawled>,
}

impl Report {
    pub(super) fn new(bot: &BotSettings) -> Self {
        Self {
            bot: bot.id.as_str().to_owned(),
            url: bot.url.to_string(),
            runs: Runs::Unknown,
            reached: false,
            calls: Vec::new(),
            findings: Vec::new(),
            if_messages_work: None,
            crawled: None,
        }
    }

    pub(super) fn made(&mut self, call: Message, status: Option<u16>, took: Duration) {
        self.calls.push(CallMade { call, status, took });
    }

    /// The first answer that tells counts.
    pub(super) fn runs_on(&mut self, runs: Runs) {
        if self.runs == Runs::Unknown {
            self.runs = runs;
        }
    }

    /// Adds a finding. The same difference in several answers is told once.
    pub(super) fn add(&mut self, finding: Finding) {
        let is_difference =
            !finding.code.starts_with("SB") || finding.code.starts_with("SB52") || finding.code.starts_with("SB53");
        if !is_difference || self.findings.iter().all(|known| known.code != finding.code) {
            self.findings.push(finding);
        }
    }

    /// The heaviest come first; what weighs the same stays in the order of the calls.
    pub(super) fn settle(&mut self) {
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
    }

    /// How many findings weigh so much.
    pub(crate) fn count(&self, weight: Weight) -> usize {
        self.findings.iter().filter(|finding| finding.weight == weight).count()
    }

    /// Lines for people, findings with their codes. The screens of a crawl were told as they came ([`screen`]).
    pub(crate) fn text(&self, language: Language) -> String {
        let runs = if self.runs.name().is_empty() { String::new() } else { format!("({})", self.runs.name()) };
        let mut text = messages::heading(&self.bot, &self.url, runs).text(language) + "\n";
        for call in &self.calls {
            let status = call.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            let _infallible =
                writeln!(text, "  {status:>3}  {:>5} ms  {}", millis(call.took), call.call.text(language));
        }
        for finding in &self.findings {
            let weight = weighs(finding.weight).text(language);
            let seen = indented(&finding.seen.text(language));
            let _infallible = writeln!(text, "\n  {weight} [{}] {seen}", finding.code);
            let users = finding.users.as_ref().map(|users| messages::users(users.clone()));
            let remedy = finding.remedy.as_ref().map(|remedy| messages::remedy(remedy.clone()));
            for line in [users, remedy].into_iter().flatten() {
                let _infallible = writeln!(text, "    {}", indented(&line.text(language)));
            }
        }
        for message in self.crawled.iter().flat_map(ends) {
            let _infallible = writeln!(text, "\n  {}", message.told(language));
        }
        text
    }

    /// Findings that users lose something by, screens without a reply included.
    pub(crate) fn lost(&self) -> usize {
        let screens = self.crawled.iter().flat_map(|crawled| &crawled.screens);
        self.count(Weight::Lost) + screens.filter(|screen| screen.problem().is_some()).count()
    }

    /// For programs: members are only ever added.
    pub(crate) fn json(&self, language: Language) -> serde_json::Value {
        #[derive(Serialize)]
        struct Json<'a> {
            bot: &'a str,
            url: &'a str,
            runs_on: &'static str,
            reached: bool,
            users_lose_something: bool,
            calls: Vec<serde_json::Value>,
            findings: Vec<serde_json::Value>,
            screens: Vec<serde_json::Value>,
        }
        let told = |message: &Option<Message>| message.as_ref().map(|message| message.text(language));
        let call = |made: &CallMade| {
            serde_json::json!({
                "call": made.call.text(Language::English), "status": made.status, "millis": millis(made.took),
            })
        };
        let finding = |finding: &Finding| {
            serde_json::json!({
                "code": finding.code,
                "weight": weighs(finding.weight).text(Language::English),
                "seen": finding.seen.text(language),
                "users": told(&finding.users),
                "remedy": told(&finding.remedy),
            })
        };
        let screen = |screen: &Visited| {
            serde_json::json!({
                "path": screen.path,
                "text": screen.came.as_ref().ok().map(|came| &came.screen.text),
                "buttons": screen.came.as_ref().ok().map(|came| came.screen.buttons()),
                "problem": told(&screen.problem()),
            })
        };
        let json = Json {
            bot: &self.bot,
            url: &self.url,
            runs_on: self.runs.name(),
            reached: self.reached,
            users_lose_something: self.lost() > 0,
            calls: self.calls.iter().map(call).collect(),
            findings: self.findings.iter().map(finding).collect(),
            screens: self.crawled.iter().flat_map(|crawled| &crawled.screens).map(screen).collect(),
        };
        serde_json::to_value(json).unwrap_or_default()
    }
}

/// The word for a weight.
fn weighs(weight: Weight) -> Message {
    match weight {
        Weight::Good => messages::good(),
        Weight::Note => messages::note(),
        Weight::Differs => messages::differs(),
        Weight::Lost => messages::lost(),
    }
}

/// A screen of a crawl, drawn below the way to it.
pub(crate) fn screen(visited: &Visited, language: Language) -> String {
    let drawn = visited.came.as_ref().map_or("", |came| &came.screen.drawn);
    let late = || visited.is_late().then(conversation::not_yet);
    let problem = visited.problem().or_else(late).map(|problem| format!("  {}\n", problem.told(language)));
    format!("» {}\n{drawn}{}\n", way(visited, language), problem.unwrap_or_default())
}

/// The way to a screen of a crawl.
fn way(screen: &Visited, language: Language) -> String {
    if screen.path.is_empty() { conversation::home().text(language) } else { screen.way() }
}

/// What a crawl came to.
fn ends(crawled: &Crawled) -> Vec<Message> {
    let mut ends = vec![conversation::crawled(crawled.screens.len(), crawled.presses)];
    if !crawled.left_out.is_empty() {
        let labels: Vec<_> = crawled.left_out.iter().map(|label| printable(label, LABEL)).collect();
        ends.push(conversation::left_out(labels.join(", ")));
    }
    if crawled.unpressed > 0 {
        ends.push(conversation::unpressed(crawled.unpressed));
    }
    ends
}

/// Further lines stand as far to the right; what is to be copied keeps its own indent.
fn indented(text: &str) -> String {
    text.replace('\n', "\n    ")
}

/// The last line: what all reports come to.
pub(crate) fn verdict(reports: &[Report], only_asked: bool) -> Vec<Message> {
    let lost = reports.iter().map(Report::lost).sum::<usize>();
    let differs = reports.iter().map(|report| report.count(Weight::Differs)).sum::<usize>();
    let unreached = reports.iter().filter(|report| !report.reached).count();
    let mut verdict = Vec::new();
    if differs > 0 {
        verdict.push(messages::some_differ(differs));
    }
    if only_asked && unreached < reports.len() {
        verdict.push(messages::only_asked());
    }
    verdict.push(match (unreached, lost) {
        (0, 0) => messages::nothing_lost(reports.len()),
        (0, lost) => messages::something_lost(reports.len(), lost),
        (unreached, _) => messages::not_reached(unreached),
    });
    verdict
}
