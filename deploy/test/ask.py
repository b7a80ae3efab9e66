#!/usr/bin/env python3
"""Asks a running bridge once, as OpenBuilder would, and prints the bubbles. Exit 1 where there is none.

usage: ask.py URL [CA] [WORDS [EXPECTED]]     TAP=1 sends the words as a tap of a button with that label; SKILL_SECRET in the environment is sent as the header x-skill-secret
"""
import json
import os
import ssl
import sys
import urllib.request

url, rest = sys.argv[1], sys.argv[2:]
trust = ssl.create_default_context(cafile=rest.pop(0)) if url.startswith("https") and rest else None
words = rest[0] if rest else "오늘의 메뉴"
# The demo's bot has said it itself; the bridge's own words of an outage would be bubbles, too.
expected = rest[1] if len(rest) > 1 else "" if rest else "떡볶이"
extra = {"sb": {"v": 1, "w": words}} if os.environ.get("TAP") else {}
body = {"bot": {"id": "demo"}, "action": {"clientExtra": extra}, "userRequest": {"utterance": words, "user": {"id": "me", "properties": {"plusfriendUserKey": "askUser__001"}}}}
headers = {"Content-Type": "application/json"}
if "SKILL_SECRET" in os.environ:
    headers["x-skill-secret"] = os.environ["SKILL_SECRET"]
with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=6, context=trust) as answer:
    outputs = json.load(answer)["template"]["outputs"]
shown = json.dumps(outputs, ensure_ascii=False)
print(shown)
sys.exit(0 if outputs and expected in shown else 1)
