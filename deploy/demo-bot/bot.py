#!/usr/bin/env python3
"""An old bot of KakaoTalk's API-type smart chat: a school's meal menu. Standard library only.

usage: bot.py [ADDRESS] [PORT]     default 127.0.0.1 8000

It speaks the old contract and nothing else: GET /keyboard, POST /message, POST /friend, DELETE /friend/KEY,
DELETE /chat_room/KEY. It knows nothing of OpenBuilder and nothing of the bridge, and it is not careful: words it does
not know come to an error page, as with many bots of that time.
"""
import json
import sys
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEALS = [
    ["현미밥", "미역국", "제육볶음", "배추김치", "귤"],
    ["카레라이스", "유부된장국", "돈가스", "깍두기", "요구르트"],
    ["잡곡밥", "육개장", "고등어구이", "시금치나물", "사과"],
    ["비빔밥", "콩나물국", "떡갈비", "열무김치", "식혜"],
    ["차조밥", "부대찌개", "닭강정", "오이무침", "바나나"],
]
DAYS = ["월요일", "화요일", "수요일", "목요일", "금요일"]
HOME = ["오늘의 급식", "내일의 급식", "요일별 급식", "학급별 급식 시간", "학교 사진", "학교 홈페이지", "영양사 선생님께 한마디"]
CLASSES = [f"{grade}학년 {room}반" for grade in (1, 2, 3) for room in range(1, 9)]
BACK = "처음으로"

writing = set()  # who is writing to the dietitian: state by user_key, as the old bots kept it


def meal(day):
    if day.weekday() > 4:
        return f"{day.month}월 {day.day}일은 급식이 없는 날입니다."
    return f"{day.month}월 {day.day}일 급식\n\n" + "\n".join("· " + dish for dish in MEALS[day.weekday()])


def home():
    return {"type": "buttons", "buttons": HOME}


def reply(user_key, kind, content):
    """The answer as the old contract wants it, or None for words it does not know."""
    if user_key in writing:
        if kind != "text":
            return {"message": {"text": "사진 잘 받았습니다. 글로도 남겨 주세요."}}
        writing.discard(user_key)
        return {"message": {"text": f"전해 드렸습니다: {content}"}, "keyboard": home()}
    if content == "오늘의 급식":
        return {"message": {"text": meal(date.today())}, "keyboard": home()}
    if content == "내일의 급식":
        return {"message": {"text": meal(date.today() + timedelta(days=1))}, "keyboard": home()}
    if content == "요일별 급식":
        return {"message": {"text": "요일을 골라 주세요."}, "keyboard": {"type": "buttons", "buttons": DAYS + [BACK]}}
    if content in DAYS:
        dishes = ", ".join(MEALS[DAYS.index(content)])
        return {"message": {"text": f"{content}: {dishes}"}, "keyboard": home()}
    if content == "학급별 급식 시간":
        return {"message": {"text": "학급을 골라 주세요."}, "keyboard": {"type": "buttons", "buttons": CLASSES + [BACK]}}
    if content in CLASSES:
        minute = CLASSES.index(content) % 8 * 5
        return {"message": {"text": f"{content}은 12시 {minute:02}분에 식당으로 갑니다."}, "keyboard": home()}
    if content == "학교 사진":
        photo = {"url": "https://school.example/정문 사진.jpg", "width": 720, "height": 630}
        return {"message": {"text": "우리 학교입니다.", "photo": photo}, "keyboard": home()}
    if content == "학교 홈페이지":
        link = {"label": "홈페이지 열기", "url": "https://school.example/"}
        return {"message": {"text": "가정통신문은 홈페이지에 있습니다.", "message_button": link}, "keyboard": home()}
    if content == "영양사 선생님께 한마디":
        writing.add(user_key)
        return {"message": {"text": "하고 싶은 말을 적어 주세요. 사진도 좋습니다."}}
    if content == BACK:
        return {"message": {"text": "처음으로 돌아왔습니다."}, "keyboard": home()}
    return None


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, content_type="application/json; charset=utf-8"):
        raw = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self):
        if self.path == "/keyboard":
            self.answer(200, home())
        else:
            self.answer(404, "<h1>Not Found</h1>", "text/html")

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if self.path == "/friend":
            self.answer(200, {"code": 0, "message": "SUCCESS", "comment": "정상 응답"})
        elif self.path == "/message":
            found = reply(said["user_key"], said["type"], said["content"])
            if found is None:
                self.answer(500, "<h1>Internal Server Error</h1>", "text/html")
            else:
                self.answer(200, found)
        else:
            self.answer(404, "<h1>Not Found</h1>", "text/html")

    def do_DELETE(self):
        if self.path.startswith(("/friend/", "/chat_room/")):
            writing.discard(self.path.rsplit("/", 1)[1])
            self.answer(200, {"code": 0, "message": "SUCCESS", "comment": "정상 응답"})
        else:
            self.answer(404, "<h1>Not Found</h1>", "text/html")

    def log_message(self, format, *args):
        """Method, path without the user's key, status."""
        path = "/".join(self.path.split("/")[:2])
        print(self.command, path, args[1] if len(args) > 1 else "", flush=True)


if __name__ == "__main__":
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
    server = ThreadingHTTPServer((address, int(sys.argv[2]) if len(sys.argv) > 2 else 8000), Bot)
    print("PORT", server.server_address[1], flush=True)
    server.serve_forever()
