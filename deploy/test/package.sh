#!/usr/bin/env bash
# Tries the Debian package of a folder in a clean Debian with systemd: installed, started, reloaded, upgraded, removed,
# purged. What is left then is its state and nothing else.
#
# usage: deploy/test/package.sh FOLDER      with one .deb in it, as deploy/package.sh makes it
#
# Wants root, debootstrap, and a Docker engine to run systemd in; CLEAN_ROOT names a folder with a Debian that is there
# already. No image is pulled.
set -euo pipefail
cd "$(dirname "$0")/../.."

debs=("${1:?the folder of packages}"/*.deb)
if [ ${#debs[@]} -ne 1 ] || [ ! -f "${debs[0]}" ]; then
  echo "$1 does not hold one .deb" >&2
  exit 1
fi
deb=$(realpath "${debs[0]}")
scratch=$(mktemp -d)
image=smartchat-bridge-clean-debian
machine=

cleanup() {
  if [ -n "$machine" ]; then docker rm --force "$machine" >/dev/null 2>&1; fi
  docker image rm --force "$image" >/dev/null 2>&1
  rm -rf "$scratch"
}
trap cleanup EXIT

in_it() { docker exec "$machine" "$@"; }
step() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*"
  in_it journalctl --no-pager --lines 40 --unit smartchat-bridge || true
  exit 1
}
is() { # what it shows, expected, command…
  local what=$1 expected=$2 came
  shift 2
  came=$("$@" 2>&1) || true
  [ "$came" = "$expected" ] || fail "$what: not '$expected' but '$came'"
  step "$what"
}
property() { in_it systemctl show --property "$1" --value smartchat-bridge; }
eventually() { # what, command…
  local what=$1
  shift
  for _ in $(seq 100); do
    if "$@" >/dev/null 2>&1; then
      step "$what"
      return
    fi
    sleep 0.1
  done
  fail "$what"
}
# Every file of it but what Debian itself writes.
files() {
  in_it find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev -o -path /var/log \
    -o -path /var/cache -o -path /var/tmp -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /var/lib/private \
    -o -path /opt/package \) -prune -o -print | sort
}

# --- a clean Debian ---
root=${CLEAN_ROOT:-$scratch/root}
if [ -z "${CLEAN_ROOT:-}" ]; then
  debootstrap --variant=minbase --include=systemd,systemd-sysv bookworm "$root" >"$scratch/debootstrap.log" || { tail "$scratch/debootstrap.log"; exit 1; }
fi
tar --create --directory "$root" . | docker import - "$image" >/dev/null
# The package, and the next version of it: the same program under a higher number.
mkdir "$scratch/package"
cp "$deb" "$scratch/package/first.deb"
dpkg-deb --raw-extract "$deb" "$scratch/next"
sed -i 's/^Version: .*/&+next/' "$scratch/next/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$scratch/next" "$scratch/package/next.deb" >/dev/null
if [ "$(stat --file-system --format %T /sys/fs/cgroup)" = cgroup2fs ]; then
  powers=(--privileged --cgroupns private)
else
  # What systemd has on a machine of its own: without SYS_PTRACE, PrivateUsers and ProtectProc exclude each other.
  powers=(--cap-add SYS_ADMIN --cap-add SYS_PTRACE --security-opt seccomp=unconfined --volume /sys/fs/cgroup/systemd:/sys/fs/cgroup/systemd:rw)
fi
machine=$(docker run --detach "${powers[@]}" --network none --tmpfs /run --tmpfs /run/lock --tmpfs /tmp \
  --volume "$scratch/package:/opt/package:ro" "$image" /lib/systemd/systemd)
eventually 'a clean Debian runs systemd' in_it sh -c 'systemctl is-system-running | grep -Eq "running|degraded"'
# As on a machine, where systemd does it at boot: what hands credentials over mounts them from a place of its own.
in_it mount --make-rshared /
files >"$scratch/before"

# --- installed ---
in_it dpkg --install /opt/package/first.deb >"$scratch/out" 2>&1 || { cat "$scratch/out"; fail 'it cannot be installed'; }
is 'installed, it waits for its configuration' 'inactive' in_it systemctl is-active smartchat-bridge
is 'and is not enabled' 'disabled' in_it systemctl is-enabled smartchat-bridge
is 'a secret was made for it, for root alone' '600 root 49' in_it stat --format '%a %U %s' /etc/smartchat-bridge/skill-secret
is 'systemd finds nothing wrong with the unit' '' in_it systemd-analyze verify smartchat-bridge.service

# --- started ---
docker exec --detach "$machine" smartchat-bridge demo --bot-only --listen 127.0.0.1:8765
eventually 'an old bot answers' in_it smartchat-bridge check http://127.0.0.1:8765
in_it systemctl enable --now smartchat-bridge 2>"$scratch/out" || { cat "$scratch/out"; fail 'it cannot be started'; }
# Not in a while: `start` came back when the ports were open.
in_it smartchat-bridge health >/dev/null || fail 'it was called started before it answered'
step 'started means that it answers'
is 'it says so itself' 'notify serving' sh -c "$(declare -f in_it property); machine=$machine; echo \"\$(property Type) \$(property StatusText)\""
# shellcheck disable=SC2016  # the secret is read in the machine
say() { in_it sh -c 'smartchat-bridge say --header "x-skill-secret: $(cat /etc/smartchat-bridge/skill-secret)" "오늘의 메뉴"'; }
say >"$scratch/out" 2>&1 || { cat "$scratch/out"; fail 'a call with the secret is not answered'; }
grep -q 떡볶이 "$scratch/out" || { cat "$scratch/out"; fail 'the bot has not answered'; }
step 'with its secret the bot answers'
if in_it smartchat-bridge say "오늘의 메뉴" >/dev/null 2>&1; then fail 'a call without the secret is answered'; fi
step 'without it nobody gets in'
is 'it runs as nobody' '0' sh -c "docker exec $machine sh -c 'stat --format %u /proc/\$(systemctl show --property MainPID --value smartchat-bridge)' | grep -cx 0"
printf '      exposure, as systemd counts it: %s\n' "$(in_it systemd-analyze security --no-pager smartchat-bridge.service | tail -n 1)"

# --- reloaded ---
in_it systemctl reload smartchat-bridge || fail 'it cannot be reloaded'
step 'a reload of a good file'
in_it sh -c 'echo "nonsense = true" >>/etc/smartchat-bridge/bridge.toml'
if in_it systemctl reload smartchat-bridge 2>/dev/null; then fail 'a bad file was taken'; fi
is 'a reload of a bad file fails, and it runs on' 'active' in_it systemctl is-active smartchat-bridge
eventually 'and tells so in its status' sh -c "docker exec $machine systemctl status --no-pager smartchat-bridge | grep -q 'configuration is refused'"
in_it sed -i '/^nonsense/d' /etc/smartchat-bridge/bridge.toml
in_it sh -c 'echo "# mine" >>/etc/smartchat-bridge/bridge.toml'
eventually 'a mended file is taken by itself' sh -c "docker exec $machine systemctl show --property StatusText --value smartchat-bridge | grep -qx serving"

# --- upgraded ---
before=$(property MainPID)
in_it dpkg --install /opt/package/next.deb >"$scratch/out" 2>&1 || { cat "$scratch/out"; fail 'it cannot be upgraded'; }
[ "$(property MainPID)" != "$before" ] || fail 'the old program runs on after an upgrade'
in_it smartchat-bridge health >/dev/null || fail 'it does not answer after an upgrade'
step 'an upgrade restarts it'
is 'and keeps what the operator wrote' '# mine' in_it tail -n 1 /etc/smartchat-bridge/bridge.toml
say >/dev/null 2>&1 || fail 'the secret is another one after an upgrade'
step 'and the secret'
in_it systemctl stop smartchat-bridge
is 'a stop is a good end' 'success' property Result

# --- removed ---
in_it dpkg --remove smartchat-bridge >"$scratch/out" 2>&1 || { cat "$scratch/out"; fail 'it cannot be removed'; }
in_it test ! -e /usr/bin/smartchat-bridge || fail 'the program is still there'
is 'removed, its configuration stays, as Debian wants it' '# mine' in_it tail -n 1 /etc/smartchat-bridge/bridge.toml
in_it dpkg --purge smartchat-bridge >"$scratch/out" 2>&1 || { cat "$scratch/out"; fail 'it cannot be purged'; }
in_it systemctl daemon-reload
files >"$scratch/after"
is 'purged, its state is all that is left' '/var/lib/smartchat-bridge' sh -c "diff '$scratch/before' '$scratch/after' | sed -n 's/^[<>] //p'"
in_it test -s /var/lib/private/smartchat-bridge/bridge.db || fail 'its state is gone'
step 'and that is whole'
printf 'package: all of it held\n'
