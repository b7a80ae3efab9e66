#!/usr/bin/env python3
"""A small legacy bot made with chatterbox.py 0.2.5 under Flask: rules by state, buttons, photo and link.

usage: chatterbox_bot.py PORT     (127.0.0.1 only; 0 lets the system choose; prints "PORT n" first)

The library answers words that match no rule with an exception, which Flask turns into a 500 with an HTML page: that
is what its bots did, so it is left as it is.
"""
import socket
import sys

from chatterbox import Chatter, Keyboard, MessageButton, Photo, Text
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

chatter = Chatter(memory="dict", frequency=10, fallback=False)
HOME = ["오늘의 급식", "자기소개", "학교 사진", "홈페이지"]
MEALS = ["중식", "석식", "처음으로"]


@chatter.base(name="홈")
def home_keyboard():
    return Keyboard(HOME)


@chatter.rule(action="자기소개", src="홈", dest="홈")
def introduce(data):
    return Text("안녕하세요! 급식 알리미입니다.") + chatter.home()


@chatter.rule(action="오늘의 급식", src="홈", dest="급식")
def meals(data):
    return Text("어느 급식이 궁금하세요?") + Keyboard(MEALS)


@chatter.rule(action=["중식", "석식"], src="급식", dest="홈")
def meal(data):
    return Text(data["content"] + ": 현미밥, 미역국, 제육볶음, 배추김치") + chatter.home()


@chatter.rule(action="처음으로", src="*", dest="홈")
def back(data):
    return Text("처음으로 돌아왔습니다.") + chatter.home()


@chatter.rule(action="학교 사진", src="홈", dest="홈")
def photo(data):
    return Photo("http://school.example/정문 사진.png", 720, 630) + Text("우리 학교입니다.") + chatter.home()


@chatter.rule(action="홈페이지", src="홈", dest="홈")
def link(data):
    return Text("홈페이지에서 더 보실 수 있습니다.") + MessageButton("학교 홈페이지", "https://school.example/") + chatter.home()


app = Flask(__name__)


@app.get("/keyboard")
def keyboard():
    return jsonify(chatter.home())


@app.post("/message")
def message():
    return jsonify(chatter.route(request.json))


@app.post("/friend")
def friend_added():
    return jsonify(message="SUCCESS")


@app.delete("/friend/<user_key>")
@app.delete("/chat_room/<user_key>")
def gone(user_key):
    return jsonify(message="SUCCESS")


if __name__ == "__main__":
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(64)
    port = listener.getsockname()[1]
    print("PORT", port, flush=True)
    make_server("127.0.0.1", port, app, threaded=True, fd=listener.fileno()).serve_forever()
