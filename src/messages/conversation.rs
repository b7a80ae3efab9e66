//! `test`, `say --record` and `check --crawl`: conversations that are written down, played and walked through.

use super::messages;

messages! {
    "SB6001" file_unreadable(file, reason)
        "{file} cannot be read: {reason}."
        "{file} 파일을 읽을 수 없습니다: {reason}.";
    "SB6002" file_not_understood(file, reason)
        "{file} is no conversation: {reason}"
        "{file} 파일은 대화 파일이 아닙니다: {reason}";
    "SB6003" which_bot(file, bots)
        "{file} must say which bot it is about: write bot = \"…\" with one of {bots}."
        "{file} 파일에 어느 봇인지 적어야 합니다. bot = \"…\"에 다음 중 하나를 쓰세요: {bots}.";
    "SB6004" file_not_written(file, reason)
        "{file} cannot be written: {reason}."
        "{file} 파일을 쓸 수 없습니다: {reason}.";
    "SB6005" recorded(file)
        "The conversation stands in {file}. Play it again with: smartchat-bridge test {file}"
        "대화를 {file} 파일에 적었습니다. 다시 해 보려면: smartchat-bridge test {file}";
    "SB6006" updated(file)
        "{file} now expects what came."
        "{file} 파일을 이번에 온 답에 맞게 고쳤습니다.";
    "SB6007" exists(file)
        "{file} is there already and is not overwritten."
        "{file} 파일이 이미 있어 덮어쓰지 않습니다.";

    "SB6011" other_text(expected, came)
        "Other words came:\n{expected}\n{came}"
        "다른 말이 왔습니다:\n{expected}\n{came}";
    "SB6012" lacks(words, came)
        "\"{words}\" does not stand in what came:\n{came}"
        "답에 다음 말이 없습니다: \"{words}\"\n{came}";
    "SB6013" no_match(pattern, came)
        "What came does not match {pattern}:\n{came}"
        "답이 {pattern} 패턴과 맞지 않습니다:\n{came}";
    "SB6014" other_buttons(expected, came)
        "Other buttons came:\n    - {expected}\n    + {came}"
        "다른 버튼이 왔습니다:\n    - {expected}\n    + {came}";
    "SB6015" too_slow(took, within)
        "The answer took {took} s, more than {within} s."
        "답에 {took}초가 걸렸습니다. {within}초를 넘었습니다.";
    "SB6016" was_asked()
        "The bot was asked, and was not to be."
        "봇에 보내지 않아야 하는데 보냈습니다.";
    "SB6017" was_not_asked()
        "The bot was not asked, and was to be: the bridge answered by itself."
        "봇에 보내야 하는데 보내지 않았습니다. 브리지가 답했습니다.";
    "SB6018" no_such_button(label, buttons)
        "There is no button \"{label}\". There are: {buttons}"
        "\"{label}\" 버튼이 없습니다. 있는 버튼: {buttons}";
    "SB6019" no_answer(reason)
        "No answer came: {reason}"
        "답이 오지 않았습니다: {reason}";
    "SB6020" not_shown(flaw)
        "KakaoTalk would not show this: {flaw}."
        "카카오톡이 보여 주지 않을 답입니다: {flaw}.";

    "SB6031" the_bot_acts(presses, seconds)
        "This presses up to {presses} buttons of the bot, one a second (about {seconds} s). The bot really acts: what is pressed may be stored, and users that nobody is stay in its database. Nothing is typed."
        "봇의 버튼을 1초에 하나씩, 많으면 {presses}번 누릅니다(약 {seconds}초). 봇이 실제로 움직이므로 누른 내용이 저장될 수 있고, 실제로 없는 사용자가 봇의 데이터베이스에 남습니다. 글은 입력하지 않습니다.";
    "SB6032" wants_yes()
        "Nothing was pressed. Add --yes-the-bot-acts where nobody can be asked."
        "아무것도 누르지 않았습니다. 물어볼 사람이 없는 곳에서는 --yes-the-bot-acts를 붙이세요.";
    "SB6033" left_out(labels)
        "Not pressed for what they may do (--press-all presses them): {labels}"
        "하는 일이 있을 수 있어 누르지 않은 버튼(--press-all로 누름): {labels}";
    "SB6034" unpressed(count)
        "Buttons for which no press was left: {count}. Give --crawl a larger number."
        "누르지 못하고 남은 버튼: {count}개. --crawl에 더 큰 수를 쓰세요.";
    "SB6035" no_reply(problem)
        "The bot gave no usable reply ({problem}): these are the bridge's words."
        "봇이 쓸 수 있는 답을 주지 않아({problem}) 브리지의 안내 문구가 나왔습니다.";
    "SB6036" not_yet()
        "The bot had not answered by then: users read that an answer is coming."
        "봇이 그때까지 답하지 않아 사용자는 기다려 달라는 말을 봅니다.";

    "" crawled(screens, presses) "Screens: {screens}, presses: {presses}" "화면 {screens}개, 누른 횟수 {presses}번";
    "" home() "home" "홈";
    "" go_on() "Go on? [y/N] " "계속할까요? [y/N] ";
    "" no_steps() "it has no [[step]]" "[[step]]이 없습니다";
    "" steps_inline() "only steps that are written as [[step]] can be updated" "[[step]]으로 적은 단계만 고쳐 쓸 수 있습니다";
    "" too_many_steps(most) "it has more than {most} steps" "[[step]]이 {most}개를 넘습니다";
    "" one_act() "a step needs one of enter = true, tap, say and photo, and only one" "enter = true, tap, say, photo 가운데 하나만 있어야 합니다";
    "" bad_time(text) "within and wait are times such as \"2s\", up to 10 minutes, not \"{text}\"" "within과 wait에는 \"2s\" 같은 시간을 10분까지 씁니다(\"{text}\"는 안 됨)";
    "" in_step(number, what) "step {number}: {what}" "{number}번째 단계: {what}";
    "" as_told(words) "{words}" "{words}";
    "" as_expected(name, file, steps, seconds) "ok       {name} ({file}, steps: {steps}, {seconds} s)" "일치     {name} ({file}, {steps}단계, {seconds}초)";
    "" differs(name, file) "DIFFERS  {name} ({file})" "다름     {name} ({file})";
    "" all_good(count) "Conversations that went as expected: {count}, all of them." "모두 예상대로입니다. 대화 {count}개.";
    "" some_differ(count, all) "Conversations that differ: {count} of {all}." "예상과 다른 대화: {all}개 중 {count}개.";
}
