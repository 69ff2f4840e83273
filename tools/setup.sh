#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of a list (one name a line) that are missing. Nothing is touched, and no
# rights are needed, where all of them are there.
set -eu

list=${1:?usage: setup.sh packages.txt}
wanted=$(sed 's/#.*//' "$list")
missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "setup: these packages are missing and neither root nor sudo is at hand:$missing" >&2
    exit 1
fi

echo "setup: installing$missing" >&2
# libvirt's package would start its daemon on a machine with systemd only; nothing here needs that
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # words on purpose
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
