#!/usr/bin/env python3
"""What a turn takes besides instructions: memory, log, CPU, and commands and bytes of a shared store (docs/capacity.md).

usage: capacity.py BRIDGE      BRIDGE: the binary of the release profile; wants redis-server

One caller, one bot (the demo's), 200 users, 2,000 turns after 50 to warm up, for each place of the state: none, a
folder, a Redis with `appendonly yes`. Everything runs on 127.0.0.1. CPU comes in ticks of 10 ms and is coarse.
"""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

BRIDGE = sys.argv[1]
WARM_UP, TURNS, USERS = 50, 2_000, 200


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on {port}")


@contextlib.contextmanager
def running(arguments, port, **pipes):
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **pipes)
    try:
        wait_for(port)
        yield process
    finally:
        process.terminate()
        process.wait()


def memory(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith(("VmRSS", "RssAnon"))}
    return f"{kib['VmRSS'] / 1024:.1f} MiB, {kib['RssAnon'] / 1024:.1f} of it its own"


def ticks(process):
    return sum(map(int, pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))


def facts(redis):
    told = subprocess.run(["redis-cli", "-p", str(redis), "info", "all"], capture_output=True, text=True, check=True).stdout
    return dict(line.split(":", 1) for line in told.splitlines() if ":" in line)


def calls(told):
    return {name[8:]: int(value.split("calls=")[1].split(",")[0]) for name, value in told.items() if name.startswith("cmdstat_")}


def turn(connection, user):
    ids = {"id": "me", "properties": {"plusfriendUserKey": user}}
    body = json.dumps({"bot": {"id": "demo"}, "userRequest": {"utterance": "오늘의 메뉴", "user": ids}}).encode()
    connection.request("POST", "/skill", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200 or "떡볶이".encode() not in answer.read():
        sys.exit("the bot was not asked")


def measure(place, folder):
    bot, public, admin, redis = free_port(), free_port(), free_port(), free_port()
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([BRIDGE, "demo", "--bot-only", "--listen", f"127.0.0.1:{bot}"], bot, stderr=subprocess.DEVNULL))
        more = []
        if place == "redis":
            store = ["redis-server", "--port", str(redis), "--save", "", "--appendonly", "yes", "--dir", folder]
            stack.enter_context(running(store, redis))
            more = ["--set", f"store.url=redis://127.0.0.1:{redis}"]
        elif place == "folder":
            more = ["--set", f"store.path={folder}/state"]
        log = stack.enter_context(open(f"{folder}/{place}.log", "w", encoding="utf-8"))
        serve = [BRIDGE, "serve", "--bot", f"http://127.0.0.1:{bot}", "--listen", f"127.0.0.1:{public}", "--admin", f"127.0.0.1:{admin}"]
        bridge = stack.enter_context(running(serve + more, public, stderr=log))
        time.sleep(1)
        idle = memory(bridge)
        connection = http.client.HTTPConnection("127.0.0.1", public)
        for number in range(WARM_UP):
            turn(connection, f"WarmUser-{number:03d}")
        time.sleep(1)
        before, bytes_before, ticks_before = facts(redis) if place == "redis" else {}, os.path.getsize(log.name), ticks(bridge)
        for number in range(TURNS):
            turn(connection, f"Measured-{number % USERS:03d}")
        time.sleep(1.5)
        print(f"state in {place}: idle {idle}; afterwards {memory(bridge)}")
        print(f"  a turn: {(ticks(bridge) - ticks_before) * 10 / TURNS:.3f} ms of CPU, {(os.path.getsize(log.name) - bytes_before) / TURNS:.0f} bytes of log")
        if place == "redis":
            after = facts(redis)
            more = {key: (float(after[key]) - float(before[key])) / TURNS for key in before if key in after and before[key].replace(".", "", 1).isdigit() and after[key].replace(".", "", 1).isdigit()}
            was = calls(before)
            commands = {name: (count - was.get(name, 0)) / TURNS for name, count in calls(after).items()}
            asked = {name: round(count, 2) for name, count in commands.items() if name in ("evalsha", "set") and count > 0}
            print(f"  the store, a turn: asked {asked}, executed {more['total_commands_processed']:.1f} with those inside scripts;")
            print(f"    {more['total_net_input_bytes']:.0f} bytes in, {more['total_net_output_bytes']:.0f} out, {more['aof_current_size']:.0f} of its log;")
            print(f"    {more['used_cpu_user'] * 1000 + more['used_cpu_sys'] * 1000:.3f} ms of its CPU")


for where in ("memory", "folder", "redis"):
    with tempfile.TemporaryDirectory() as scratch:
        measure(where, scratch)
