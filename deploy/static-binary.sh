#!/usr/bin/env bash
# Builds the static binary that the image's target `prebuilt` holds, and prints its path on standard output.
#
# usage: deploy/static-binary.sh [PROFILE]      dist (default), release or dev
#
# With a musl target installed (rustup target add x86_64-unknown-linux-musl, and musl-gcc for the C parts) that one is
# taken: it is what the building stage of the image and the releases use. Else glibc is linked statically
# (-C target-feature=+crt-static). The two differ in how names are looked up:
#   musl    reads /etc/hosts and /etc/resolv.conf by itself, asks all servers at once, knows no NSS modules.
#   glibc   reads the same two files with the parts that are linked in (`files` and `dns`), asks one server after the
#           other. Other NSS modules (mdns, ldap, systemd-resolved) would have to be loaded and are not found in an
#           empty image. Names of compose services and hosts of `extra_hosts` need neither.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${1:-dist}
folder=$profile
[ "$profile" = dev ] && folder=debug
machine=$(uname -m)
target_dir=${CARGO_TARGET_DIR:-target}

musl=$machine-unknown-linux-musl
if [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] && command -v musl-gcc >/dev/null; then
  kind=musl target=$musl
  export CC=musl-gcc
else
  # The target is named so that build scripts and procedural macros, which run here, are not linked statically.
  kind='glibc, +crt-static' target=$machine-unknown-linux-gnu
  export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static"
fi
printf 'static linking: %s (%s)\n' "$kind" "$target" >&2
[ "$kind" = musl ] || printf 'names: /etc/hosts and DNS as with musl, servers one after the other, no other NSS modules\n' >&2
cargo build --quiet --locked --profile "$profile" --target "$target" --bin smartchat-bridge
printf '%s\n' "$target_dir/$target/$folder/smartchat-bridge"
