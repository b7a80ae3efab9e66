#!/usr/bin/env python3
"""A small legacy bot made with kakaoplus 0.0.2 under Flask: words by regular expression, photos in, text/html out.

usage: kakaoplus_bot.py PORT     (127.0.0.1 only; 0 lets the system choose; prints "PORT n" first)

Its bots returned the library's JSON string as it was, so it goes out as text/html, as the library's own example did.
Types that the library does not know (video, audio) get the plain word "ok".
"""
import socket
import sys

from flask import Flask, request
from kakaoplus import KaKaoAgent, Template
from werkzeug.serving import make_server

bot = KaKaoAgent()


@bot.handle_keyboard
def home(res):
    res.keyboard_buttons = ["메뉴 보기", "영업 시간", "오시는 길"]


@bot.handle_message(["메뉴 보기"])
def menu(req, res):
    res.text = "김치찌개 8,000원\n된장찌개 8,000원"
    res.keyboard_buttons = ["김치찌개", "된장찌개", "처음으로"]


@bot.handle_message(["(김치|된장)찌개"])
def dish(req, res):
    res.text = req.content + " 하나요? 사진을 보내 주시면 맵기를 골라 드려요."


@bot.handle_message(["오시는 길"])
def way(req, res):
    res.text = "시청역 3번 출구에서 5분입니다."
    res.photo = Template.Photo("https://shop.example/map.png", 720, 360)
    res.message_button = Template.MessageButton("지도에서 보기", "https://shop.example/map")


@bot.handle_photo
def photo(req, res):
    res.text = "사진을 받았습니다: " + req.content


@bot.handle_message
def other(req, res):
    res.text = "다시 말씀해 주세요: " + req.content


app = Flask(__name__)


@app.get("/keyboard")
def keyboard():
    return bot.handle_keyboard_webhook()


@app.post("/message")
def message():
    return bot.handle_webhook(request.get_data(as_text=True))


if __name__ == "__main__":
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(64)
    port = listener.getsockname()[1]
    print("PORT", port, flush=True)
    make_server("127.0.0.1", port, app, threaded=True, fd=listener.fileno()).serve_forever()
