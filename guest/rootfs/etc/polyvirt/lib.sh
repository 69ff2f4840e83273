# SPDX-License-Identifier: Apache-2.0
# Shared by the start-up scripts of the guest.
export PATH=/sbin:/usr/sbin:/bin:/usr/bin

CLOUD=/var/lib/cloud
SEED=/run/polyvirt/seed
NIC=/run/polyvirt/nic

# yaml_value KEY FILE: the scalar after a top-level "KEY:", without quotes or a comment.
yaml_value() {
	sed -n "s/^[\"']\{0,1\}$1[\"']\{0,1\}[ ]*:[ ]*//p" "$2" 2>/dev/null |
		sed -n "1{s/[ ]#.*//;s/[ \r]*\$//;s/^[\"']//;s/[\"']\$//;p}"
}

# A seed is any file system labelled cidata; NoCloud allows both cases.
find_seed() {
	findfs LABEL=cidata 2>/dev/null || findfs LABEL=CIDATA 2>/dev/null
}

# The instance in charge: "none" until a seed named one.
current_instance() {
	cat "$CLOUD/data/instance-id" 2>/dev/null || echo none
}

# A directory name that no instance-id can talk out of its place.
instance_dir() {
	echo "$CLOUD/instances/$(current_instance | tr -c 'A-Za-z0-9_\n-' _)"
}

# Copy the seed aside and let go of its disk, so that the host may eject it at any time.
read_seed() {
	mkdir -p "$CLOUD/data" "$CLOUD/instances"
	device=$(find_seed) || return 0
	mkdir -p /mnt "$SEED"
	mount -o ro "$device" /mnt || return 0
	for name in meta-data user-data network-config; do
		[ -f "/mnt/$name" ] && cp "/mnt/$name" "$SEED/$name"
	done
	umount /mnt
	adopt_instance
}

# A seed with an instance-id not seen last time means: this is another machine, first boot again.
adopt_instance() {
	id=$(yaml_value instance-id "$SEED/meta-data")
	[ -n "$id" ] || id=nocloud
	[ "$id" = "$(current_instance)" ] && return 0
	echo "$id" >"$CLOUD/data/instance-id"
	dir=$(instance_dir)
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$SEED"/* "$dir/"
	ln -sfn "$dir" "$CLOUD/instance"
	name=$(yaml_value local-hostname "$SEED/meta-data")
	[ -n "$name" ] || name=$(yaml_value hostname "$SEED/meta-data")
	echo "${name:-polyvirt-guest}" >/etc/hostname
	sync
}

# The user-data script of this instance, once. The mark comes first: a script that reboots the
# machine must not make it reboot for ever.
run_user_data() {
	dir=$(instance_dir)
	script=$dir/user-data
	[ -s "$script" ] && [ ! -e "$dir/user-data.ran" ] || return 0
	date -u +%Y-%m-%dT%H:%M:%SZ >"$dir/user-data.ran"
	sync
	case $(head -c 2 "$script") in
	'#!')
		chmod 700 "$script"
		"$script" >/var/log/user-data.log 2>&1 </dev/null
		echo "exit status $?" >>/var/log/user-data.log
		;;
	*) echo "user-data is not a script, ignored" >/var/log/user-data.log ;;
	esac
}

# The character device behind the agent's channel, empty while the machine has none.
agent_port() {
	for name in /sys/class/virtio-ports/*/name; do
		[ "$(cat "$name" 2>/dev/null)" = org.qemu.guest_agent.0 ] || continue
		name=${name%/name}
		echo "/dev/${name##*/}"
		return 0
	done
	return 1
}

# nic_plan MAC NAME: "dhcp", or lines "address A/P", "gateway G", "dns D" from network-config.
nic_plan() {
	plan=$(awk -v mac="$1" -v name="$2" -f /etc/polyvirt/netplan.awk "$(instance_dir)/network-config" 2>/dev/null)
	echo "${plan:-dhcp}"
}

# start_nic NAME: bring one network card up, once; mkdir is the lock against a second event.
start_nic() {
	mkdir "$NIC/$1" 2>/dev/null || return 0
	ip link set "$1" up
	plan=$(nic_plan "$(cat "/sys/class/net/$1/address")" "$1")
	if [ "$plan" = dhcp ]; then
		# In the background after the first unanswered rounds: a network without DHCP is no error.
		udhcpc -b -i "$1" -t 2 -T 1 -A 10 -p "$NIC/$1/pid" -x "hostname:$(hostname)" >/dev/null 2>&1
	else
		echo "$plan" | while read -r word value; do
			case $word in
			address) ip addr add "$value" dev "$1" ;;
			gateway) ip route replace default via "$value" dev "$1" ;;
			dns) echo "nameserver $value" >>/etc/resolv.conf ;;
			esac
		done
	fi
}

stop_nic() {
	[ -f "$NIC/$1/pid" ] && kill "$(cat "$NIC/$1/pid")" 2>/dev/null
	rm -rf "${NIC:?}/$1"
}
