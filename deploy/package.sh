#!/usr/bin/env bash
# Makes what a release has for this machine's kind: an archive with the static program, a Debian package, and their
# checksums. Prints the folder. Wants cargo-deb (cargo install cargo-deb --locked).
#
# usage: deploy/package.sh [FOLDER]      default: packages in the target folder
#
# STATIC_BINARY names a static program that is there already. SOURCE_DATE_EPOCH (default: the last commit's time) is
# every file's time, so that the same program gives the same archive.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-${CARGO_TARGET_DIR:-target}/packages}
static=${STATIC_BINARY:-$(deploy/static-binary.sh dist)}
static=$(realpath "$static")
if readelf --program-headers --wide "$static" | grep -q INTERP; then
  echo "$static is not static: it would run on few other machines" >&2
  exit 1
fi
version=$(cargo metadata --no-deps --format-version 1 | sed -E 's/.*"name":"smartchat-bridge","version":"([^"]+)".*/\1/')
[ "$("$static" --version)" = "smartchat-bridge $version" ] || { echo "$static is another version than $version" >&2; exit 1; }
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder"
folder=$(realpath "$folder")
rm -f "$folder"/smartchat-bridge*

# --- the archive ---
name=smartchat-bridge-$version-linux-$(uname -m)
mkdir -p "$scratch/$name/completions"
cp "$static" README.md README.ko.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT deploy/config.example.toml \
  deploy/smartchat-bridge.service deploy/nginx.conf "$scratch/$name/"
for shell in bash fish zsh; do "$static" completions "$shell" >"$scratch/$name/completions/smartchat-bridge.$shell"; done
tar --create --directory "$scratch" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  "$name" | gzip --no-name --best >"$folder/$name.tar.gz"

# --- the Debian package ---
# cargo-deb takes what lies where cargo would have put it, from a target folder of its own.
machine=$(rustc --version --verbose | sed -n 's/^host: //p')
mkdir -p "$scratch/target/$machine/dist"
cp "$static" "$scratch/target/$machine/dist/smartchat-bridge"
for shell in bash fish zsh; do cp "$scratch/$name/completions/smartchat-bridge.$shell" "$scratch/target/$machine/dist/"; done
CARGO_TARGET_DIR=$scratch/target cargo deb --quiet --no-build --no-strip --target "$machine" --profile dist \
  --output "$folder/" >&2

(cd "$folder" && sha256sum smartchat-bridge* >"smartchat-bridge-$version-$(uname -m).sha256")
ls -l "$folder" >&2
printf '%s\n' "$folder"
