//! What a user makes of each difference, how much it weighs, and what mends it in the bot's own language.

use super::Weight;
use super::runs::Runs;
use crate::config::settings::BotSettings;
use crate::degradation::Degradation;
use crate::messages::{Message, check as messages};

/// The form of a reply in the README of the old API.
const FORM: &str = r#"{"message":{"text":"…"},"keyboard":{"type":"buttons","buttons":["…"]}}"#;

/// The weight of a difference, what users see of it, and its remedy.
pub(super) fn of(degradation: Degradation, runs: Runs, bot: &BotSettings) -> (Weight, Message, Message) {
    use Degradation as D;
    let (weight, users) = match degradation {
        D::Bom | D::Cp949 | D::Utf16 | D::Gzip | D::WhiteSpace | D::Joined | D::PhpMessage => same(),
        D::ControlCharacters | D::EscapeRepaired | D::BracesRepaired | D::CommaRepaired | D::CutShort => same(),
        D::NestedKeyboard | D::NumberAsString | D::StringAsNumber | D::BesideMessage => same(),
        D::DuplicateKey | D::LabelDropped | D::LinkLabelMissing => same(),
        // What every platform's answer looks like is no quirk of the bot.
        D::Null | D::Handover | D::UrlEscaped | D::UrlResolved | D::UrlScheme | D::LinkPhone | D::PhotoWhole => {
            (Weight::Note, messages::users_same())
        }
        D::KeyboardType | D::Shape => (Weight::Lost, messages::users_lose_a_part()),
        D::BrokenUtf8 => (Weight::Lost, messages::users_see_signs()),
        D::ButtonsDropped | D::TextCut | D::ImagesDropped => (Weight::Lost, messages::users_lose_the_rest()),
        D::TextSplit => (Weight::Differs, messages::users_bubbles()),
        D::Parked => (Weight::Differs, messages::users_press_for_the_rest()),
        D::LabelCut | D::LabelToken | D::LinkLabelCut => (Weight::Differs, messages::users_short_labels()),
        D::Pages | D::CarouselUsed | D::Numbered => (Weight::Differs, messages::users_pages()),
        D::LinkWritten => (Weight::Differs, messages::users_nothing_lost()),
        D::PhotoWritten => (Weight::Lost, messages::users_read_an_address()),
        D::UrlInternal => (Weight::Lost, messages::users_cannot_open()),
        D::NoMessage => {
            let texts = &bot.policy.texts;
            (Weight::Lost, messages::users_read_instead(&*texts.choose, &*texts.no_reply))
        }
        D::NoReply => (Weight::Lost, messages::users_read(&*bot.policy.texts.no_reply)),
    };
    (weight, users, mends(degradation, runs))
}

fn same() -> (Weight, Message) {
    (Weight::Differs, messages::users_same())
}

/// What mends it.
pub(super) fn mends(degradation: Degradation, runs: Runs) -> Message {
    use Degradation as D;
    match degradation {
        D::Bom => messages::mend_bom(),
        D::Cp949 | D::Utf16 | D::BrokenUtf8 => utf8(runs),
        D::Gzip => gzip(runs),
        D::WhiteSpace => no_space(runs),
        D::PhpMessage => messages::mend_warnings(),
        D::Joined | D::ControlCharacters | D::EscapeRepaired | D::BracesRepaired | D::CommaRepaired => json(runs),
        D::DuplicateKey => json(runs),
        D::CutShort => messages::mend_length(),
        D::NestedKeyboard | D::NumberAsString | D::StringAsNumber | D::BesideMessage => messages::mend_form(FORM),
        D::KeyboardType | D::Shape => messages::mend_form(FORM),
        D::LabelDropped => messages::mend_empty_label(),
        D::ButtonsDropped | D::TextCut | D::ImagesDropped => messages::mend_shorter(),
        D::Pages => messages::mend_pages(),
        D::LinkLabelMissing => messages::mend_link_label(),
        D::PhotoWritten => messages::mend_photo(),
        D::UrlInternal => messages::mend_public_url(),
        D::NoMessage | D::NoReply => messages::mend_text(),
        D::Null | D::TextSplit | D::Parked | D::LabelCut | D::LabelToken | D::LinkLabelCut => messages::mend_none(),
        D::CarouselUsed | D::Numbered | D::Handover | D::UrlEscaped | D::UrlResolved => messages::mend_none(),
        D::UrlScheme | D::LinkPhone | D::PhotoWhole | D::LinkWritten => messages::mend_none(),
    }
}

/// Send nothing around the JSON.
pub(super) fn no_space(runs: Runs) -> Message {
    if runs == Runs::Php { messages::mend_space_php() } else { messages::mend_space() }
}

/// Let a library write the JSON.
pub(super) fn json(runs: Runs) -> Message {
    match runs {
        Runs::Php => messages::mend_json("echo json_encode($reply, JSON_UNESCAPED_UNICODE);"),
        Runs::Python => messages::mend_json("json.dumps(reply), jsonify(reply), JsonResponse(reply)"),
        Runs::Node => messages::mend_json("res.json(reply)"),
        Runs::Java => messages::mend_json("new ObjectMapper().writeValueAsString(reply)"),
        Runs::Unknown => messages::mend_json(messages::how_elsewhere()),
    }
}

fn utf8(runs: Runs) -> Message {
    messages::mend_utf8(match runs {
        Runs::Php => "iconv('CP949', 'UTF-8//IGNORE', $text); header('Content-Type: application/json; charset=utf-8');",
        Runs::Python => "json.dumps(reply, ensure_ascii=False).encode('utf-8')",
        Runs::Node => "iconv.decode(buffer, 'cp949'), res.json(reply)",
        Runs::Java => "produces = \"application/json;charset=UTF-8\", -Dfile.encoding=UTF-8",
        Runs::Unknown => "Content-Type: application/json; charset=utf-8",
    })
}

/// Do not compress.
pub(super) fn gzip(runs: Runs) -> Message {
    messages::mend_gzip(match runs {
        Runs::Php => "zlib.output_compression = Off, ob_gzhandler",
        Runs::Python => "GZipMiddleware, Flask-Compress",
        Runs::Node => "app.use(compression())",
        Runs::Java => "server.compression.enabled=false",
        Runs::Unknown => "gzip off",
    })
}

/// Say that it is JSON.
pub(super) fn content_type(runs: Runs) -> Message {
    messages::mend_type(match runs {
        Runs::Php => "header('Content-Type: application/json; charset=utf-8');",
        Runs::Python => "jsonify(reply), JsonResponse(reply)",
        Runs::Node => "res.json(reply)",
        Runs::Java => "produces = \"application/json;charset=UTF-8\"",
        Runs::Unknown => "Content-Type: application/json; charset=utf-8",
    })
}

/// Where an error of the bot is written.
pub(super) fn fault(runs: Runs) -> Message {
    messages::mend_fault(match runs {
        Runs::Php => messages::php_log(),
        Runs::Python => messages::python_log(),
        Runs::Node => messages::node_log(),
        Runs::Java => messages::java_log(),
        Runs::Unknown => messages::other_log(),
    })
}

/// Answer what is not known as well.
pub(super) fn default_answer(runs: Runs) -> Message {
    messages::mend_default(match runs {
        Runs::Php => messages::php_default(),
        Runs::Python => messages::python_default(),
        Runs::Node => messages::node_default(),
        Runs::Java | Runs::Unknown => messages::java_default(),
    })
}

/// Take POST.
pub(super) fn method(runs: Runs) -> Message {
    messages::mend_method(match runs {
        Runs::Php => "Apache <Limit>, nginx error_page 405",
        Runs::Python => "@app.route('/message', methods=['POST']), @require_POST",
        Runs::Node => "app.post('/message', …)",
        Runs::Java => "@PostMapping(\"/message\")",
        Runs::Unknown => "POST /message",
    })
}

/// Ask for no token of a form.
pub(super) fn no_csrf(runs: Runs) -> Message {
    messages::mend_csrf(match runs {
        Runs::Php => "VerifyCsrfToken::$except = ['message', 'friend*', 'chat_room*']",
        Runs::Python => "@csrf_exempt",
        Runs::Node => "csurf: app.post('/message', …) → app.use(csrf())",
        Runs::Java => "http.csrf().ignoringAntMatchers(\"/message\", \"/friend/**\", \"/chat_room/**\")",
        Runs::Unknown => "skip_before_action :verify_authenticity_token",
    })
}

/// Take the name of the host.
pub(super) fn host(runs: Runs) -> Message {
    messages::mend_host(match runs {
        Runs::Python | Runs::Unknown => "ALLOWED_HOSTS (Django), config.hosts (Rails)",
        Runs::Php | Runs::Node | Runs::Java => "ServerName, ServerAlias, server_name",
    })
}
