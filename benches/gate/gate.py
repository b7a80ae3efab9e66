#!/usr/bin/env python3
"""What a turn costs, whatever else the machine does: user instructions and heap allocations, counted by callgrind.

usage: gate.py BRIDGE [--record | --tls | --with-store | --with-shared-store]     BRIDGE: the binary of the release profile; wants valgrind

Each plan is played with a scripted bot against one bridge: some calls to warm up, then CALLS calls that are counted.
A figure counts only when every answer has the recorded bytes, the bot got exactly the messages it should, and the log
has a line for each call: a busy answer would be cheap. The gate fails when a plan costs more than its recorded figures
by TOLERANCE, or when ten times the input costs more than MOST_GROWTH times the work. No clock is read.

--record writes figures.json and the answers anew. Read the difference before you commit it.
--with-store sets store.path and counts the thread that answers alone: writing is another's, and no answer waits for it.
--with-shared-store does the same with a redis-server of its own, and judges nothing: a turn asks it twice.
--tls counts the plan `ask` with a bot that speaks TLS, and judges nothing; wants openssl, too.
"""

import atexit
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).parent
FIGURES, ANSWERS = HERE / "figures.json", HERE / "answers.json"
WARM_UP, CALLS, TOLERANCE, MOST_GROWTH = 60, 300, 1.05, 12
SHARED_STORE = "--with-shared-store" in sys.argv[2:]
WITH_STORE = SHARED_STORE or "--with-store" in sys.argv[2:]
ALLOCATING = ("malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign")


def buttons(count):
    return {"type": "buttons", "buttons": [f"{number}번 메뉴" for number in range(1, count + 1)]}


MENU = ["오늘의 메뉴", "매장 찾기", "영업 시간", "주문 확인", "상담원 연결", "처음으로"]
USUAL = {
    "message": {
        "text": "오늘의 메뉴를 알려 드릴게요.\n김치찌개 8,000원 / 비빔밥 9,000원 / 냉면 10,000원",
        "photo": {"url": "https://img.example.com/menu/today.jpg", "width": 640, "height": 480},
        "message_button": {"label": "주문하기", "url": "https://order.example.com/store/1024?src=kakao"},
    },
    "keyboard": {"type": "buttons", "buttons": MENU},
}


def text(characters):
    return {"message": {"text": "가나다라마 바사. " * (characters // 10)}, "keyboard": {"type": "text"}}


# By the words that ask for it: what the bot answers, and in which encoding.
REPLIES = {
    "메뉴": (USUAL, "utf-8"),
    "한글": (USUAL, "cp949"),
    "12": ({"message": {"text": "고르세요."}, "keyboard": buttons(12)}, "utf-8"),
    "120": ({"message": {"text": "고르세요."}, "keyboard": buttons(120)}, "utf-8"),
    "122": ({"message": {"text": "고르세요."}, "keyboard": buttons(122)}, "utf-8"),
    "3040": (text(3_040), "utf-8"),
    "30000": (text(30_000), "utf-8"),
    "3040k": (text(3_040), "cp949"),
    "30000k": (text(30_000), "cp949"),
}
# By name: the words that are said. `home` opens the room, `page` turns a page.
PLANS = {
    "ask": "메뉴",
    "home": None,
    "page": "다음 ▶",
    "cp949": "한글",
    "buttons_122": "122",
    "buttons_12": "12",
    "buttons_120": "120",
    "text_3040": "3040",
    "text_30000": "30000",
    "cp949_3040": "3040k",
    "cp949_30000": "30000k",
}
# A text is cut between its pieces of a thousand characters: 3,040 have three such cuts, 30,000 have thirty.
GROWTH = [("buttons_12", "buttons_120"), ("text_3040", "text_30000"), ("cp949_3040", "cp949_30000")]


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(json.dumps({"type": "buttons", "buttons": MENU}, ensure_ascii=False).encode())

    def do_POST(self):
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Bot.asked += 1
        reply, encoding = REPLIES[call["content"]]
        self.answer(json.dumps(reply, ensure_ascii=False).encode(encoding))

    def log_message(self, *_):
        pass

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()


def skill_call(user, words, block="64a1f0c27b3d9e5a10c4e8b2", name="폴백 블록", extra=None):
    key = {"plusfriendUserKey": user, "plusfriend_user_key": user, "isFriend": True, "appUserId": "1234567890"}
    call = {
        "bot": {"id": "64a1f0c27b3d9e5a10c4e8b0!", "name": "봇"},
        "intent": {"id": block, "name": name},
        "action": {"name": "bridge", "id": "64a1f0c27b3d9e5a10c4e8b7", "params": {"sys_text": words}, "detailParams": {}, "clientExtra": extra or {}},
        "userRequest": {
            "utterance": words, "timezone": "Asia/Seoul", "lang": "kr",
            "block": {"id": block, "name": name},
            "params": {"surface": "Kakaotalk.plusfriend"},
            "user": {"id": "a6f1b0c2d3e4f5061728394a5b6c7d8e", "type": "botUserKey", "properties": key},
        },
        "contexts": [],
    }
    return json.dumps(call, ensure_ascii=False).encode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shared_store():
    """A Redis of its own, and the key that names it."""
    port, folder = free_port(), tempfile.mkdtemp()
    redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], stdout=subprocess.DEVNULL)
    atexit.register(redis.kill)
    return f"store.url=redis://127.0.0.1:{port}"


class Bridge:
    def __init__(self, binary, bot, *more):
        self.dir = tempfile.TemporaryDirectory()
        self.out = pathlib.Path(self.dir.name) / "callgrind.out"
        self.log = pathlib.Path(self.dir.name) / "log"
        self.port = free_port()
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.out}", binary, "serve"]
        command += ["--bot", bot, "--listen", f"127.0.0.1:{self.port}"]
        command += ["--admin", f"127.0.0.1:{free_port()}", "--set", "bots.default.free_text=forward"]
        command += ["--set", "workers=1", "--set", "log.format=json", *more]
        if WITH_STORE:
            command.insert(2, "--separate-threads=yes")
            command += ["--set", shared_store() if SHARED_STORE else f"store.path={self.dir.name}/store"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log.open("wb"))
        until(lambda: self.connect(), "the bridge does not listen")

    def connect(self):
        if self.process.poll() is not None:
            sys.exit("the bridge ended: " + self.log.read_text(errors="replace"))
        self.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            self.client.connect()
        except OSError:
            return False
        self.client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return True

    def say(self, call):
        self.client.request("POST", "/skill", call, {"Content-Type": "application/json"})
        response = self.client.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"status {response.status}: {body!r}")
        return body

    def lines(self):
        return self.log.read_bytes().count(b'"message":"turn"')

    def dump(self):
        """What was counted since the last dump: instructions and allocations."""
        before = {path.name for path in self.out.parent.glob("callgrind.out.*")}
        subprocess.run(["callgrind_control", "--dump", str(self.process.pid)], check=True, capture_output=True)
        new = lambda: [path for path in self.out.parent.glob("callgrind.out.*") if path.name not in before]
        # Apart, each thread writes a file of its own.
        each = all if WITH_STORE else any
        whole = lambda: new() and each("totals:" in path.read_text(errors="replace") for path in new())
        until(whole, "callgrind wrote nothing")
        counted = [figures(path.read_text(errors="replace")) for path in new()]
        return max(counted) if WITH_STORE else (sum(i for i, _ in counted), sum(a for _, a in counted))

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait()


def figures(dump):
    names, allocations, callee = {}, 0, ""
    for line in dump.splitlines():
        name = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line)
        if name:
            if name[2]:
                names[name[1]] = name[2]
            if line.startswith("cfn"):
                callee = names.get(name[1], "")
        elif line.startswith("calls=") and callee.split("@")[0] in ALLOCATING:
            allocations += int(line[6:].split()[0])
    return int(re.search(r"^totals: (\d+)", dump, re.M)[1]), allocations


def until(holds, complaint):
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.05)
    sys.exit(complaint)


def play(bridge, name, words):
    """Counts one plan; its figures for each call, and the answer."""
    user = f"Gate{list(PLANS).index(name):02}aaaaaa"
    asks = words in REPLIES
    call = skill_call(user, words or "안녕", **({"name": "웰컴 블록"} if words is None else {}))
    if name == "page":
        answer = json.loads(bridge.say(skill_call(user, "122")))
        play.calls += 1
        quick = next(q for q in answer["template"]["quickReplies"] if q["label"] == words)
        call = skill_call(user, words, extra=quick["extra"])
    answer = [bridge.say(call) for _ in range(WARM_UP)][-1]
    lines = bridge.lines
    until(lambda: lines() >= play.calls + WARM_UP, "the log has too few lines")
    play.calls = lines()
    asked = Bot.asked
    bridge.dump()
    for _ in range(CALLS):
        if bridge.say(call) != answer:
            sys.exit(f"{name}: another answer")
    until(lambda: lines() >= play.calls + CALLS, f"{name}: the log has too few lines")
    instructions, allocations = bridge.dump()
    play.calls += CALLS
    if lines() != play.calls or Bot.asked - asked != (CALLS if asks else 0):
        sys.exit(f"{name}: {lines()} lines of {play.calls}, the bot was asked {Bot.asked - asked} times")
    return {"instructions": round(instructions / CALLS), "allocations": round(allocations / CALLS, 1)}, answer.decode()


def over_tls(server):
    with tempfile.TemporaryDirectory() as made:
        cert, key = f"{made}/cert.pem", f"{made}/key.pem"
        openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl += ["-keyout", key, "-out", cert, "-subj", "/CN=localhost"]
        subprocess.run(openssl, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        # The handshake is left to the thread of each connection.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        url = f"https://127.0.0.1:{server.server_port}"
        bridge = Bridge(sys.argv[1], url, "--set", "bots.default.insecure=true")
        atexit.register(bridge.stop)
        counted, _ = play(bridge, "ask", PLANS["ask"])
        print(f"ask over TLS   {counted['instructions']:9} instructions {counted['allocations']:7} allocations")


def main():
    record = "--record" in sys.argv[2:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    play.calls = 0
    if "--tls" in sys.argv[2:]:
        return over_tls(server)
    bridge = Bridge(sys.argv[1], f"http://127.0.0.1:{server.server_port}")
    atexit.register(bridge.stop)
    counted, answers = {}, {}
    for name, words in PLANS.items():
        counted[name], answers[name] = play(bridge, name, words)
        print(f"{name:14} {counted[name]['instructions']:9} instructions {counted[name]['allocations']:7} allocations")
    faults = []
    for small, large in GROWTH:
        growth = counted[large]["instructions"] / counted[small]["instructions"]
        print(f"{small} → {large}: {growth:.1f} × the work")
        if growth > MOST_GROWTH:
            faults.append(f"ten times the input of {small} costs {growth:.1f} times the work")
    if record:
        FIGURES.write_text(json.dumps(counted, indent=1) + "\n")
        ANSWERS.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    known, expected = json.loads(FIGURES.read_text()), json.loads(ANSWERS.read_text())
    for name, now in counted.items():
        if answers[name] != expected[name]:
            faults.append(f"{name}: the answer is not the recorded one: {answers[name]}")
        for what, figure in now.items():
            if figure > known[name][what] * TOLERANCE:
                faults.append(f"{name}: {figure} {what}, recorded are {known[name][what]}")
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults and not SHARED_STORE else 0)


main()
