//! Reports as one page that can be sent on: no script, no file beside it, and every word from outside escaped (maud
//! does that to whatever is spliced in).

use maud::{DOCTYPE, Markup, html};

use super::{CallMade, Report, ends, verdict, way, weighs};
use crate::check::{Finding, Weight, millis};
use crate::messages::{Language, Message, check as messages};

const STYLE: &str = "\
body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.4rem;text-align:left;vertical-align:top}
td{overflow-wrap:anywhere}td:nth-child(2):nth-last-child(2),td:nth-child(3){white-space:nowrap}pre{white-space:pre-wrap;margin:.2rem 0;font:inherit}
.lost{color:#b00020;font-weight:bold}.differs{color:#8a5a00}.note,.good{color:#555}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}td,th{border-color:#444}.lost{color:#ff8a8a}.differs{color:#f0c060}.note,.good{color:#aaa}}
";

/// All reports.
pub(crate) fn page(reports: &[Report], only_asked: bool, language: Language) -> String {
    let text = |message: Message| message.text(language);
    let markup = html! {
        (DOCTYPE)
        html lang=(language.pick("en", "ko")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (text(messages::title())) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (text(messages::title())) }
                @for message in verdict(reports, only_asked) { p { (text(message)) } }
                @for report in reports { (of_bot(report, language)) }
                footer { small { (text(messages::made_by(env!("CARGO_PKG_VERSION")))) } }
            }
        }
    };
    markup.into_string()
}

fn of_bot(report: &Report, language: Language) -> Markup {
    html! {
        h2 { (report.bot) }
        (section(report, language))
    }
}

/// One report, to stand in a page.
pub(crate) fn section(report: &Report, language: Language) -> Markup {
    let text = |message: Message| message.text(language);
    html! {
        p { code { (report.url) } " " (report.runs.name()) }
        table {
            tr {
                th { (text(messages::column_call())) }
                th { (text(messages::column_status())) }
                th { (text(messages::column_time())) }
            }
            @for call in &report.calls { (of_call(call, language)) }
        }
        table {
            tr { th {} th { (text(messages::column_finding())) } }
            @for finding in &report.findings { (of_finding(finding, language)) }
        }
        @if let Some(crawled) = &report.crawled {
            @for screen in &crawled.screens {
                h3 { "» " (way(screen, language)) }
                pre { (screen.came.as_ref().map_or("", |came| &came.screen.drawn)) }
                @if let Some(problem) = screen.problem() { p class="lost" { (problem.told(language)) } }
            }
            @for message in ends(crawled) { p { (message.told(language)) } }
        }
    }
}

fn of_call(call: &CallMade, language: Language) -> Markup {
    let status = call.status.map_or_else(|| messages::no_answer().text(language), |status| status.to_string());
    html! { tr { td { (call.call.text(language)) } td { (status) } td { (millis(call.took)) " ms" } } }
}

fn of_finding(finding: &Finding, language: Language) -> Markup {
    let class = match finding.weight {
        Weight::Good => "good",
        Weight::Note => "note",
        Weight::Differs => "differs",
        Weight::Lost => "lost",
    };
    html! {
        tr {
            td class=(class) { (weighs(finding.weight).text(language)) br; code { (finding.code) } }
            td {
                pre { (finding.seen.text(language)) }
                @if let Some(users) = &finding.users { pre { (messages::users(users.clone()).text(language)) } }
                @if let Some(remedy) = &finding.remedy { pre { (messages::remedy(remedy.clone()).text(language)) } }
            }
        }
    }
}
