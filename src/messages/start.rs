//! Starting, and refusing to start: `serve`, `demo` and the last step of `config check`.

use super::messages;

messages! {
    "SB2001" address_taken(address, flag)
        "cannot listen on {address}: something listens there already. Stop it, or choose another address with {flag}."
        "{address} 주소에서 받을 수 없습니다: 이미 다른 프로그램이 쓰고 있습니다. 그 프로그램을 멈추거나 {flag} 옵션으로 다른 주소를 고르세요.";
    "SB2002" address_elsewhere(address, flag)
        "cannot listen on {address}: this machine has no such address. Choose one of its own with {flag}, or 0.0.0.0 for all."
        "{address} 주소에서 받을 수 없습니다: 이 컴퓨터의 주소가 아닙니다. {flag} 옵션으로 이 컴퓨터의 주소를 고르세요. 모든 주소는 0.0.0.0입니다.";
    "SB2003" address_forbidden(address, flag)
        "cannot listen on {address}: no permission. Ports below 1024 need a privilege; choose a higher one with {flag}."
        "{address} 주소에서 받을 수 없습니다: 권한이 없습니다. 1024보다 낮은 포트에는 특별한 권한이 필요합니다. {flag} 옵션으로 더 높은 포트를 고르세요.";
    "SB2004" cannot_listen(address, error, flag)
        "cannot listen on {address}: {error}. Choose another address with {flag}."
        "{address} 주소에서 받을 수 없습니다: {error}. {flag} 옵션으로 다른 주소를 고르세요.";
    "SB2005" tls_file_unreadable(file, reason)
        "cannot read {file}: {reason}. Check the path and who may read it."
        "파일을 읽을 수 없습니다: {file}, {reason}. 경로와 읽기 권한을 확인하세요.";
    "SB2006" tls_file_not_pem(file, error)
        "cannot read PEM from {file}: {error}. Name a PEM file, one that begins with -----BEGIN."
        "PEM 형식으로 읽을 수 없습니다: {file}, {error}. -----BEGIN으로 시작하는 PEM 파일을 지정하세요.";
    "SB2007" tls_file_empty(file)
        "{file} holds no certificate. Name a PEM file, one that begins with -----BEGIN CERTIFICATE."
        "인증서가 없는 파일입니다: {file}. -----BEGIN CERTIFICATE로 시작하는 PEM 파일을 지정하세요.";
    "SB2008" tls_refused(file, error)
        "{file} cannot be used: {error}. A private key must be the one of its certificate, and a certificate must be whole."
        "쓸 수 없는 파일입니다: {file}, {error}. 개인 키는 그 인증서의 것이어야 하고 인증서는 온전해야 합니다.";
    "SB2009" tls_unavailable(error)
        "TLS is not available: {error}. Please report this."
        "TLS를 쓸 수 없습니다: {error}. 이 문제를 알려 주세요.";
    "SB2010" bot_tls(bot, problem)
        "bots.{bot}: TLS cannot be set up: {problem}"
        "bots.{bot}: TLS를 준비할 수 없습니다: {problem}";
    "SB2011" bot_address(bot)
        "bots.{bot}.url is not an http or https address that can be called. Write http:// or https://, the host, and the port and path if any."
        "bots.{bot}.url은 호출할 수 있는 http나 https 주소가 아닙니다. http://나 https://로 시작해 호스트를 쓰고, 포트와 경로가 있으면 이어서 쓰세요.";
    "SB2012" no_thread(error)
        "the system refuses a thread or its signals: {error}. Look at the limits on processes (ulimit -u, TasksMax, pids)."
        "시스템이 스레드나 시그널을 내주지 않습니다: {error}. 프로세스 수 한도(ulimit -u, TasksMax, pids)를 확인하세요.";
    "SB2013" no_log(error)
        "the log cannot be started: {error}. Look at the limits on processes (ulimit -u, TasksMax, pids)."
        "로그를 시작할 수 없습니다: {error}. 프로세스 수 한도(ulimit -u, TasksMax, pids)를 확인하세요.";
    "SB2014" not_written(error)
        "Input or output fails: {error}."
        "읽거나 쓸 수 없습니다: {error}.";

    "SB2015" store_unusable(folder, error, user)
        "store.path {folder} cannot be used: {error}. Make it, and give it to the account the bridge runs as: mkdir -p {folder} && chown -R {user} {folder}"
        "store.path {folder} 폴더를 쓸 수 없습니다: {error}. 폴더를 만들고 브리지가 쓰는 계정에 넘기세요: mkdir -p {folder} && chown -R {user} {folder}";
    "SB2016" store_taken(folder, pid, host, started)
        "store.path {folder} belongs to another bridge: process {pid} on {host}, started {started}. It did not end within 70 s. Stop it, or give this one a folder of its own."
        "store.path {folder} 폴더를 다른 브리지가 쓰고 있습니다: {host}의 프로세스 {pid}, 시작 {started}. 70초를 기다렸지만 끝나지 않았습니다. 그 프로세스를 멈추거나 다른 폴더를 지정하세요.";
    "SB2018" store_url_refused(reason)
        "The shared store cannot be used: {reason}. Write redis://HOST:PORT, or rediss://USER:PASSWORD@HOST:PORT."
        "공유 저장소를 쓸 수 없습니다: {reason}. redis://호스트:포트 또는 rediss://사용자:암호@호스트:포트로 쓰세요.";
    "SB2017" store_file(folder, reason)
        "the file in store.path {folder} cannot be opened: {reason}. Start the version that wrote it, or move bridge.db away; a new one is made."
        "store.path {folder} 폴더의 파일을 열 수 없습니다: {reason}. 그 파일을 쓴 버전으로 시작하거나 bridge.db를 다른 곳으로 옮기세요. 새 파일을 만듭니다.";

    "" error(message) "error: {message}" "오류: {message}";
    "" warning(message) "warning: {message}" "경고: {message}";
    "" note(message) "note: {message}" "참고: {message}";
    "" good_one() "The configuration is good: 1 bot." "설정에 문제가 없습니다. 봇 1개.";
    "" good(count) "The configuration is good: {count} bots." "설정에 문제가 없습니다. 봇 {count}개.";
    "" good_one_probed()
        "The configuration is good, and the bot answers. No message was sent: speak to it with `say` while the bridge runs."
        "설정에 문제가 없고 봇이 응답합니다. 메시지는 보내지 않았습니다. 브리지를 실행한 채로 `say`로 말을 걸어 보세요.";
    "" good_probed(count)
        "The configuration is good, and all {count} bots answer. No message was sent: speak to them with `say` while the bridge runs."
        "설정에 문제가 없고 봇 {count}개가 모두 응답합니다. 메시지는 보내지 않았습니다. 브리지를 실행한 채로 `say`로 말을 걸어 보세요.";
    "" bots_unconfirmed(count)
        "The configuration is well written. Bots that may not be at the path it names: {count}. See above, and find out with `say` while the bridge runs."
        "설정에 틀린 곳은 없지만, 그 경로에 봇이 있는지는 확인되지 않았습니다(봇 {count}개). 위의 내용을 보고, 브리지를 실행한 채로 `say`로 확인하세요.";
    "" bots_fail(count)
        "Bots with a problem: {count}. Mend what is told above. The configuration itself is well written."
        "고쳐야 할 봇: {count}개. 위의 내용대로 고치세요. 설정에 틀린 곳은 없습니다.";

    "" serves(url, admin)
        "The bridge serves at {url}; operators look at {admin}."
        "브리지가 {url} 주소에서 호출을 받습니다. 운영자용 주소는 {admin}입니다.";
    "" console_link(url)
        "console: {url}  (works once, for 15 minutes; the signal USR1 prints another)"
        "운영자 화면: {url}  (15분 동안 한 번만 쓸 수 있음. USR1 시그널을 보내면 새 링크 출력)";
    "" console_by_token(url)
        "console: {url}/  (sign in with admin.token)"
        "운영자 화면: {url}/  (admin.token으로 로그인)";
    "" console_closed()
        "console: the system gives no random numbers, so nobody can sign in"
        "운영자 화면: 시스템에서 난수를 얻을 수 없어 로그인할 수 없습니다";
    "" operators_token(url)
        "operators: {url}/  (no admin.token is configured, so this token is good for this run only)"
        "운영자용 주소: {url}/  (admin.token이 없어 이번 실행에만 쓰는 토큰을 만들었습니다)";
    "" operators_from_elsewhere(port)
        "  from another computer: ssh -L {port}:127.0.0.1:{port} SERVER"
        "  다른 컴퓨터에서: ssh -L {port}:127.0.0.1:{port} SERVER";
}
