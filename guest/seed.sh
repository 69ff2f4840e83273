#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seed.sh OUT.iso HOSTNAME [INSTANCE_ID] [USER_DATA_FILE [NETWORK_CONFIG_FILE]]: a NoCloud seed.
# A FAT image labelled CIDATA, which NoCloud allows beside ISO 9660: mtools makes it without root.
# It serves as a read-only disk or as a CD-ROM alike, whatever the name of the file ends in.
set -euo pipefail
export PATH="$PATH:/sbin:/usr/sbin"

if [ $# -lt 2 ] || [ $# -gt 5 ]; then
	echo "usage: seed.sh OUT.iso HOSTNAME [INSTANCE_ID] [USER_DATA_FILE [NETWORK_CONFIG_FILE]]" >&2
	exit 2
fi
out=$1 hostname=$2 instance=${3:-$2} user_data=${4:-} network=${5:-}

for file in "$user_data" "$network"; do
	if [ -n "$file" ] && [ ! -r "$file" ]; then
		echo "seed.sh: cannot read $file" >&2
		exit 1
	fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'instance-id: %s\nlocal-hostname: %s\n' "$instance" "$hostname" >"$work/meta-data"
cat ${user_data:+"$user_data"} </dev/null >"$work/user-data"

# Sectors of 2048 bytes are what a CD-ROM has, and a disk with smaller ones takes them as well.
# 256 entries make the root directory fill whole sectors, or Linux refuses to mount it.
truncate -s 1440K "$work/seed.img"
mkfs.vfat -S 2048 -r 256 -n CIDATA "$work/seed.img" >/dev/null
mcopy -i "$work/seed.img" "$work/meta-data" "$work/user-data" ::
[ -z "$network" ] || mcopy -i "$work/seed.img" "$network" ::network-config
mv "$work/seed.img" "$out"
