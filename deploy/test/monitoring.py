#!/usr/bin/env python3
"""Asks a running Prometheus whether it has the rules, reaches the bridge, and answers every query of the dashboard.

usage: monitoring.py URL          for example monitoring.py http://127.0.0.1:9091
"""
import json
import os
import re
import sys
import time
import urllib.parse
import urllib.request

base = sys.argv[1].rstrip("/")
here = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 90  # seconds; the target is scraped every 15


def get(path, **query):
    url = f"{base}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]


def wait(what, ready):
    until, seen = time.monotonic() + PATIENCE, None
    while time.monotonic() < until:
        try:
            seen = ready()
            if seen:
                return seen
        except OSError as error:
            seen = error
        time.sleep(0.5)
    sys.exit(f"{what}: {seen}")


def up():
    targets = get("/api/v1/targets")["activeTargets"]
    return targets if targets and all(target["health"] == "up" for target in targets) else None


rules = wait("no rules are loaded", lambda: [rule for group in get("/api/v1/rules")["groups"] for rule in group["rules"]])
bad = [rule["name"] for rule in rules if rule["health"] == "err"]
targets = wait("the bridge is not up", up)

with open(os.path.join(here, "../monitoring/grafana/dashboards/dashboard.json"), encoding="utf-8") as file:
    dashboard = json.load(file)


def queries(panels):
    for panel in panels:
        yield from queries(panel.get("panels", []))
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


failed, answered, with_data = [], 0, 0
for title, query in queries(dashboard["panels"]):
    query = query.replace("$__rate_interval", "1m").replace("$__range", "1h")
    query = re.sub(r"\$\{?\w+(:\w+)?\}?", ".*", query)
    try:
        result = get("/api/v1/query", query=query)["result"]
        answered += 1
        with_data += bool(result)
    except OSError as error:
        failed.append(f"{title}: {query}: {error}")
print(f"{len(rules)} rules, {len(targets)} target up, {answered} queries of the dashboard answered, {with_data} of them with data")
for line in failed + [f"rule {name} has an error" for name in bad]:
    print(line)
sys.exit(1 if failed or bad or not answered or not with_data else 0)
