#!/usr/bin/env bash
# Rehearses a release on this machine: builds the packages as .github/workflows/release.yml does for one platform, tries
# them in a clean Debian, and says how large everything is. From a clean clone; wants cargo-deb, debootstrap and root.
set -euo pipefail
cd "$(dirname "$0")/.."

STATIC_BINARY=${STATIC_BINARY:-$(deploy/static-binary.sh dist)}
export STATIC_BINARY
packages=$(deploy/package.sh)
(cd "$packages" && sha256sum --check ./*.sha256)
deploy/test/package.sh "$packages"
if docker info >/dev/null 2>&1; then
  deploy/image.sh "$STATIC_BINARY" smartchat-bridge:release
  docker run --rm --read-only --cap-drop ALL smartchat-bridge:release --version
  docker image inspect --format 'image: {{.Size}} bytes' smartchat-bridge:release
fi
printf 'program: %s bytes\n' "$(stat --format %s "$STATIC_BINARY")"
(cd "$packages" && stat --format '%n: %s bytes' ./*)
