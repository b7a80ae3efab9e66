#!/usr/bin/env python3
"""What can be said about the files of deploy/ without running them. Prints one line per problem; exit 1 on any.

Needs PyYAML. Checks: every YAML and JSON file parses; what compose mounts and builds exists; every metric in a rule
or panel is one that docs/operations.md lists; grace periods fit together; every command in a comment names files
that exist.
"""
import glob
import json
import os
import re
import sys

import yaml

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

# Metrics: rules, their tests and panels use what the operators' document lists.
listed = set(re.findall(r"`(bridge_[a-z_]+)", read(root + "/docs/operations.md")))
for path in glob.glob(deploy + "/monitoring/**/*", recursive=True):
    if os.path.isfile(path):
        for metric in set(re.findall(r"\bbridge_[a-z_]+", read(path))):
            if re.sub(r"_(bucket|sum|count)$", "", metric) not in listed:
                problem(path, f"uses {metric}, which docs/operations.md does not list")

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
