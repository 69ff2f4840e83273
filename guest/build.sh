#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build.sh [--cache DIR] OUT.qcow2: the small guest machine of the tests and the demo.
# Needs no root and installs nothing: Debian packages are downloaded, unpacked and picked from.
set -euo pipefail
export LC_ALL=C PATH="$PATH:/sbin:/usr/sbin"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly disk_mib=256 boot_mib=40

# Drivers to pack; what they depend on is added by itself. Not in the cloud kernel, hence absent:
# AHCI, USB, e1000, rtl8139. Built in, hence not listed: ext4, NVMe, PCI hotplug, serial.
readonly wanted_modules=(
	virtio_pci virtio_blk virtio_scsi virtio_net virtio_console virtio_balloon virtio-rng
	virtio_mem virtio_input sd_mod sr_mod ata_piix ata_generic vmw_pvscsi vmxnet3
	isofs vfat nls_cp437 nls_ascii nls_iso8859-1 nls_utf8
	button evdev pvpanic-mmio pvpanic-pci qemu_fw_cfg loop
)

fail() {
	echo "build.sh: $*" >&2
	exit 1
}

usage() {
	echo "usage: build.sh [--cache DIR] OUT.qcow2" >&2
	exit 2
}

parse_arguments() {
	cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/polyvirt/packages
	out=
	while [ $# -gt 0 ]; do
		case $1 in
		--cache) [ $# -ge 2 ] || usage; cache=$2; shift 2 ;;
		-*) usage ;;
		*) [ -z "$out" ] || usage; out=$1; shift ;;
		esac
	done
	[ -n "$out" ] || usage
}

require_tools() {
	local tool
	for tool in apt-get apt-cache dpkg-deb cpio zstd mke2fs e2fsck debugfs mkfs.vfat mcopy syslinux sfdisk qemu-img; do
		command -v "$tool" >/dev/null || fail "the program $tool is missing; packages.txt names the package that has it"
	done
}

# Everything in this directory that ends up in the image, and this script.
scripts_hash() {
	(cd "$here" && find build.sh initramfs rootfs -type f | sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)
}

# apt-cache with its index kept in our own cache: an ordinary user cannot write apt's, and
# without one each call parses all lists anew.
apt_cache() {
	apt-cache -o "Dir::Cache::pkgcache=$cache/pkgcache.bin" -o "Dir::Cache::srcpkgcache=$cache/srcpkgcache.bin" "$@"
}

# The kernel, busybox, the agent and every library package below the agent. Only lib*: the rest of
# a dependency tree (init helpers, perl) serves an installation, and here nothing gets installed.
package_names() {
	apt_cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances linux-image-cloud-amd64 qemu-guest-agent 2>/dev/null | awk '
		/^[^ ]/ { package = $1 }
		/^  Depends: [^<]/ { needs[package] = needs[package] " " $2 }
		END {
			count = split(needs["linux-image-cloud-amd64"], names)
			for (i = 1; i <= count; i++)
				if (names[i] ~ /^linux-image-.*-cloud-amd64$/)
					print names[i]
			print "busybox-static"
			queue = "qemu-guest-agent"
			while (queue != "") {
				name = queue
				sub(/ .*/, "", name)
				sub(/^[^ ]+ ?/, "", queue)
				if (name in seen)
					continue
				seen[name] = 1
				print name
				count = split(needs[name], names)
				for (i = 1; i <= count; i++)
					if (names[i] ~ /^lib/)
						queue = queue (queue == "" ? "" : " ") names[i]
			}
		}'
}

# Lines "package=version", the versions apt would install.
resolve_packages() {
	local names name version candidates
	names=$(package_names)
	[[ $names == linux-image-* ]] || fail "apt knows no package linux-image-cloud-amd64; run apt-get update first"
	# shellcheck disable=SC2086 # one word a package
	candidates=$(apt_cache policy $names | awk '/^[^ ]/ { name = $1; sub(/:$/, "", name) } /^  Candidate: / { print name, $2 }')
	while read -r name; do
		version=$(awk -v name="$name" '$1 == name { print $2 }' <<<"$candidates")
		[[ -n $version && $version != "(none)" ]] || fail "apt knows no package $name; run apt-get update first"
		echo "$name=$version"
	done <<<"$names"
}

# The stamp beside the image says what it was made of.
up_to_date() {
	[[ -s $out && -s $out.stamp && $(<"$out.stamp") == "$1" ]]
}

deb_name() {
	echo "${1%%=*}_${2//:/%3a}_$(dpkg --print-architecture).deb"
}

# fetch PACKAGE=VERSION: into the cache. Downloaded aside and renamed, so that the cache never
# holds half a package.
fetch() {
	local name=${1%%=*} version=${1#*=} file
	file=$cache/$(deb_name "$name" "$version")
	if [ ! -s "$file" ]; then
		mkdir -p "$work/download"
		(cd "$work/download" && apt-get -q -q download "$1") >"$work/download.log" 2>&1 ||
			fail "cannot download the package $name $version: $(grep -m 1 '^E:' "$work/download.log" || echo "no reason given")"
		mv "$work/download/${name}_"*.deb "$file"
	fi
	dpkg-deb -x "$file" "$work/debs"
}

# Kernel names of modules have - and _ mixed, file names too: compare with _ only.
index_modules() {
	local file name
	declare -gA module_file=()
	while read -r file; do
		name=${file##*/}
		name=${name%.ko}
		module_file[${name//-/_}]=$file
	done < <(find "$work/debs/lib/modules" -name '*.ko')
}

# The ELF section .modinfo has "depends=a,b" as a zero-terminated string.
module_depends() {
	tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | head -n 1 | tr , ' '
}

# add_module NAME: pack it after everything it needs; order decides how the guest loads them.
add_module() {
	local name=${1//-/_} next
	[[ -z ${module_done[$name]:-} ]] || return 0
	module_done[$name]=1
	[[ -n ${module_file[$name]:-} ]] || fail "the kernel package has no module $name"
	for next in $(module_depends "${module_file[$name]}"); do
		add_module "$next"
	done
	cp "${module_file[$name]}" "$work/initramfs/modules/$name.ko"
	echo "$name.ko" >>"$work/initramfs/modules.order"
}

make_initramfs() {
	local tree=$work/initramfs name
	mkdir -p "$tree"/{bin,dev,proc,sys,root,modules}
	cp "$work/debs/bin/busybox" "$tree/bin/"
	cp "$here/initramfs/init" "$tree/init"
	chmod 755 "$tree/init"
	for name in sh mount insmod findfs usleep switch_root; do
		ln -s busybox "$tree/bin/$name"
	done
	index_modules
	declare -gA module_done=()
	for name in "${wanted_modules[@]}"; do
		add_module "$name"
	done
	(cd "$tree" && find . | sort | cpio --quiet -o -H newc -R 0:0) | zstd -q -19 >"$work/initrd.img"
}

# The agent's libraries as its own loader finds them in the unpacked tree, not the host's.
copy_agent() {
	local root=$1 debs=$work/debs lib
	local paths=$debs/lib/x86_64-linux-gnu:$debs/usr/lib/x86_64-linux-gnu
	mkdir -p "$root/usr/sbin" "$root/lib64" "$root/lib/x86_64-linux-gnu"
	cp "$debs/usr/sbin/qemu-ga" "$root/usr/sbin/"
	cp -L "$debs/lib64/ld-linux-x86-64.so.2" "$root/lib64/"
	"$root/lib64/ld-linux-x86-64.so.2" --library-path "$paths" --list "$debs/usr/sbin/qemu-ga" >"$work/libraries"
	! grep 'not found' "$work/libraries" >&2 || fail "the agent needs a library that no package brought"
	while read -r lib; do
		[[ $lib == "$debs"/* ]] || fail "the agent would take $lib from this machine"
		cp -L "$lib" "$root/lib/x86_64-linux-gnu/"
	done < <(sed -n 's/^.* => \([^ ]*\) .*/\1/p' "$work/libraries" | grep -v ld-linux)
}

# These have no comments in their format, so they are written here.
make_accounts() {
	local etc=$1/etc
	printf '%s\n' root:x:0:0:root:/root:/bin/sh user:x:1000:1000:user:/home/user:/bin/sh \
		nobody:x:65534:65534:nobody:/nonexistent:/bin/false >"$etc/passwd"
	printf '%s\n' root:x:0: tty:x:5: user:x:1000: nogroup:x:65534: >"$etc/group"
	printf '%s\n' 'root::19700:0:99999:7:::' 'user:!:19700:0:99999:7:::' 'nobody:*:19700:0:99999:7:::' >"$etc/shadow"
	chmod 600 "$etc/shadow"
}

make_root_tree() {
	local root=$work/root applet
	mkdir -p "$root"/{bin,dev,etc,home/user,lib,mnt,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var/lib/cloud,var/log}
	cp "$work/debs/bin/busybox" "$root/bin/"
	for applet in $("$root/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	# The agent and scripts written for bigger systems call these by their full path.
	for applet in init poweroff reboot halt hwclock; do
		ln -s ../bin/busybox "$root/sbin/$applet"
	done
	ln -s ../../bin/busybox "$root/usr/bin/env"
	cp -R "$here/rootfs/." "$root/"
	ln -s /run "$root/var/run"
	copy_agent "$root"
	make_accounts "$root"
	chmod -R u+rwX,go+rX,go-w "$root"
	chmod 600 "$root/etc/shadow"
}

# mke2fs copies the owner of each file, which is whoever builds; the guest wants root.
own_by_root() {
	local image=$1
	(cd "$work/root" && find . -mindepth 1) | sed 's,^\.,,' |
		awk '{ print "set_inode_field \"" $0 "\" uid 0"; print "set_inode_field \"" $0 "\" gid 0" }' >"$work/owners"
	printf 'set_inode_field "/home/user" %s 1000\n' uid gid >>"$work/owners"
	debugfs -w -f "$work/owners" "$image" >"$work/debugfs.log" 2>&1
	! grep -v -e '^debugfs:' -e '^debugfs 1' "$work/debugfs.log" >&2 || fail "cannot give the files of the guest to root"
}

make_root_partition() {
	make_root_tree
	truncate -s $((disk_mib - boot_mib - 2))M "$work/root.img"
	mke2fs -q -F -t ext4 -L polyvirt-root -m 0 -E root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0 \
		-d "$work/root" "$work/root.img"
	own_by_root "$work/root.img"
	e2fsck -f -n "$work/root.img" >"$work/fsck.log" 2>&1 || fail "the root file system is not clean: $(<"$work/fsck.log")"
}

# Quick and quiet: no prompt, no self-tests, no mitigations in a machine without secrets.
boot_config() {
	cat <<-'END'
		DEFAULT guest
		PROMPT 0
		TIMEOUT 0
		LABEL guest
		KERNEL /vmlinuz
		INITRD /initrd.img
		APPEND console=tty0 console=ttyS0,115200 quiet loglevel=3 net.ifnames=0 mitigations=off audit=0 apparmor=0 cryptomgr.notests memhp_default_state=online_movable random.trust_cpu=on
	END
}

make_boot_partition() {
	local image=$work/boot.img
	truncate -s ${boot_mib}M "$image"
	mkfs.vfat -n PVBOOT -h 2048 "$image" >/dev/null
	boot_config >"$work/syslinux.cfg"
	mcopy -i "$image" "$work"/debs/boot/vmlinuz-* ::vmlinuz
	mcopy -i "$image" "$work/initrd.img" "$work/syslinux.cfg" ::
	syslinux --install "$image"
}

make_disk() {
	local disk=$work/disk.raw root_start=$((boot_mib + 1))
	truncate -s ${disk_mib}M "$disk"
	sfdisk -q "$disk" <<-END
		label: dos
		start=1MiB, size=${boot_mib}MiB, type=c, bootable
		start=${root_start}MiB, size=$((disk_mib - boot_mib - 2))MiB, type=83
	END
	dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
	dd if="$work/boot.img" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
	dd if="$work/root.img" of="$disk" bs=1M seek=$root_start conv=notrunc,sparse status=none
}

# The new image appears under its name whole or not at all; the stamp last, so that an
# interruption in between only costs another build.
publish() {
	local stamp=$1
	new=$(mktemp "$out.XXXXXX")
	qemu-img convert -c -f raw -O qcow2 -o compression_type=zstd "$work/disk.raw" "$new"
	chmod 644 "$new"
	rm -f "$out.stamp"
	mv "$new" "$out"
	echo "$stamp" >"$work/stamp"
	cp "$work/stamp" "$out.stamp"
}

build() {
	local package
	mkdir -p "$(dirname "$out")" 2>/dev/null || fail "cannot create the directory of $out"
	# Beside the cache: same file system, so that finished downloads can be renamed into it.
	work=$(mktemp -d "$cache/build.XXXXXX")
	new=
	trap 'rm -rf "$work" ${new:+"$new"}' EXIT
	trap 'exit 1' INT TERM HUP
	mkdir "$work/debs"
	for package in $1; do
		fetch "$package"
	done
	make_initramfs
	make_boot_partition
	make_root_partition
	make_disk
	publish "$2"
}

main() {
	local packages stamp
	parse_arguments "$@"
	require_tools
	mkdir -p "$cache" 2>/dev/null || fail "cannot create the cache directory $cache"
	cache=$(cd "$cache" && pwd)
	packages=$(resolve_packages)
	stamp=$(printf 'scripts %s\n%s' "$(scripts_hash)" "$packages")
	if up_to_date "$stamp"; then
		echo "$out is up to date"
		return
	fi
	build "$packages" "$stamp"
	echo "$out: $(du -k --apparent-size "$out" | cut -f 1) KiB"
}

main "$@"
