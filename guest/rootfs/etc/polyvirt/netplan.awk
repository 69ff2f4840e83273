# SPDX-License-Identifier: Apache-2.0
# The simple part of NoCloud network-config, versions 1 and 2, in block YAML: static addresses,
# a default gateway, name servers. Prints the plan of the card with this mac or name, or nothing.

function value(text) {
	sub(/^[^:]*:[ ]*/, "", text)
	gsub(/[]["',]/, " ", text)
	gsub(/^ +| +$/, "", text)
	return text
}

function prefix(mask,    octets, i, n, count, bits) {
	bits = 0
	count = split(mask, octets, ".")
	for (i = 1; i <= count; i++)
		for (n = octets[i]; n > 0; n = int(n / 2))
			bits += n % 2
	return bits
}

# A card is complete when the next one begins: only then is it known whether it was ours.
function finish() {
	if (address != "" && netmask != "" && address !~ /\//)
		address = address "/" prefix(netmask)
	if (address != "")
		plan = plan "address " address "\n"
	address = netmask = ""
}

function card() {
	finish()
	if (plan != "" && (wantmac != "" ? wantmac == tolower(mac) : cardname == name))
		result = plan gateway dns
	plan = gateway = dns = wantmac = cardname = listof = ""
	inservers = todefault = 0
}

function servers(text,    parts, i, count) {
	count = split(text, parts, " ")
	for (i = 1; i <= count; i++)
		dns = dns "dns " parts[i] "\n"
}

{
	sub(/\r$/, "")
	sub(/(^|[ \t])#.*/, "")
	if ($0 ~ /^[ ]*$/)
		next
	match($0, /^[ ]*/)
	indent = RLENGTH
	line = substr($0, indent + 1)
	item = sub(/^-[ ]+/, "", line)
	key = line
	sub(/[ ]*:.*/, "", key)
}

key == "version" { version = value(line) + 0; next }
key == "ethernets" { inside = 1; cards = -1; next }
inside && cards < 0 { cards = indent }
# Version 2: each key at the first depth below "ethernets" is a card.
inside && indent < cards { card(); inside = 0 }
inside && indent == cards && !item { card(); cardname = key; next }
# Version 1: an item with a type that is not a subnet's begins the next card, or what is not one.
item && key == "type" && line !~ /static|dhcp|manual/ { card(); v1 = 1; next }
v1 && key == "name" { cardname = value(line); next }
key == "mac_address" || key == "macaddress" { wantmac = tolower(value(line)); next }
item && key == "type" { finish(); listof = ""; next }
v1 && key == "address" { finish(); address = value(line); next }
key == "netmask" { netmask = value(line); next }
key == "gateway" || key == "gateway4" { gateway = "gateway " value(line) "\n"; next }
key == "via" { if (todefault) gateway = "gateway " value(line) "\n"; next }
key == "to" { todefault = (line ~ /default|0\.0\.0\.0\/0/); next }
key == "nameservers" { inservers = 1; next }
key == "dns_nameservers" { inservers = 1 }
key == "routes" { inservers = 0; listof = ""; next }
key == "addresses" || key == "dns_nameservers" {
	listof = inservers ? "dns" : "address"
	inservers = 0
	text = value(line)
	if (text != "") {
		if (listof == "dns")
			servers(text)
		else
			plan = plan "address " text "\n"
	}
	next
}
item && listof == "dns" { servers(value(":" line)); next }
item && listof == "address" { plan = plan "address " value(":" line) "\n"; next }
{ listof = "" }

END {
	card()
	printf "%s", result
}
