# shellcheck shell=bash
# The part of deploy/test.sh that wants a Docker engine; sourced by it (run, skip, need, have, python, scratch).
#
# Builds the image `prebuilt` from a static binary made here, starts the compose files as the README says and walks
# them. Nothing is pulled. Images that only a registry has are stood in for by the same programs of this machine,
# under names of their own; what cannot be stood in for is said. STATIC_BINARY names a static binary that is there.

if docker compose version >/dev/null 2>&1; then
  compose_tool=(docker compose)
elif have docker-compose; then
  compose_tool=(docker-compose)
else
  compose_tool=()
fi
project=smartchat-bridge-test
overlays=()
compose() { "${compose_tool[@]}" --project-name "$project" --file deploy/compose.yaml "${overlays[@]}" "$@"; }
replicas() { DOMAIN=localhost "${compose_tool[@]}" --project-name "$project" --file deploy/compose.replicas.yaml "${overlays[@]}" "$@"; }
container() { docker ps --all --quiet --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1"; }
seconds_since() { "$python" -c 'import sys, time; print(f"{time.time() - float(sys.argv[1]):.1f}")' "$1"; }
now() { "$python" -c 'import time; print(time.time())'; }
made_files=()
# The container of the READMEs' line for docker run, while it is ours.
alone=

engine_cleanup() {
  [ ${#compose_tool[@]} -gt 0 ] && DOMAIN=localhost GRAFANA_PASSWORD=x compose down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1
  [ ${#compose_tool[@]} -gt 0 ] && replicas down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1
  [ -z "$alone" ] || docker rm --force "$alone" >/dev/null 2>&1
  for image in smartchat-bridge-test-caddy smartchat-bridge-test-prometheus smartchat-bridge-test-store; do docker image rm --force "$image" >/dev/null 2>&1; done
  for file in "${made_files[@]}"; do rm -f "$file"; done
}

made_secret() { # file: a secret of the kind that the comments of the compose files make, unless an operator's is there
  [ -e "$1" ] && return
  printf 'only-for-this-test-%s\n' "$RANDOM$RANDOM" >"$1"
  chmod 644 "$1"
  made_files+=("$1")
}

ports_are_free() { # port...
  local port
  for port in "$@"; do
    if "$python" -c 'import socket, sys; s = socket.socket(); s.settimeout(1); sys.exit(s.connect_ex(("127.0.0.1", int(sys.argv[1]))))' "$port"; then
      echo "port $port of this machine is taken; the compose files need it"
      return 1
    fi
  done
}

# The fenced block of a document in which these words stand, as it stands there.
block_of() { # file, words
  awk -v words="$2" '
    /^```/ { if (open && index(block, words)) { printf "%s", block; exit } open = !open; block = ""; next }
    open { block = block $0 "\n" }' "$1"
}

# --- the image ---

static_binary() {
  static=${STATIC_BINARY:-$(deploy/static-binary.sh 2>"$scratch/linking")} && [ -x "$static" ]
}

image_is_built() {
  deploy/image.sh "$static" smartchat-bridge:local
}

# Everything before the pull of its base image; Docker's old builder goes through `prebuilt` on the way there.
building_target_wants_nothing_but_its_base_image() {
  docker build --file deploy/Dockerfile . >"$scratch/building" 2>&1 && return 0
  tail -n 5 "$scratch/building"
  grep -v 'DEPRECATED' "$scratch/building" | tail -n 3 | grep -qE 'rust:1|registry|lookup|pull|resolve'
}

image_is_small() {
  local bytes
  bytes=$(docker image inspect --format '{{.Size}}' smartchat-bridge:local) || return 1
  printf '      %d bytes, %d layers\n' "$bytes" "$(docker image inspect --format '{{len .RootFS.Layers}}' smartchat-bridge:local)" >&3
  [ "$bytes" -lt 25000000 ]
}

image_answers_alone() {
  local id port
  id=$(docker run --detach --rm --read-only --cap-drop ALL --publish 127.0.0.1::8000 smartchat-bridge:local demo --bot-only --listen 0.0.0.0:8000) || return 1
  port=$(docker port "$id" 8000/tcp | sed 's/.*://')
  wait_for "http://127.0.0.1:$port/keyboard"
  local ended=$?
  docker stop --time 5 "$id" >/dev/null
  return $ended
}

# The very lines of a README, in front of a bot on this machine: docker run, a check, a word, and the end.
readme_runs_the_image_alone() { # README
  local block port bot ended
  block=$(block_of "$1" 'docker run')
  port=$(sed -n 's/.*host\.docker\.internal:\([0-9][0-9]*\).*/\1/p' <<<"$block" | head -n 1)
  [ -n "$port" ] || { echo "$1 names no bot at host.docker.internal"; return 1; }
  ports_are_free 8080 9090 "$port" || return 1
  docker container inspect bridge >/dev/null 2>&1 && { echo 'a container named bridge is there already'; return 1; }
  "$static" demo --bot-only --listen "0.0.0.0:$port" >"$scratch/bot.log" 2>&1 &
  bot=$!
  children+=("$bot")
  wait_for "http://127.0.0.1:$port/keyboard" || { cat "$scratch/bot.log"; return 1; }
  alone=bridge
  # As a person would, the lines behind docker run come when the bridge is up.
  docker() { command docker "$@" && if [ "$1" = run ]; then wait_for http://127.0.0.1:8080/healthz; fi; }
  export -f docker wait_for
  export python
  bash -euo pipefail -c "$block" >"$scratch/alone" 2>&1
  ended=$?
  unset -f docker
  kill "$bot"
  cat "$scratch/alone"
  [ $ended -eq 0 ] || { docker logs bridge; docker rm --force bridge; return 1; }
  # The probe found the bot's buttons, and say showed them.
  grep -q 'SB3001' "$scratch/alone" && grep -q '오늘의 메뉴' "$scratch/alone" || return 1
  if docker container inspect bridge >/dev/null 2>&1; then echo 'it is still there'; return 1; fi
  alone=
}

# --- compose ---

first_answer() {
  local begun
  begun=$(now)
  compose up --detach --no-build || return 1
  wait_for_answer http://127.0.0.1:8080/skill || { compose logs --tail 20; return 1; }
  printf '      %s s from compose up to the first answer\n' "$(seconds_since "$begun")" >&3
}

wait_for_answer() { # URL [CA]: until a skill call is answered with a bubble
  for _ in $(seq 150); do
    "$python" deploy/test/ask.py "$@" >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  "$python" deploy/test/ask.py "$@"
}

is_healthy() {
  local state=
  for _ in $(seq 150); do
    state=$(docker inspect --format '{{.State.Health.Status}}' "$(container bridge)")
    [ "$state" = healthy ] && return 0
    sleep 0.2
  done
  echo "the bridge is $state"
  return 1
}

is_confined() {
  local id pid
  id=$(container bridge)
  [ "$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.Config.User}}' "$id")" = 'true [ALL] 65532:65532' ] || { docker inspect "$id"; return 1; }
  pid=$(docker inspect --format '{{.State.Pid}}' "$id")
  grep -E '^(Uid|CapEff|NoNewPrivs)' "/proc/$pid/status"
  grep -q '^Uid:.65532' "/proc/$pid/status" && grep -q '^CapEff:.0*$' "/proc/$pid/status" && grep -q '^NoNewPrivs:.1' "/proc/$pid/status" || return 1
  # Soft and hard limit are the same: the bridge has raised its own.
  grep 'open files' "/proc/$pid/limits"
  awk '/open files/ {exit $4 != $5}' "/proc/$pid/limits"
}

admin_port_opens_with_the_printed_token() {
  local token
  token=$(docker logs "$(container bridge)" 2>/dev/null | sed -n "s/.*Bearer \([0-9a-f]*\)'.*/\1/p" | tail -n 1)
  [ -n "$token" ] || { docker logs "$(container bridge)"; return 1; }
  [ "$(admin_status /metrics "$token")" = 200 ] && [ "$(admin_status /readyz "$token")" = 200 ] &&
    [ "$(admin_status /metrics wrong)" = 401 ] && [ "$(admin_status /healthz wrong)" = 200 ]
}

admin_status() { # path, token
  curl --silent --output /dev/null --write-out '%{http_code}' --header "Authorization: Bearer $2" "http://127.0.0.1:9090$1"
}

in_conversation() { # the user is shown a keyboard of thirty buttons
  "$python" deploy/test/ask.py http://127.0.0.1:8080/skill '오늘의 메뉴' && TAP=1 "$python" deploy/test/ask.py http://127.0.0.1:8080/skill '전체 메뉴 30가지' '무엇이 궁금하세요'
}

conversation_goes_on() { # and presses one of them
  for _ in $(seq 150); do
    TAP=1 "$python" deploy/test/ask.py http://127.0.0.1:8080/skill '치즈돈가스' '치즈돈가스 하나 드릴까요' >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  TAP=1 "$python" deploy/test/ask.py http://127.0.0.1:8080/skill '치즈돈가스' '치즈돈가스 하나 드릴까요'
}

# kill -9 of the process, as the kernel does it to one that takes too much memory: the engine starts it again.
comes_back_after_a_crash() {
  local begun
  in_conversation || return 1
  kill -KILL "$(docker inspect --format '{{.State.Pid}}' "$(container bridge)")"
  begun=$(now)
  conversation_goes_on || return 1
  printf '      %s s from kill -9 to the answer to a button shown before it\n' "$(seconds_since "$begun")" >&3
}

# docker kill is an operator's own stop, which `restart: unless-stopped` respects; `up` brings it back.
comes_back_after_docker_kill() {
  local begun
  in_conversation || return 1
  docker kill "$(container bridge)" >/dev/null || return 1
  "$python" deploy/test/ask.py http://127.0.0.1:8080/skill >/dev/null 2>&1 && { echo 'it still answers'; return 1; }
  begun=$(now)
  compose up --detach --no-build && conversation_goes_on || return 1
  printf '      %s s from docker compose up to the answer to a button shown before the kill\n' "$(seconds_since "$begun")" >&3
}

# While the old bot still works on a question of 8 s: the stop waits for its answer, well within the grace of 55 s.
stops_within_its_grace() {
  local begun id
  id=$(container bridge)
  TAP=1 "$python" deploy/test/ask.py http://127.0.0.1:8080/skill '천천히 답하기 (8초)' '답변을 준비하고 있습니다' || return 1
  begun=$(now)
  # By compose.yaml's own stop_grace_period. The bot needs 3.5 s more.
  compose stop bridge || return 1
  "$python" -c 'import sys, time; sys.exit(time.time() - float(sys.argv[1]) < 2)' "$begun" || { echo 'it did not wait for the answer'; return 1; }
  printf '      %s s to stop while an answer of 8 s was on its way; exit status %s\n' "$(seconds_since "$begun")" "$(docker inspect --format '{{.State.ExitCode}}' "$id")" >&3
  [ "$(docker inspect --format '{{.State.ExitCode}}' "$id")" = 0 ]
}

# --- overlays, with this machine's programs in images of our own where the named ones are not there ---

stand_in() { # name of the image, program, lines of a Dockerfile: the program and the libraries it is linked with
  local folder=$scratch/$1 program library
  program=$(command -v "$2") || return 1
  mkdir -p "$folder/root/bin" "$folder/root/tmp"
  cp --dereference "$program" "$folder/root/bin/$2"
  ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$folder/root$(dirname "$library")" && cp --dereference "$library" "$folder/root$library"
  done
  printf 'FROM scratch\nCOPY root /\n%s\n' "$3" >"$folder/Dockerfile"
  docker build --quiet --tag "$1" "$folder"
}

override() { # service, image: a compose file that names the stand-in, where the real image is not there
  printf 'services:\n  %s:\n    image: %s\n' "$1" "$2" >"$scratch/override.$1.yaml"
  overlays+=(--file "$scratch/override.$1.yaml")
}

caddy_serves_https() {
  made_secret deploy/bridge/skill-secret
  DOMAIN=localhost compose up --detach --no-build || return 1
  for _ in $(seq 100); do
    docker cp "$(container caddy):/data/caddy/pki/authorities/local/root.crt" "$scratch/root.crt" >/dev/null 2>&1 && break
    sleep 0.2
  done
  SKILL_SECRET=$(cat deploy/bridge/skill-secret)
  export SKILL_SECRET
  if ! wait_for_answer https://localhost/skill "$scratch/root.crt" || ! "$python" deploy/test/walk.py https://localhost "$scratch/root.crt"; then
    compose logs --tail 20
    return 1
  fi
  unset SKILL_SECRET
  # Without the secret nobody is admitted, and what is no path of the bridge is not passed on.
  [ "$(curl --silent --cacert "$scratch/root.crt" --output /dev/null --write-out '%{http_code}' --data '{}' https://localhost/skill)" != 200 ] &&
    [ "$(curl --silent --cacert "$scratch/root.crt" --output /dev/null --write-out '%{http_code}' https://localhost/metrics)" = 404 ]
}

# Three bridges that share a store: one is killed under load, the store is restarted, one is started anew.
three_bridges_are_one() {
  made_secret deploy/bridge/skill-secret
  SKILL_SECRET=$(cat deploy/bridge/skill-secret)
  export SKILL_SECRET
  replicas up --detach --no-build || return 1
  for _ in $(seq 100); do
    docker cp "$(container caddy):/data/caddy/pki/authorities/local/root.crt" "$scratch/root.crt" >/dev/null 2>&1 && break
    sleep 0.2
  done
  if ! wait_for_answer https://localhost/skill "$scratch/root.crt" || ! "$python" deploy/test/walk.py https://localhost "$scratch/root.crt"; then
    replicas logs --tail 20
    return 1
  fi
  "$python" deploy/test/load.py https://localhost/skill "$scratch/root.crt" 20 >"$scratch/load" 2>&1 &
  local load=$!
  sleep 3
  docker kill "$(container bridge-1)" >/dev/null && sleep 4
  docker restart --time 5 "$(container store)" >/dev/null && sleep 3
  replicas up --detach --no-build bridge-1 >/dev/null 2>&1 || return 1
  wait "$load"
  local ended=$?
  unset SKILL_SECRET
  sed 's/^/      /' "$scratch/load" >&3
  [ $ended -eq 0 ] || { replicas logs --tail 30; return 1; }
}

# As README says, from a folder of its own, so that an operator's .env and secret stay as they are. What cannot be had
# here is replaced: the domain by localhost, the image of caddy, the building of our own.
documented() { # the commands of a block that start something
  sed "s/bot\.example\.com/localhost/; s/--build/--no-build/; s/docker compose/${compose_tool[*]}/" <<<"$1" | grep -vE ' exec |systemctl|kubectl|apt install|git pull'
}

in_upgrade_folder() { (cd "$scratch/upgrade/deploy" && COMPOSE_PROJECT_NAME=$project bash -euo pipefail -c "$1"); }

only_the_secret_is_admitted() {
  SKILL_SECRET=$(cat "$scratch/upgrade/deploy/bridge/skill-secret") wait_for_answer https://localhost/skill "$scratch/root.crt" >/dev/null || return 1
  local status
  status=$(curl --silent --cacert "$scratch/root.crt" --output /dev/null --write-out '%{http_code}' --request POST https://localhost/skill)
  [ "$status" = 401 ] || { echo "without the secret it answers $status"; return 1; }
}

an_upgrade_keeps_the_secret() {
  local folder=$scratch/upgrade/deploy image next before ended=0
  mkdir -p "$scratch/upgrade" && cp -r deploy "$scratch/upgrade/" && rm -f "$folder/.env" "$folder/bridge/skill-secret" || return 1
  docker image inspect caddy:2-alpine >/dev/null 2>&1 || sed -i 's#caddy:2-alpine#smartchat-bridge-test-caddy#' "$folder/compose.caddy.yaml"
  in_upgrade_folder "$(documented "$(block_of README.md compose.caddy.yaml)")" || return 1
  for _ in $(seq 100); do
    docker cp "$(container caddy):/data/caddy/pki/authorities/local/root.crt" "$scratch/root.crt" >/dev/null 2>&1 && break
    sleep 0.2
  done
  only_the_secret_is_admitted || { in_upgrade_folder "${compose_tool[*]} logs --tail 20"; return 1; }
  # A new version: another image of the same name.
  image=$(docker image inspect --format '{{.Id}}' smartchat-bridge:local) before=$(container bridge)
  next=$(printf 'FROM smartchat-bridge:local\nLABEL version=next\n' | docker build --quiet --tag smartchat-bridge:local -) || return 1
  in_upgrade_folder "$(documented "$(block_of docs/upgrading.md 'docker compose')")" || ended=1
  docker tag "$image" smartchat-bridge:local
  [ $ended -eq 0 ] || return 1
  [ "$(container bridge)" != "$before" ] || { echo 'the upgrade changed nothing'; return 1; }
  only_the_secret_is_admitted || { in_upgrade_folder "${compose_tool[*]} logs --tail 20"; return 1; }
  # Every later command means the same files, without DOMAIN being said again.
  in_upgrade_folder "${compose_tool[*]} ps && ${compose_tool[*]} logs --tail 1 && ${compose_tool[*]} down --volumes --timeout 5" || return 1
  docker image rm "$next" >/dev/null
  [ -z "$(docker ps --all --quiet --filter "label=com.docker.compose.project=$project")" ] || { echo 'down left a container'; return 1; }
}

monitoring_sees_the_bridge() {
  made_secret deploy/bridge/metrics-token
  GRAFANA_PASSWORD=x compose up --detach --no-build bridge old-bot prometheus || return 1
  wait_for_answer http://127.0.0.1:8080/skill || return 1
  # Its compose file keeps the state in a folder, which has no turns without a store.
  "$python" deploy/test/monitoring.py http://127.0.0.1:9091 bridge_store_alone_total >"$scratch/monitoring" || { cat "$scratch/monitoring"; compose logs --tail 20 prometheus; return 1; }
  sed 's/^/      /' "$scratch/monitoring" >&3
  # The token of Prometheus opens nothing else.
  [ "$(admin_status /metrics "$(cat deploy/bridge/metrics-token)")" = 200 ] && [ "$(admin_status / "$(cat deploy/bridge/metrics-token)")" = 401 ]
}

exec 3>&1
for overlay in caddy tunnel monitoring; do
  if [ ${#compose_tool[@]} -gt 0 ]; then
    overlays=(--file "deploy/compose.$overlay.yaml")
    run "compose overlay $overlay" env DOMAIN=bot.example.com GRAFANA_PASSWORD=x "${compose_tool[@]}" --file deploy/compose.yaml "${overlays[@]}" config --quiet
  fi
done
overlays=()
if [ ${#compose_tool[@]} -gt 0 ]; then
  run 'compose file of the PHP example' "${compose_tool[@]}" --file examples/php-bot/compose.yaml config --quiet
fi

run 'a static binary is built' static_binary
sed 's/^/      /' "$scratch/linking" 2>/dev/null
run 'the image is built from it, and nothing is pulled' image_is_built
run 'the building target wants nothing but its base image' building_target_wants_nothing_but_its_base_image
skip 'the building target of deploy/Dockerfile' 'its base image would have to be pulled; not built here'
run 'the image is under 25 MB' image_is_small
run "the image's bot starts alone, read-only and without capabilities" image_answers_alone
for readme in README.md README.ko.md; do
  run "the lines of $readme for docker run work as they stand, before a bot on this machine" readme_runs_the_image_alone $readme
done

if [ ${#compose_tool[@]} -eq 0 ]; then
  need 'compose' 'neither docker compose nor docker-compose'
else
  printf '      compose is %s\n' "$("${compose_tool[@]}" version --short 2>/dev/null)"
  run 'the ports of the compose files are free' ports_are_free 80 443 8080 9090 9091
  run 'compose up, to the first answer' first_answer
  run 'the container becomes healthy' is_healthy
  run 'it is confined: read-only, no capabilities, user 65532, file limit raised to the hard one' is_confined
  run 'a conversation through compose' "$python" deploy/test/walk.py http://127.0.0.1:8080
  run 'the admin port opens with the token that the log shows' admin_port_opens_with_the_printed_token
  run 'it comes back after a crash in mid-conversation' comes_back_after_a_crash
  run 'it comes back after docker kill' comes_back_after_docker_kill
  run 'it stops within its grace' stops_within_its_grace
  compose down --volumes --timeout 5 >/dev/null 2>&1

  if have caddy; then
    overlays=(--file deploy/compose.caddy.yaml)
    docker image inspect caddy:2-alpine >/dev/null 2>&1 || override caddy smartchat-bridge-test-caddy
    run 'an image of caddy stands in for caddy:2-alpine' stand_in smartchat-bridge-test-caddy caddy \
      'ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config
CMD ["/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]'
    run 'caddy serves HTTPS with its internal CA, and the conversation through it' caddy_serves_https
    DOMAIN=localhost compose down --volumes --timeout 5 >/dev/null 2>&1
    if have redis-server; then
      overlays=()
      docker image inspect caddy:2-alpine >/dev/null 2>&1 || override caddy smartchat-bridge-test-caddy
      if ! docker image inspect valkey/valkey:8-alpine >/dev/null 2>&1; then
        override store smartchat-bridge-test-store
        run 'an image of redis-server stands in for valkey' stand_in smartchat-bridge-test-store redis-server \
          'COPY root/bin/redis-server /bin/valkey-server
WORKDIR /data'
      fi
      run 'compose file of the replicas' replicas config --quiet
      run 'three bridges: one killed under load, the store restarted' three_bridges_are_one
      replicas down --volumes --timeout 5 >/dev/null 2>&1
    else
      need 'three bridges' 'no redis-server'
    fi
    run 'an upgrade by the documented command keeps the secret in force, and down leaves nothing' an_upgrade_keeps_the_secret
  else
    need 'the caddy overlay' 'no caddy'
  fi
  if have prometheus; then
    overlays=(--file deploy/compose.monitoring.yaml)
    docker image inspect prom/prometheus:v3.5.0 >/dev/null 2>&1 || override prometheus smartchat-bridge-test-prometheus
    run 'an image of prometheus stands in for prom/prometheus' stand_in smartchat-bridge-test-prometheus prometheus \
      'WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]'
    run 'Prometheus: rules load, the target is up, every query of the dashboard answers' monitoring_sees_the_bridge
    skip 'Grafana and the tunnel' 'their images would have to be pulled; the dashboard is queried, not drawn'
    GRAFANA_PASSWORD=x compose down --volumes --timeout 5 >/dev/null 2>&1
  else
    need 'the monitoring overlay' 'no prometheus'
  fi
  overlays=()
fi
