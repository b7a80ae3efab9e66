#!/usr/bin/env python3
"""Walks a conversation through a running bridge in front of deploy/demo-bot/bot.py. Standard library only.

usage: walk.py URL          for example walk.py http://127.0.0.1:8080

Every step is what OpenBuilder would send for it; a tapped quick reply carries its own messageText and extra.
"""
import json
import sys
import urllib.request

base = sys.argv[1].rstrip("/")
failed = 0


def call(path, utterance, extra=None):
    body = {
        "bot": {"id": "5c0f3a1be821274ad9d9e0f1", "name": "급식 봇"},
        "intent": {"id": "5c0f3a1be821274ad9d9e0f2", "name": "폴백 블록"},
        "action": {"id": "5c0f3a1be821274ad9d9e0f3", "name": "bridge", "params": {}, "detailParams": {}, "clientExtra": extra or {}},
        "userRequest": {
            "utterance": utterance,
            "lang": "ko",
            "timezone": "Asia/Seoul",
            "block": {"id": "5c0f3a1be821274ad9d9e0f2", "name": "폴백 블록"},
            "params": {"surface": "Kakaotalk.plusfriend"},
            "user": {"id": "e" * 66, "type": "botUserKey", "properties": {"plusfriendUserKey": "walkUser_001"}},
        },
        "contexts": [],
    }
    request = urllib.request.Request(base + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def replies(answer):
    return {reply["label"]: reply for reply in answer["template"].get("quickReplies", [])}


def shown(answer):
    return json.dumps(answer["template"]["outputs"], ensure_ascii=False)


def fact(what, holds, answer):
    global failed
    print("ok  " if holds else "FAIL", what)
    if not holds:
        failed += 1
        print("     ", json.dumps(answer, ensure_ascii=False)[:800])


def tap(answer, label):
    reply = replies(answer).get(label)
    if reply is None:
        fact(f"{label} can be tapped", False, answer)
        return answer
    return call("/skill", reply.get("messageText", label), reply.get("extra"))


home = call("/keyboard", "")
fact("the home keyboard is shown", "오늘의 급식" in replies(home), home)
fact("the answer is version 2.0", home.get("version") == "2.0", home)

days = tap(home, "요일별 급식")
fact("a button's answer has its own keyboard", "월요일" in replies(days), days)
monday = tap(days, "월요일")
fact("the meal is read", "현미밥" in shown(monday), monday)

classes = tap(monday, "학급별 급식 시간")
fact("25 buttons are laid out in pages of at most 10", 1 < len(replies(classes)) <= 10 and "다음 ▶" in replies(classes), classes)
second = tap(classes, "다음 ▶")
fact("the next page has other buttons", "◀ 이전" in replies(second) and "1학년 1반" not in replies(second), second)
last = tap(second, "다음 ▶")
room = next((label for label in replies(last) if label.startswith("3학년")), "3학년 8반")
time = tap(last, room)
fact("a button of a later page reaches the bot", "식당으로" in shown(time), time)

photo = tap(time, "학교 사진")
fact("the photo and its words are both shown", "school.example" in shown(photo) and "우리 학교" in shown(photo), photo)
link = tap(photo, "학교 홈페이지")
fact("the link is a button", "webLink" in shown(link), link)

again = call("/skill", "아무 말")
fact("words that match no button show the keyboard again", "오늘의 급식" in replies(again), again)
write = tap(again, "영양사 선생님께 한마디")
fact("a reply without keyboard is free typing", not replies(write), write)
said = call("/skill", "맛있었어요\n")
fact("typed words reach the bot", "전해 드렸습니다: 맛있었어요" in shown(said), said)
left = call("/leave", "나가기")
fact("leaving is answered", left.get("version") == "2.0", left)

print(f"walk: {failed} failed")
sys.exit(1 if failed else 0)
