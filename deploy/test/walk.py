#!/usr/bin/env python3
"""Walks a conversation through a running bridge in front of the demo's old bot. Standard library only.

usage: walk.py URL [CA]     for example walk.py http://127.0.0.1:8080; CA: a certificate file to trust for https

SKILL_SECRET in the environment is sent as the header x-skill-secret.

Every step is what OpenBuilder would send for it; a tapped quick reply carries its own messageText and extra.
"""
import json
import os
import ssl
import sys
import time
import urllib.request

base = sys.argv[1].rstrip("/")
trust = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None
failed = 0


def call(path, utterance, extra=None):
    body = {
        "bot": {"id": "5c0f3a1be821274ad9d9e0f1", "name": "분식집 봇"},
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
    headers = {"Content-Type": "application/json"}
    if "SKILL_SECRET" in os.environ:
        headers["x-skill-secret"] = os.environ["SKILL_SECRET"]
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
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
fact("the home keyboard is shown", "오늘의 메뉴" in replies(home), home)
fact("the answer is version 2.0", home.get("version") == "2.0", home)

today = tap(home, "오늘의 메뉴")
fact("a button's answer is read", "떡볶이" in shown(today), today)

dishes = tap(today, next(label for label in replies(today) if label.startswith("전체 메뉴")))
fact("31 buttons are laid out in pages of at most 10", 1 < len(replies(dishes)) <= 10 and "다음 ▶" in replies(dishes), dishes)
second = tap(dishes, "다음 ▶")
fact("the next page has other buttons", "◀ 이전" in replies(second) and "떡볶이" not in replies(second), second)
page = second
while "다음 ▶" in replies(page) and "치즈돈가스" not in replies(page):
    page = tap(page, "다음 ▶")
dish = tap(page, "치즈돈가스")
fact("a button of a later page reaches the bot", "치즈돈가스 하나 드릴까요" in shown(dish), dish)

again = call("/skill", "아무 말")
fact("words that match no button show the keyboard again", "처음으로" in replies(again), again)
start = tap(again, "처음으로")
photo = tap(start, "가게 사진")
fact("the photo and its words are both shown", "photo.png" in shown(photo) and "저희 가게" in shown(photo), photo)
link = tap(photo, "찾아오는 길")
fact("the link is a button", "webLink" in shown(link), link)

order = tap(link, "주문 남기기")
fact("a reply without keyboard is free typing", not replies(order), order)
said = call("/skill", "김밥 두 줄\n")
fact("typed words reach the bot", "주문을 받았습니다: 김밥 두 줄" in shown(said), said)

begun = time.monotonic()
slow = tap(said, next(label for label in replies(said) if label.startswith("천천히")))
fact("an answer after 8 s is waited for behind a button", "답변 보기" in replies(slow), slow)
fact("which the user reads within 5 s", time.monotonic() - begun < 5, slow)
late = slow
while "8초 걸렸습니다" not in shown(late) and time.monotonic() - begun < 20:
    late = call("/skill", "답변 보기", replies(slow).get("답변 보기", {}).get("extra"))
    time.sleep(0.5)
fact("and the late answer is read there", "8초 걸렸습니다" in shown(late), late)

left = call("/leave", "나가기")
fact("leaving is answered", left.get("version") == "2.0", left)

print(f"walk: {failed} failed")
sys.exit(1 if failed else 0)
