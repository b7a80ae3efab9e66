#!/usr/bin/env python3
"""What can be said about the files of deploy/ without running them. Prints one line per problem; exit 1 on any.

Needs PyYAML. Checks: every YAML and JSON file parses; what compose mounts and builds exists; every metric in a rule
or panel is one that docs/operations.md lists, with labels that it has; every query of the dashboard obeys the variables;
grace periods fit together; every command in a comment names files that exist.
"""
import glob
import json
import os
import re
import sys

import yaml

import dashboard

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
deploy = os.path.join(root, "deploy")
problems = []


def problem(where, what):
    problems.append(f"{os.path.relpath(where, root)}: {what}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def seconds(duration):
    return int(re.fullmatch(r"(\d+)s", str(duration)).group(1))


documents = {}
for path in sorted(glob.glob(deploy + "/**/*.y*ml", recursive=True) + glob.glob(root + "/examples/**/*.y*ml", recursive=True)):
    try:
        documents[path] = [d for d in yaml.safe_load_all(read(path)) if d is not None]
    except yaml.YAMLError as error:
        problem(path, f"is not YAML: {error}")
for path in glob.glob(deploy + "/**/*.json", recursive=True):
    try:
        json.loads(read(path))
    except ValueError as error:
        problem(path, f"is not JSON: {error}")

# Compose: what is mounted exists and comes from this directory, images are named, the stop is patient enough.
services, named_volumes = {}, set()
for path, (compose,) in ((p, d) for p, d in documents.items() if os.path.basename(p).startswith("compose")):
    unknown = {key for key in compose if not key.startswith("x-")} - {"services", "volumes"}
    if unknown:
        problem(path, f"unknown top level {sorted(unknown)}")
    named_volumes |= set(compose.get("volumes") or {})
    for name, service in compose["services"].items():
        services.setdefault(name, {}).update(service)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not os.path.exists(os.path.join(os.path.dirname(path), source)):
                    problem(path, f"{name} mounts {source}, which does not exist")
                if not volume.endswith(":ro"):
                    problem(path, f"{name} can write to {source}")
            elif source not in named_volumes:
                problem(path, f"{name} uses the undeclared volume {source}")
        build = service.get("build")
        if build:
            context = os.path.join(os.path.dirname(path), build["context"])
            if not os.path.isfile(os.path.join(context, build["dockerfile"])):
                problem(path, f"{name} is built from {build['dockerfile']}, which does not exist")
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:") and name != "caddy":
                problem(path, f"{name} publishes {port} to everybody")
for path, found in documents.items():
    if os.path.basename(path).startswith("compose"):
        for name, service in found[0]["services"].items():
            needed = service.get("depends_on", [])
            for other in needed:
                if other not in services:
                    problem(path, f"{name} depends on {other}, which is nowhere")
            if name not in ("bridge",) and "image" not in service:
                problem(path, f"{name} has no image")
if seconds(services["bridge"]["stop_grace_period"]) <= 55:
    problem(deploy + "/compose.yaml", "stop_grace_period is not longer than the bridge's grace (55 s)")

# Kubernetes: the kinds that were promised, and numbers that fit together.
kinds = {}
for path, found in documents.items():
    if "/k8s/" in path:
        for document in found:
            kinds.setdefault(document.get("kind"), []).append((path, document))
            if not document.get("apiVersion"):
                problem(path, "has no apiVersion")
for kind in ("Deployment", "ConfigMap", "Service", "PodDisruptionBudget", "Kustomization"):
    if kind not in kinds:
        problem(deploy + "/k8s", f"has no {kind}")
path, deployment = kinds["Deployment"][0]
pod = deployment["spec"]["template"]["spec"]
container = pod["containers"][0]
if deployment["spec"]["replicas"] != 1:
    problem(path, "sessions live in one process: replicas must be 1")
if pod["terminationGracePeriodSeconds"] <= 55 + container["lifecycle"]["preStop"]["sleep"]["seconds"]:
    problem(path, "terminationGracePeriodSeconds is not longer than preStop and grace together")
volumes = {v["name"] for v in pod["volumes"]}
for mount in container["volumeMounts"]:
    if mount["name"] not in volumes:
        problem(path, f"mounts {mount['name']}, which is no volume")
path, kustomization = kinds["Kustomization"][0]
for resource in kustomization["resources"]:
    if not os.path.isfile(os.path.join(deploy, "k8s", resource)):
        problem(path, f"names {resource}, which does not exist")

# systemd: the same patience.
unit = read(deploy + "/bridge.service")
if seconds(re.search(r"^TimeoutStopSec=(\S+)$", unit, re.M).group(1)) <= 55:
    problem(deploy + "/bridge.service", "TimeoutStopSec is not longer than the bridge's grace (55 s)")

# A reload checks the file that the start reads, before the running bridge is told of it.
started = re.search(r"^ExecStart=(\S+) serve (.+)$", unit, re.M)
reloads = re.findall(r"^ExecReload=(.+)$", unit, re.M)
if reloads != [f"+{started.group(1)} config check {started.group(2)}", "/bin/kill -HUP $MAINPID"]:
    problem(deploy + "/bridge.service", f"does not check the configuration before a reload: {reloads}")

# Metrics: rules, their tests and panels use what the operators' document lists, with the labels that stand there.
listed = {}
for row in re.findall(r"^\| (`(?:bridge|process)_[^|]*)\|", read(root + "/docs/operations.md"), re.M):
    for metric, labels in re.findall(r"`([a-z_]+)(?:\{([a-z,]+)\})?`", row):
        listed[metric] = set(labels.split(",")) - {""}
for path in glob.glob(deploy + "/monitoring/**/*", recursive=True):
    if os.path.isfile(path):
        # In JSON the quotes of a query are escaped.
        for metric, matchers in set(dashboard.selectors(read(path).replace('\\"', '"'))):
            own = listed.get(dashboard.base(metric))
            if own is None:
                problem(path, f"uses {metric}, which docs/operations.md does not list")
                continue
            strange = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) - own - {"instance", "job", "le"}
            if strange:
                problem(path, f"asks {metric} for {sorted(strange)}, which it does not have")

# Dashboard: the data source and the filters are variables, and every query obeys those that its metric has a label for.
path, board = dashboard.PATH, dashboard.load()
defined = dashboard.variables(board)
if list(defined) != ["datasource", "instance", "bot"]:
    problem(path, f"has the variables {list(defined)}")
for name in set(dashboard.VARIABLE.findall(read(path))) - set(defined):
    if not name.startswith("__"):
        problem(path, f"uses ${name}, which is no variable")
for source in re.findall(r'"uid": "([^"]*)"', read(path)):
    if source not in ("${datasource}", board["uid"]):
        problem(path, f"names the data source {source}")
for panel in dashboard.panels(board):
    title = panel["title"]
    if not title.isascii() or not re.search("[가-힣]", panel["description"]):
        problem(path, f"{title}: the title is English, and the description has Korean")
    if panel.get("datasource", {}).get("uid") != "${datasource}" or not panel.get("targets"):
        problem(path, f"{title}: has no data source or no query")
rules = deploy + "/monitoring/alerts.yaml"
grouped = [(rules, rule["alert"], rule["expr"]) for group in documents[rules][0]["groups"] for rule in group["rules"]]
for where, title, query in grouped + [(path, *own) for own in dashboard.queries(board)]:
    known = {"instance", "le"}.union(*(listed.get(dashboard.base(metric), ()) for metric, _ in dashboard.selectors(query)))
    for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", query):
        if set(labels.split(", ")) - known:
            problem(where, f"{title}: groups by {labels}")
for title, query in dashboard.queries(board):
    if not dashboard.selectors(query):
        problem(path, f"{title}: asks for no metric of the bridge")
    for metric, matchers in dashboard.selectors(query):
        for variable in ("instance", "bot"):
            wanted = variable == "instance" or "bot" in listed.get(dashboard.base(metric), ())
            if (f'{variable}=~"${variable}"' in matchers) != wanted:
                problem(path, f"{title}: {metric} {'does not obey' if wanted else 'has no label for'} ${variable}")

# Image: what is copied in, who runs it.
dockerfile = read(deploy + "/Dockerfile")
for needed in ("FROM scratch AS base", "FROM base AS prebuilt", "USER 65532:65532", "HEALTHCHECK", "BRIDGE_LISTEN=0.0.0.0:8080", "BRIDGE_ADMIN__LISTEN=0.0.0.0:9090", "EXPOSE 8080 9090", "--locked"):
    if needed not in dockerfile:
        problem(deploy + "/Dockerfile", f"has no {needed}")
for line in dockerfile.splitlines():
    # Docker's old builder, which Debian's docker-compose uses, knows neither.
    if line.startswith("# syntax=") or line.startswith("RUN --"):
        problem(deploy + "/Dockerfile", f"wants BuildKit: {line}")

for line in problems:
    print("problem:", line)
print(f"static: {len(documents)} YAML files, {len(services)} services, {len(problems)} problems")
sys.exit(1 if problems else 0)
