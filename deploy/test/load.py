#!/usr/bin/env python3
"""Users who talk to bridges for some seconds, each with a conversation of their own, while somebody breaks things.

usage: load.py URL CA SECONDS     SKILL_SECRET in the environment is sent as the header x-skill-secret

Fails where a call took longer than 5 s, where more calls than the eight users had under way ended without an answer (those
of a bridge that was killed), or where a user was not answered at the end.
"""
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

url, ca, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
trust = ssl.create_default_context(cafile=ca)
USERS = 8
calls, failed, slowest, last = 0, [], 0.0, {}
lock = threading.Lock()


def say(user):
    body = {"bot": {"id": "demo"}, "userRequest": {"utterance": "오늘의 메뉴", "user": {"id": f"load{user}", "properties": {"plusfriendUserKey": f"loadUser_{user:03}"}}}}
    headers = {"Content-Type": "application/json", "x-skill-secret": os.environ.get("SKILL_SECRET", "")}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=8, context=trust) as answer:
        return bool(json.load(answer)["template"]["outputs"])


def live(user):
    global calls, slowest
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        try:
            good, why = say(user), "no bubble"
        except (OSError, KeyError, ValueError, urllib.error.URLError) as error:
            good, why = False, repr(error)
        took = time.monotonic() - begun
        with lock:
            calls += 1
            slowest = max(slowest, took)
            last[user] = good
            if not good:
                failed.append(why)
        time.sleep(0.05)


threads = [threading.Thread(target=live, args=(user,)) for user in range(USERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{calls} calls, {len(failed)} without an answer, slowest {slowest:.2f} s {failed[:3]}")
sys.exit(0 if slowest < 5 and len(failed) <= USERS and all(last.values()) else 1)
