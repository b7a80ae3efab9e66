#!/usr/bin/env python3
"""What can be said about the files of deploy/ without running them. Prints one line per problem; exit 1 on any.

Needs PyYAML. Checks: every YAML and JSON file parses; what compose mounts and builds exists; every metric in a rule
or panel is one that docs/operations.md lists, with labels that it has; every query of the dashboard obeys the variables;
grace periods, probes, disruption budget and network policies fit together; every command of the workflows and of the
justfile names files that exist. Where kubernetes-validate is installed, manifests obey Kubernetes' own schemas, and
where check-jsonschema is, workflows obey GitHub's.
"""
import glob
import json
import os
import re
import subprocess
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
for path, found in documents.items():
    if os.path.basename(path) == "kustomization.yaml":
        folder = os.path.dirname(path)
        for resource in found[0]["resources"] + [patch["path"] for patch in found[0].get("patches", [])]:
            if not os.path.exists(os.path.join(folder, resource)):
                problem(path, f"names {resource}, which does not exist")
        listed = {os.path.basename(name) for name in found[0]["resources"] + [p["path"] for p in found[0].get("patches", [])]}
        for name in set(os.listdir(folder)) - listed - {"kustomization.yaml"}:
            problem(path, f"leaves {name} out")

# A start may wait for the folder of the process before (src/store/journal.rs: HANDOVER), and is not killed meanwhile.
handover = int(re.search(r"const HANDOVER: Duration = Duration::from_secs\((\d+)\)", read(root + "/src/store/journal.rs")).group(1))
path = kinds["Deployment"][0][0]
startup, ready, alive = (container[name + "Probe"] for name in ("startup", "readiness", "liveness"))
if startup["periodSeconds"] * startup["failureThreshold"] <= handover:
    problem(path, f"startupProbe gives up before a start must have its store ({handover} s)")
if [probe["httpGet"]["path"] for probe in (startup, ready, alive)] != ["/healthz", "/readyz", "/healthz"]:
    problem(path, "probes: alive is not ready, and a sick bot must not restart the bridge")
for probe in (startup, ready, alive):
    if probe.get("timeoutSeconds", 1) > probe["periodSeconds"]:
        problem(path, "a probe takes longer than its period")
# Whoever still sends calls to a pod that leaves has the time of preStop to hear of it: two looks of its readiness.
if container["lifecycle"]["preStop"]["sleep"]["seconds"] < 2 * ready["periodSeconds"]:
    problem(path, "preStop is shorter than two looks at the readiness")

# The budget and the policies are about this pod; the update never has fewer pods than the budget leaves.
labels = deployment["spec"]["template"]["metadata"]["labels"]
ports = {port["name"]: port["containerPort"] for port in container["ports"]}
for path, document in kinds["PodDisruptionBudget"]:
    if document["spec"]["selector"]["matchLabels"] != labels:
        problem(path, "is about other pods")
    if document["spec"].get("maxUnavailable") != 1 or deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] != 0:
        problem(path, "one pod may leave for a drain (minAvailable would block it with one replica), and none for an update")
for path, document in ((p, d) for p, found in documents.items() for d in found if isinstance(d, dict) and d.get("kind") == "NetworkPolicy"):
    spec = document["spec"]
    if spec["podSelector"]["matchLabels"] != labels:
        problem(path, "is about other pods")
    for rule in spec.get("ingress", []):
        for port in rule["ports"]:
            if port["port"] not in ports:
                problem(path, f"lets callers in at {port['port']}, which the container does not have")
            if port["port"] == "admin" and "from" not in rule:
                problem(path, "opens the operators' port to everybody")
    if spec["policyTypes"] != ["Ingress", "Egress"][-len(spec["policyTypes"]):]:
        problem(path, f"is of the types {spec['policyTypes']}")
    # OpenBuilder's callback is https, names want DNS: without them a policy would silence the bridge.
    outward = {port["port"] for rule in spec["egress"] for port in rule.get("ports", [])}
    if "Ingress" in spec["policyTypes"] and not {53, 443} <= outward:
        problem(path, f"lets the bridge out at {sorted(outward)} only")
version = re.search(r'^version = "(.+)"$', read(root + "/Cargo.toml"), re.M).group(1)
if container["image"] != f"smartchat-bridge:{version}":
    problem(kinds["Deployment"][0][0], f"runs {container['image']}, and this is {version}")

try:
    import kubernetes_validate
except ImportError:
    kubernetes_validate = None
if kubernetes_validate:
    # The oldest that knows preStop's sleep, and the newest that the validator knows.
    versions = ["1.30", kubernetes_validate.latest_version()]
    for path, found in documents.items():
        for document in found if "/k8s" in path and os.path.basename(path) != "kustomization.yaml" else []:
            # A patch is a part of a manifest.
            if path.endswith("k8s-replicas/deployment.yaml"):
                continue
            for kubernetes in versions:
                try:
                    kubernetes_validate.validate(document, kubernetes, strict=True)
                except Exception as error:  # its kinds of errors differ by version
                    problem(path, f"Kubernetes {kubernetes} does not take it: {str(error).splitlines()[0]}")

# systemd: the same patience.
unit = read(deploy + "/smartchat-bridge.service")
if seconds(re.search(r"^TimeoutStopSec=(\S+)$", unit, re.M).group(1)) <= 55:
    problem(deploy + "/smartchat-bridge.service", "TimeoutStopSec is not longer than the bridge's grace (55 s)")

# Started means ready.
if "\nType=notify\n" not in unit:
    problem(deploy + "/smartchat-bridge.service", "does not wait until the bridge says that it serves (Type=notify)")
if seconds(re.search(r"^TimeoutStartSec=(\S+)$", unit, re.M).group(1)) <= handover:
    problem(deploy + "/smartchat-bridge.service", f"TimeoutStartSec is not longer than a start waits for the store's folder ({handover} s)")

# A reload checks the file that the start reads, before the running bridge is told of it.
started = re.search(r"^ExecStart=(\S+) serve (.+)$", unit, re.M)
reloads = re.findall(r"^ExecReload=(.+)$", unit, re.M)
if reloads != [f"+nsenter --target $MAINPID --mount {started.group(1)} config check {started.group(2)}", "/bin/sh -c 'kill -HUP $MAINPID'"]:
    problem(deploy + "/smartchat-bridge.service", f"does not check the configuration before a reload: {reloads}")

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

# Workflows and the justfile: they parse, and what they run is there.
workflows = sorted(glob.glob(root + "/.github/workflows/*.yml"))
if [os.path.basename(path) for path in workflows] != ["ci.yml", "release.yml"]:
    problem(root + "/.github/workflows", f"holds {workflows}")
commands = {root + "/justfile": re.findall(r"^    (.+)$", read(root + "/justfile"), re.M)}
for path in workflows:
    try:
        jobs = yaml.safe_load(read(path))["jobs"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        problem(path, f"is no workflow: {error}")
        continue
    for name, job in jobs.items():
        for other in [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", []):
            if other not in jobs:
                problem(path, f"{name} needs {other}, which is no job")
        if "timeout-minutes" not in job and name != "publish":
            problem(path, f"{name} may run for ever")
        commands.setdefault(path, []).extend(step["run"] for step in job["steps"] if "run" in step)
for path, lines in commands.items():
    for line in lines:
        for named in re.findall(r"(?<![\w/.-])((?:\.ci|deploy|fuzz|benches)/[\w./-]+)", line):
            if not os.path.exists(os.path.join(root, named)) and named not in ("fuzz/corpus", "fuzz/artifacts"):
                problem(path, f"runs {named}, which does not exist")
            elif named.endswith((".sh", "/run")) and not os.access(os.path.join(root, named), os.X_OK):
                problem(path, f"runs {named}, which may not be run")
if subprocess.run([sys.executable, "-c", "import check_jsonschema"], stderr=subprocess.DEVNULL).returncode == 0:
    judged = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows], capture_output=True, text=True)
    if judged.returncode:
        problem(root + "/.github/workflows", judged.stdout + judged.stderr)

# The package: what it asks for exists, and its unit is the one of deploy/.
manifest = read(root + "/Cargo.toml")
for source in re.findall(r'^  \["([^"]+)", "', manifest, re.M):
    if not source.startswith("target/release/smartchat-bridge") and not os.path.isfile(os.path.join(root, source)):
        problem(root + "/Cargo.toml", f"packs {source}, which does not exist")
for script in ("postinst", "postrm"):
    if "\n#DEBHELPER#\n" not in read(f"{deploy}/deb/{script}"):
        problem(f"{deploy}/deb/{script}", "leaves no room for what systemd is told")

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
