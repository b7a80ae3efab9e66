#!/usr/bin/env python3
"""Asks a running Prometheus whether it has the rules and reaches the bridge, and whether there is something for
every metric that a rule asks for, every query of the dashboard and every variable of it. The bot behind the bridge must
have answered before.

usage: monitoring.py URL [METRIC...]          for example monitoring.py http://127.0.0.1:9091

METRIC: not there at this bridge, by its configuration; rules that ask for it are loaded all the same.
"""
import json
import re
import sys
import time
import urllib.parse
import urllib.request

import dashboard

base = sys.argv[1].rstrip("/")
left_out = set(sys.argv[2:])
PATIENCE = 90  # seconds; the target is scraped every 15, and a rate wants two of them
BUILT_IN = {"__rate_interval": "1m", "__range": "1h"}


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


def result(query):
    return get("/api/v1/query", query=query)["result"]


def up():
    targets = get("/api/v1/targets")["activeTargets"]
    return targets if targets and all(target["health"] == "up" for target in targets) else None


def all_rules(health=None):
    rules = [rule for group in get("/api/v1/rules")["groups"] for rule in group["rules"]]
    return [rule for rule in rules if health in (None, rule["health"])]


rules = wait("no rules are loaded", all_rules)
targets = wait("the bridge is not up", up)

for rule in rules:
    for selector in map("".join, dashboard.selectors(rule["query"])):
        if selector in left_out:
            continue
        wait(f"the rule {rule['name']} asks for {selector}, which is not there", lambda: result(selector))

board = dashboard.load()
variables = dashboard.variables(board)
# As Grafana does it where everything is chosen.
values = {name: variable["allValue"] for name, variable in variables.items() if "allValue" in variable} | BUILT_IN


def filled_in(query):
    return dashboard.VARIABLE.sub(lambda found: values[found[1]], query)


for name, variable in variables.items():
    if variable["type"] == "query":
        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
        wait(f"${name} has no value", lambda: get(f"/api/v1/label/{label}/values", **{"match[]": filled_in(series)}))
answered = 0
for title, query in dashboard.queries(board):
    wait(f"{title}: no answer to {query}", lambda: result(filled_in(query)))
    answered += 1
print(f"{len(rules)} rules, {len(targets)} target up, {answered} queries of the dashboard answered with data")
bad = all_rules("err")
for rule in bad:
    print(f"rule {rule['name']} has an error: {rule.get('lastError')}")
sys.exit(1 if bad or not answered else 0)
