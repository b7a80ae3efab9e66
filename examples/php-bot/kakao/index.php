<?php
/*
 * 동네 학원의 옛 카카오톡 자동응답 봇 (API형 스마트채팅, auto_reply 2.0). 오픈빌더도 브리지도 모릅니다.
 * An old bot of a small academy, written for the API-type smart chat. It knows nothing of OpenBuilder or the bridge.
 *
 *   php -S 127.0.0.1:8000 -t examples/php-bot examples/php-bot/kakao/index.php      주소 / address: http://127.0.0.1:8000/kakao
 *
 * 아파치에서는 이 폴더를 통째로 올립니다(.htaccess가 모든 경로를 여기로 보냅니다).
 * Under Apache put the whole folder into the document root; .htaccess sends every path here.
 */

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$call = preg_replace('#^/kakao(/index\.php)?#', '', $path);
$method = $_SERVER['REQUEST_METHOD'];
$home = array('오늘의 시간표', '반 목록', '학원 사진', '오시는 길', '상담 신청');

function answer($data) {
    header('Content-Type: application/json; charset=utf-8');
    echo json_encode($data);
    exit;
}

function buttons($labels) {
    return array('type' => 'buttons', 'buttons' => $labels);
}

function say($text, $labels) {
    answer(array('message' => array('text' => $text), 'keyboard' => buttons($labels)));
}

// 누가 상담 내용을 적고 있는지 user_key별로 파일에 적어 둡니다. / Who is writing a request, one file per user_key.
function state_file($user_key) {
    $folder = getenv('BOT_STATE') ? getenv('BOT_STATE') : sys_get_temp_dir() . '/php-bot';
    if (!is_dir($folder)) {
        mkdir($folder, 0700, true);
    }
    return $folder . '/' . md5($user_key);
}

function forget($user_key) {
    if (is_file(state_file($user_key))) {
        unlink(state_file($user_key));
    }
}

if ($method == 'GET' && $call == '/photo.png') {
    header('Content-Type: image/png');
    // 2:1, 한 가지 색 / one colour
    echo base64_decode('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADElEQVQI12P4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC');
    exit;
}
if ($method == 'GET' && $call == '/keyboard') {
    answer(buttons($home));
}
if ($method == 'POST' && $call == '/friend') {
    answer(array('code' => 0));
}
if ($method == 'DELETE' && preg_match('#^/(friend|chat_room)/(.+)$#', $call, $found)) {
    forget(rawurldecode($found[2]));
    answer(array('code' => 0));
}
if ($method != 'POST' || $call != '/message') {
    header('HTTP/1.1 404 Not Found');
    exit('404');
}

$message = json_decode(file_get_contents('php://input'), true);
$user_key = $message['user_key'];
$content = $message['content'];

if (is_file(state_file($user_key))) {
    forget($user_key);
    if ($message['type'] != 'text') {
        say('사진으로 신청해 주셨네요. 곧 연락드리겠습니다.', $home);
    }
    say("상담을 신청했습니다.\n내용: " . $content, $home);
}
switch ($content) {
    case '오늘의 시간표':
        say("3시 초등 수학\n5시 중등 영어\n7시 고등 국어", $home);
    case '반 목록':
        $classes = array();
        for ($number = 1; $number <= 24; $number++) {
            $classes[] = $number . '반';
        }
        $classes[] = '처음으로';
        say('어느 반이 궁금하세요?', $classes);
    case '학원 사진':
        answer(array(
            'message' => array(
                'text' => '새로 꾸민 교실입니다.',
                'photo' => array('url' => 'http://' . $_SERVER['HTTP_HOST'] . '/kakao/photo.png', 'width' => 720, 'height' => 360),
            ),
            'keyboard' => buttons($home),
        ));
    case '오시는 길':
        answer(array(
            'message' => array(
                'text' => '시장 건너편 2층입니다.',
                'message_button' => array('label' => '지도 보기', 'url' => 'https://map.kakao.com/'),
            ),
            'keyboard' => buttons($home),
        ));
    case '상담 신청':
        file_put_contents(state_file($user_key), '1');
        answer(array('message' => array('text' => '이름과 궁금한 점을 적어 주세요.')));
    case '처음으로':
        say('무엇을 도와드릴까요?', $home);
}
if (preg_match('/^\d+반$/u', $content)) {
    say($content . ' 수업은 화요일과 목요일입니다.', array('반 목록', '처음으로'));
}
say('아래 버튼에서 골라 주세요.', $home);
