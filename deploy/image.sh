#!/usr/bin/env bash
# Builds the image from a static program that is there already; nothing is pulled.
#
# usage: deploy/image.sh STATIC_PROGRAM TAG
set -euo pipefail
program=${1:?a static program} tag=${2:?the name of the image}
program=$(realpath "$program")
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/root/var/lib/smartchat-bridge"
touch "$folder/root/var/lib/smartchat-bridge/.keep"
cp "$program" "$folder/smartchat-bridge"
docker build --quiet --file deploy/Dockerfile --target prebuilt --tag "$tag" "$folder"
