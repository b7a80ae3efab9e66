#!/usr/bin/env bash
# Tests what stands in deploy/.
#
# usage: deploy/test.sh [PATH TO smartchat-bridge]      default: the newest of target/{debug,release,dist}
#
# Always: files parse, what is mounted exists, numbers fit together. With the binary: the configurations are checked
# and a conversation is walked through it, and with prometheus its metrics, rules and dashboard are tried. With a Docker engine: deploy/test/engine.sh walks image and compose files.
# With promtool, kubectl, systemd-analyze, nginx, caddy, shellcheck: their own checks. What is not there is said and
# skipped; problems make the exit status 1. With REQUIRE_ALL=1 the binary, PyYAML, prometheus, promtool and caddy must be there,
# and where an engine answers everything that has to be pulled from no registry.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

failures=0
skipped=()
scratch=$(mktemp -d)
children=()

cleanup() {
  if [ "$(type -t engine_cleanup)" = function ]; then engine_cleanup; fi
  for child in "${children[@]}"; do kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; done
  rm -rf "$scratch"
}
trap cleanup EXIT

have() { command -v "$1" >/dev/null 2>&1; }

run() { # what it shows, command...
  local what=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then
    printf 'ok    %s\n' "$what"
  else
    printf 'FAIL  %s\n' "$what"
    sed 's/^/      /' "$scratch/out" | tail -n 40
    failures=$((failures + 1))
  fi
}

skip() { # what, why
  printf 'skip  %s: %s\n' "$1" "$2"
  skipped+=("$1")
}

need() { # what, why: a skip, but a failure where everything is required
  if [ "${REQUIRE_ALL:-}" = 1 ]; then
    printf 'FAIL  %s: %s\n' "$1" "$2"
    failures=$((failures + 1))
  else
    skip "$1" "$2"
  fi
}

python=python3
[ -n "${SMARTCHAT_VENV:-}" ] && [ -x "$SMARTCHAT_VENV/bin/python" ] && python=$SMARTCHAT_VENV/bin/python

bridge=${1:-}
if [ -z "$bridge" ]; then
  # shellcheck disable=SC2012  # names without blanks, and newest first is what ls does
  bridge=$(ls -t target/debug/smartchat-bridge target/release/smartchat-bridge target/dist/smartchat-bridge 2>/dev/null | head -n 1)
fi
[ -e "$bridge" ] && bridge=$(realpath "$bridge")

# --- files -----------------------------------------------------------------------------------------------------------

if "$python" -c 'import yaml' 2>/dev/null; then
  run 'files parse, mounts exist, numbers fit together' "$python" deploy/test/static.py
else
  need 'parsing of YAML files' "$python has no yaml (python3-yaml, or pip install pyyaml)"
fi

if have promtool; then
  run 'alert rules' promtool check rules deploy/monitoring/alerts.yaml
  run 'alert rules fire when they should' promtool test rules deploy/monitoring/alerts.test.yaml
  run 'Prometheus configuration' promtool check config --syntax-only deploy/monitoring/prometheus.yml
else
  need 'alert rules' 'no promtool'
fi

if have kubectl; then
  run 'kustomize' kubectl kustomize deploy/k8s
else
  skip 'kustomize' 'no kubectl'
fi

if have systemd-analyze; then
  # The unit names a program that is not there before it is installed.
  sed -E "s#=(\+?)smartchat-bridge #=\1${bridge:-/bin/true} #" deploy/smartchat-bridge.service >"$scratch/smartchat-bridge.service"
  run 'systemd unit' systemd-analyze verify "$scratch/smartchat-bridge.service"
else
  skip 'systemd unit' 'no systemd-analyze'
fi

if have nginx && have openssl; then
  mkdir -p "$scratch/nginx"
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=bot.example.com \
    -keyout "$scratch/nginx/key.pem" -out "$scratch/nginx/cert.pem" 2>/dev/null
  sed "s#/etc/letsencrypt/live/bot.example.com/fullchain.pem#$scratch/nginx/cert.pem#
       s#/etc/letsencrypt/live/bot.example.com/privkey.pem#$scratch/nginx/key.pem#" deploy/nginx.conf >"$scratch/nginx/site.conf"
  {
    printf 'events {}\npid %s/pid;\nhttp {\n access_log off;\n' "$scratch/nginx"
    for kind in client_body proxy fastcgi uwsgi scgi; do printf ' %s_temp_path %s/%s;\n' "$kind" "$scratch/nginx" "$kind"; done
    printf ' include %s/site.conf;\n}\n' "$scratch/nginx"
  } >"$scratch/nginx/nginx.conf"
  run 'nginx configuration' nginx -t -e "$scratch/nginx/error.log" -c "$scratch/nginx/nginx.conf"
else
  need 'nginx configuration' 'no nginx or no openssl'
fi

if have caddy; then
  run 'Caddyfile' env DOMAIN=bot.example.com caddy validate --adapter caddyfile --config deploy/caddy/Caddyfile
else
  need 'Caddyfile' 'no caddy'
fi

if have shellcheck; then
  run 'shell scripts' shellcheck --external-sources --check-sourced deploy/*.sh deploy/test/package.sh deploy/deb/post* fuzz/run .ci/run
else
  need 'shell scripts' 'no shellcheck'
fi

# --- the binary ------------------------------------------------------------------------------------------------------

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_for() { # URL
  for _ in $(seq 100); do
    "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$1" 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}

wait_for_port() { # PORT
  for _ in $(seq 100); do
    "$python" -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1" 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}

# A bot and a bridge before it, started with the arguments besides; their ports in $bot, $port and $admin, the bridge's process in $served.
start_bridge() {
  bot=$(free_port) port=$(free_port) admin=$(free_port)
  "$bridge" demo --bot-only --listen "127.0.0.1:$bot" >"$scratch/bot.log" 2>&1 &
  children+=($!)
  wait_for "http://127.0.0.1:$bot/keyboard" || { cat "$scratch/bot.log"; return 1; }
  "$bridge" serve --bot "http://127.0.0.1:$bot" --listen "127.0.0.1:$port" --admin "127.0.0.1:$admin" "$@" \
    </dev/null >"$scratch/bridge.log" 2>&1 &
  served=$!
  children+=("$served")
  wait_for "http://127.0.0.1:$port/healthz" || { cat "$scratch/bridge.log"; return 1; }
}

walk_binary() {
  local bot port admin served
  start_bridge || return 1
  "$python" deploy/test/walk.py "http://127.0.0.1:$port" || { tail -n 20 "$scratch/bridge.log"; return 1; }
  kill -TERM "$served"
  wait "$served" || { echo "SIGTERM ended it with status $?"; return 1; }
}

# The configuration of nginx, as it is but for ports, certificate and user, before a bridge.
walk_nginx() {
  local bot port admin served plain secure
  start_bridge || return 1
  plain=$(free_port) secure=$(free_port)
  sed -i "/\[::\]/d; s/listen 80;/listen 127.0.0.1:$plain;/; s/listen 443 ssl;/listen 127.0.0.1:$secure ssl;/
          s/127.0.0.1:8080/127.0.0.1:$port/" "$scratch/nginx/site.conf"
  nginx -e "$scratch/nginx/error.log" -c "$scratch/nginx/nginx.conf" -g 'daemon off; master_process off;' &
  children+=($!)
  wait_for_port "$secure" || { cat "$scratch/nginx/error.log"; return 1; }
  "$python" deploy/test/paths.py "https://127.0.0.1:$secure" "http://127.0.0.1:$port"
}

# The same for Caddy; without a domain it serves plain HTTP.
walk_caddy() {
  local bot port admin served front
  start_bridge || return 1
  front=$(free_port)
  sed "s/bridge:8080/127.0.0.1:$port/; s/^\tgrace_period/\tadmin off\n&/" deploy/caddy/Caddyfile >"$scratch/Caddyfile"
  DOMAIN="http://127.0.0.1:$front" XDG_DATA_HOME="$scratch" XDG_CONFIG_HOME="$scratch" \
    caddy run --adapter caddyfile --config "$scratch/Caddyfile" >"$scratch/caddy.log" 2>&1 &
  children+=($!)
  wait_for "http://127.0.0.1:$front/healthz" || { cat "$scratch/caddy.log"; return 1; }
  "$python" deploy/test/paths.py "http://127.0.0.1:$front" "http://127.0.0.1:$port"
}

# Prometheus as deploy/monitoring/prometheus.yml has it, but of this bridge, and in seconds. The bridge keeps its state
# in Redis: the store's metrics, which rules ask for, are there only with a store, and all of them with a shared one.
monitor_binary() {
  local bot port admin served prometheus redis
  redis=$(free_port)
  redis-server --port "$redis" --bind 127.0.0.1 --save '' --dir "$scratch" >"$scratch/redis.log" 2>&1 &
  children+=($!)
  wait_for_port "$redis" || { cat "$scratch/redis.log"; return 1; }
  start_bridge --set "store.url=redis://127.0.0.1:$redis" || return 1
  prometheus=$(free_port)
  printf '%s\n' 'global: {scrape_interval: 1s, evaluation_interval: 1s}' "rule_files: [$PWD/deploy/monitoring/alerts.yaml]" \
    "scrape_configs: [{job_name: smartchat-bridge, static_configs: [{targets: ['127.0.0.1:$admin']}]}]" >"$scratch/prometheus.yml"
  prometheus --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/prometheus" \
    --web.listen-address="127.0.0.1:$prometheus" --log.level=warn >"$scratch/prometheus.log" 2>&1 &
  children+=($!)
  "$python" deploy/test/ask.py "http://127.0.0.1:$port/skill" || return 1
  "$python" deploy/test/monitoring.py "http://127.0.0.1:$prometheus" || { cat "$scratch/prometheus.log"; return 1; }
}

if [ -n "$bridge" ] && "$bridge" --help >/dev/null 2>&1 && [ -n "$("$bridge" --help 2>/dev/null)" ]; then
  # Secrets are read from files that do not exist here; the copies name files that do.
  printf 'only-for-this-test\n' >"$scratch/secret"
  for config in deploy/config.example.toml deploy/bridge/bridge.toml examples/php-bot/bridge/bridge.toml; do
    if [ -f "$config" ]; then
      sed -E "s#(_file *= *)\"[^\"]*\"#\1\"$scratch/secret\"#" "$config" >"$scratch/config.toml"
      run "config check $config" "$bridge" config check --config "$scratch/config.toml"
    else
      need "config check $config" 'the file is not there'
    fi
  done
  run 'a conversation through the binary' walk_binary
  if have nginx && have openssl; then run 'nginx passes exactly the paths of the bridge' walk_nginx; fi
  if have caddy; then run 'Caddy passes exactly the paths of the bridge' walk_caddy; fi
  if have prometheus && have redis-server; then
    run 'Prometheus has data for every rule, every query of the dashboard and every variable' monitor_binary
  else
    need 'metrics, rules and dashboard' 'no prometheus, or no redis-server'
  fi
else
  need 'configurations and a conversation' "no binary (${bridge:-none found}); give its path"
fi

# --- docker ----------------------------------------------------------------------------------------------------------

if ! have docker; then
  skip 'image and compose' 'no docker'
elif ! docker info >/dev/null 2>&1; then
  skip 'image and compose' 'docker info does not answer: no engine here'
else
  # shellcheck source=deploy/test/engine.sh
  . deploy/test/engine.sh
fi

printf '\n%d failed' "$failures"
[ ${#skipped[@]} -gt 0 ] && printf ', %d skipped:%s' "${#skipped[@]}" "$(printf ' [%s]' "${skipped[@]}")"
printf '\n'
[ "$failures" -eq 0 ]
