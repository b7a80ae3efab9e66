//! `support`: one file to send to whoever helps.

use super::messages;

messages! {
    "SB7001" written(file)
        "{file} is written. It holds the version, the configuration without secrets, what `check` says, and what the running bridge counts; no words of users, no keys and no tokens. Look through it, and send it to whoever helps."
        "{file} 파일을 만들었습니다. 버전, 비밀값을 뺀 설정, `check` 결과, 실행 중인 브리지의 집계가 들어 있고 사용자의 말, 키, 토큰은 없습니다. 한 번 훑어보고 도와줄 사람에게 보내세요.";
    "SB7002" bridge_silent(address, reason)
        "No bridge answers at {address}: {reason}. Where the operators' listener is elsewhere, write --admin ADDR, or run this where the bridge runs."
        "{address} 주소에서 브리지가 응답하지 않습니다: {reason}. 운영자용 주소가 다르면 --admin으로 적거나, 브리지가 실행되는 곳에서 실행하세요.";
    "SB7003" bridge_refuses(address, status)
        "The bridge at {address} answers with status {status}. A token that it made for itself is not known here: set admin.token."
        "{address} 주소의 브리지가 상태 {status}로 응답합니다. 브리지가 스스로 만든 토큰은 여기서 알 수 없으니 admin.token을 설정하세요.";

    "" title() "smartchat-bridge: what helps to find out what is wrong" "smartchat-bridge: 문제를 찾는 데 필요한 내용";
    "" version(version, system) "version {version}, {system}" "버전 {version}, {system}";
    "" configuration() "Configuration in force (secrets are dots)" "적용된 설정(비밀값은 점으로 표시)";
    "" problems() "The configuration is wrong" "잘못된 설정";
    "" bots() "The bots, asked for their home keyboards" "홈 키보드를 물어본 봇";
    "" bridge() "The running bridge" "실행 중인 브리지";
    "" counts() "What it has counted so far (zeros left out)" "지금까지의 집계(0은 뺌)";
    "" no_bots() "There is no bot to ask." "물어볼 봇이 없습니다.";
}
