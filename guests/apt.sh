# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by what fetches Debian packages: apt in a private configuration that is derived from the
# system's own sources, so that packages are verified and nothing is ever installed.
#
#   me=NAME                     who speaks in messages
#   apt_open DIR SUITE...       configuration, lists and cache under DIR; fetches the lists
#   private apt-get download P  any apt tool in that configuration (it downloads to the current folder)
#   apt_get P...                download packages to DIR; says why when that fails
#   apt_sources SUITE           after apt_open: the suite's source packages as well (showsrc, source)
#   apt_codename                the system's own Debian release, "" when it does not say

fail() {
	echo "${me:?}: $1" >&2
	exit 3
}

# The first mirror that serves a Debian release suite (not security, not a vendor's own).
apt_mirror() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | awk '
	function take(uri, suites) { if (uri != "" && suites ~ /(^| )(bookworm|trixie|forky|sid|stable|testing)( |$)/ && !done) { print uri; done = 1 } }
	/^[[:space:]]*#/ { next }
	/^URIs:/ { uri = $2 }
	/^Suites:/ { suites = $0; sub(/^Suites:[ ]*/, "", suites) }
	/^[[:space:]]*$/ { take(uri, suites); uri = suites = "" }
	/^deb[ \t]/ { l = $0; sub(/^deb[ \t]+/, "", l); sub(/^\[[^]]*\][ \t]*/, "", l); split(l, f, /[ \t]+/); take(f[1], f[2]) }
	END { take(uri, suites) }'
}

private() {
	apt_tool=$1
	shift
	"$apt_tool" -q -o Dir::Etc::sourcelist="$apt_dir/etc/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$apt_dir/lists" -o Dir::Cache="$apt_dir/cache" -o APT::Sandbox::User= \
		-o Dir::State::status=/dev/null -o APT::Get::List-Cleanup=0 \
		-o APT::Architectures=amd64 -o APT::Architecture=amd64 -o Acquire::Languages=none "$@"
}

apt_log() {
	"$@" >>"$apt_dir/log" 2>&1 || {
		tail -n 5 "$apt_dir/log" >&2
		return 1
	}
}

apt_open() {
	apt_dir=$1
	shift
	command -v apt-get >/dev/null 2>&1 || fail "no apt-get here: give a kernel with KERNEL=path/to/vmlinuz"
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$apt_dir/etc"
	apt_dir=$(cd "$apt_dir" && pwd)
	apt_uri=$(apt_mirror)
	[ -n "$apt_uri" ] || fail "no Debian mirror in this system's apt sources: give a kernel with KERNEL=path/to/vmlinuz"
	apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -r "$apt_keyring" ] || fail "no $apt_keyring: install debian-archive-keyring"
	for apt_suite; do
		echo "deb [signed-by=$apt_keyring] $apt_uri $apt_suite main"
	done >"$apt_dir/etc/sources.list"
	: >"$apt_dir/log"
	apt_log private apt-get update || fail "apt-get update of $* failed (log: $apt_dir/log)"
}

apt_get() {
	(cd "$apt_dir" && apt_log private apt-get download "$@") || fail "download failed (log: $apt_dir/log)"
}

apt_sources() {
	echo "deb-src [signed-by=$apt_keyring] $apt_uri $1 main" >>"$apt_dir/etc/sources.list"
	apt_log private apt-get update || fail "apt-get update of $1's sources failed (log: $apt_dir/log)"
}

apt_codename() {
	# shellcheck disable=SC1091 # the system's
	(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME-}") || :
}
