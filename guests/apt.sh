# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Sourced by what fetches Debian packages: apt in a private configuration with one Debian mirror, so that
# packages are verified and nothing is ever installed.
#
#   me=NAME                     who speaks in messages
#   apt_open DIR SUITE...       configuration, lists and cache under DIR; fetches the lists
#   apt_try DIR SUITE...        the same, and false where no mirror has the suites
#   private apt-get download P  any apt tool in that configuration (it downloads to the current folder)
#   apt_get P...                download packages to DIR; says why when that fails
#   apt_sources SUITE           after apt_open: the suite's source packages as well (showsrc, source)
#   apt_release                 this system's own Debian suite, "" where it is no Debian
#   apt_package_suite           the Debian suite whose libraries suit programs that are linked here
#   apt_can                     can anything be fetched here? Looks, and says nothing
#   at_least HAVE WANTED        compares version numbers
#
# The mirror is DEBIAN_MIRROR=URL, or one that the system's own sources name. DEBIAN_KEYRING=FILE and
# PACKAGE_SUITE=SUITE overrule the rest. APT_ETC stands for /etc where these lines are tested.

apt_etc=${APT_ETC:-/etc}
apt_keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

fail() {
	echo "${me:?}: $1" >&2
	exit 3
}

at_least() {
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# The entries of the system's sources, a line each: URI SUITE...
apt_entries() {
	for apt_file in "$apt_etc"/apt/sources.list.d/*.sources "$apt_etc/apt/sources.list" "$apt_etc"/apt/sources.list.d/*.list; do
		[ ! -r "$apt_file" ] || { cat "$apt_file" && echo; }
	done | awk '
	function take() { if (uri != "" && suites != "" && on) print uri, suites; uri = suites = ""; on = 1 }
	BEGIN { on = 1 }
	/^[[:space:]]*#/ { next }
	/^URIs:/ { uri = $2 }
	/^Suites:/ { suites = $0; sub(/^Suites:[ \t]*/, "", suites) }
	/^Enabled:[ \t]*no/ { on = 0 }
	/^[[:space:]]*$/ { take() }
	/^deb[ \t]/ { l = $0; sub(/^deb[ \t]+/, "", l); sub(/^\[[^]]*\][ \t]*/, "", l); split(l, f, /[ \t]+/); print f[1], f[2] }
	END { take() }'
}

apt_os() { # FIELD of os-release
	# shellcheck disable=SC1091 # the system's
	(. "$apt_etc/os-release" 2>/dev/null && eval "echo \"\${$1-}\"") || :
}

# Testing and sid have one os-release, without a number: their sources tell which it is.
apt_release() {
	[ "$(apt_os ID)" = debian ] || return 0
	if [ -z "$(apt_os VERSION_ID)" ] && apt_entries | grep -Eq ' (sid|unstable)( |$)'; then
		echo sid
	else
		apt_os VERSION_CODENAME
	fi
}

# Another distribution's codename is no Debian suite. A program runs with libraries that are as old as those it
# was linked with, or newer: so the first release whose libc is.
apt_package_suite() {
	apt_suite=${PACKAGE_SUITE:-$(apt_release)}
	apt_libc=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{print $2}')
	for apt_pair in bookworm:2.36 trixie:2.41; do
		[ -n "$apt_suite" ] || ! at_least "${apt_pair#*:}" "${apt_libc:-0}" || apt_suite=${apt_pair%:*}
	done
	echo "${apt_suite:-sid}"
}

# Mirrors that serve a Debian release suite, a line each. Outside Debian, "stable" is some vendor's own.
apt_mirrors() {
	if [ -n "${DEBIAN_MIRROR-}" ]; then
		echo "$DEBIAN_MIRROR"
		return
	fi
	apt_words='bookworm|trixie|forky|sid'
	[ -z "$(apt_release)" ] || apt_words="$apt_words|stable|oldstable|testing|unstable"
	apt_entries | awk -v words="$apt_words" '{
		for (i = 2; i <= NF; i++)
			if ($i ~ "^(" words ")$" && !seen[$1]++) print $1
	}'
}

apt_tools() {
	command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1
}

apt_can() {
	apt_tools && [ -r "$apt_keyring" ] && [ -n "$(apt_mirrors)" ]
}

# Whatever is missing is said at once, and with it what to do.
apt_check() {
	apt_tools || fail "no apt-get here, so nothing can be fetched from Debian: give a kernel (KERNEL=path/to/vmlinuz), or run this in a container with Debian (README.md, \"Other distributions\")"
	apt_todo=
	[ -n "$(apt_mirrors)" ] ||
		apt_todo="this system's apt sources name no Debian mirror: run make again with DEBIAN_MIRROR=URL, any Debian mirror (the URL of a line \"deb URL bookworm main\")"
	[ -r "$apt_keyring" ] ||
		apt_todo="${apt_todo:+$apt_todo; }no $apt_keyring: install debian-archive-keyring"
	[ -z "$apt_todo" ] || fail "$apt_todo"
}

private() {
	apt_tool=$1
	shift
	"$apt_tool" -q -o Dir::Etc::sourcelist="$apt_dir/etc/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::Etc::preferences="$apt_dir/etc/none" -o Dir::Etc::preferencesparts="$apt_dir/etc/none.d" \
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

# The first mirror that has the suites, signed with Debian's keys. False: none has them.
apt_try() {
	apt_dir=$1
	shift
	apt_check
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$apt_dir/etc/none.d"
	apt_dir=$(cd "$apt_dir" && pwd)
	: >"$apt_dir/log"
	for apt_uri in $(apt_mirrors); do
		for apt_suite; do
			echo "deb [signed-by=$apt_keyring] $apt_uri $apt_suite main"
		done >"$apt_dir/etc/sources.list"
		! apt_log private apt-get update -o APT::Update::Error-Mode=any || return 0
	done
	return 1
}

apt_open() {
	apt_try "$@" || {
		shift
		fail "apt-get update of $* failed (log: $apt_dir/log); DEBIAN_MIRROR=URL names another mirror"
	}
}

apt_get() {
	(cd "$apt_dir" && apt_log private apt-get download "$@") || fail "download failed (log: $apt_dir/log)"
}

apt_sources() {
	echo "deb-src [signed-by=$apt_keyring] $apt_uri $1 main" >>"$apt_dir/etc/sources.list"
	apt_log private apt-get update || fail "apt-get update of $1's sources failed (log: $apt_dir/log)"
}
