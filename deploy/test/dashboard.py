"""What stands in the dashboard and in PromQL, for static.py and monitoring.py. Standard library only."""
import json
import os
import re

here = os.path.dirname(os.path.abspath(__file__))
PATH = os.path.normpath(os.path.join(here, "../monitoring/grafana/dashboards/dashboard.json"))

# A metric of the bridge with its label matchers, where it has any. No value of ours holds a brace.
SELECTOR = re.compile(r"\b((?:bridge|process)_[a-z_]+)\b(\{[^}]*\})?")
# $name or ${name}
VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def load():
    with open(PATH, encoding="utf-8") as file:
        return json.load(file)


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries(dashboard):
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def selectors(promql):
    """Name and matchers of every metric of the bridge in a query: ("bridge_turns_total", '{bot=~"$bot"}')."""
    return [(found[1], found[2] or "") for found in SELECTOR.finditer(promql)]


def base(metric):
    """The metric that a series of a histogram belongs to."""
    return re.sub(r"_(bucket|sum|count)$", "", metric)
