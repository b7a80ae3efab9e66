#!/usr/bin/env python3
"""Whether a proxy passes exactly the paths that the bridge has. Prints one line per problem; exit 1 on any.

usage: paths.py PROXY BRIDGE      two base URLs; the proxy's certificate is not looked at
"""
import json
import ssl
import sys
import urllib.error
import urllib.request

proxy, bridge = sys.argv[1].rstrip("/"), sys.argv[2].rstrip("/")
anyone = ssl.create_default_context()
anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE


def ask(base, method, path):
    data = b"{}" if method == "POST" else None
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10, context=anyone) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def is_miss(answer):
    """The bridge's word for a path that it does not have."""
    return answer[0] == 404 and b"no such path" in answer[1]


calls = ["skill", "keyboard", "message", "leave", "channel"]
paths = [("POST", prefix + call + end) for prefix in ("/", "/bots/default/") for call in calls for end in ("", "/")]
paths += [("GET", "/" + probe + end) for probe in ("healthz", "readyz") for end in ("", "/")]
# The bridge says which method a path takes.
paths += [("GET", "/skill"), ("POST", "/healthz")]
# Not the bridge's, and some of them the operators' (which are another port's).
paths += [("GET", path) for path in ("/", "/metrics", "/skills", "/skill/x", "/bots/default/healthz", "/bots/skill", "/bots/a/b/skill", "/console", "/healthzz")]
problems, passed = [], 0
for method, path in paths:
    direct, behind = ask(bridge, method, path), ask(proxy, method, path)
    if is_miss(direct):
        if behind[0] != 404 or is_miss(behind):
            problems.append(f"{method} {path} is not the bridge's, and comes to {behind[0]} {behind[1][:80]!r}")
    elif direct != behind:
        problems.append(f"{method} {path} is {direct[0]} {direct[1][:80]!r} at the bridge, and behind the proxy {behind[0]} {behind[1][:80]!r}")
    else:
        passed += 1

# And a conversation.
call = {"bot": {"id": "demo"}, "userRequest": {"utterance": "오늘의 메뉴", "user": {"id": "me", "properties": {"plusfriendUserKey": "pathUser_001"}}}}
request = urllib.request.Request(proxy + "/skill", json.dumps(call).encode(), {"Content-Type": "application/json"})
with urllib.request.urlopen(request, timeout=10, context=anyone) as answer:
    if "떡볶이" not in answer.read().decode():
        problems.append("the bot's answer does not come through the proxy")

for line in problems:
    print("problem:", line)
print(f"paths: {passed} pass, {len(problems)} problems")
sys.exit(1 if problems or passed < 20 else 0)
