#!/bin/sh
# SPDX-License-Identifier: MIT
# Style and static checks; each failing check prints what to mend, all of them run. A check that this machine's tools
# cannot make ends with 77 and its last words are the reason: it is skipped, which is not passed. In CI (WERROR=1) it
# fails, or nobody would notice a tool that has gone.
set -u
cd "$(dirname "$0")/.." || exit 3
unlisted=$(git ls-files 2>&1 >/dev/null) || {
	echo "lint: git does not say which files to look at: $(echo "$unlisted" | head -n 1)" >&2
	exit 3
}
passed=0 failed=0 skipped=0
check() {
	name=$1
	shift
	out=$("$@" 2>&1)
	rc=$?
	[ "$rc" -ne 77 ] || [ "${WERROR-}" != 1 ] || rc=1
	case $rc in
	0) passed=$((passed + 1)) && printf '  %-12s ok\n' "$name" ;;
	77) skipped=$((skipped + 1)) && printf '  %-12s skipped: %s\n' "$name" "$out" ;;
	*) failed=$((failed + 1)) && printf '  %-12s FAILED\n%s\n' "$name" "$out" ;;
	esac
}
lacks() { # a tool: says so where it is missing
	command -v "$1" >/dev/null 2>&1 && return 1
	echo "there is no $1 here"
}
files() {
	git ls-files --cached --others --exclude-standard -- "$@"
}

format() {
	formatter=$(ci/format.sh) || { echo "$formatter"; return 77; }
	# shellcheck disable=SC2046
	"$formatter" --dry-run -Werror $(files '*.c' '*.h' | grep -v '^guests/module/') 2>&1 | grep 'error:' | cut -d: -f1 | sort | uniq -c |
		awk '{print "  " $2 ": " $1 " places; run make format"; n++} END {exit n > 0}'
}
headers() { # each header compiles alone; in CI (WERROR=1) without a warning, of which a newer compiler may have more
	for h in $(files '*.h' ':!guests/module'); do
		# shellcheck disable=SC2046 # a word or none
		echo "#include \"$h\"" | "${CC:-gcc}" -std=gnu11 -Wall -Wextra $([ "${WERROR-}" != 1 ] || echo -Werror) -fsyntax-only -x c - \
			-Isvsm/include -Isvsm -Iguests -Ilaunch -I. -D_GNU_SOURCE || { echo "  $h does not compile alone"; return 1; }
	done
}
layers() { # which folder includes from which: ci/layers.txt
	"${PYTHON:-python3}" ci/layers.py
}
sizes() {
	files '*.c' '*.h' '*.S' '*.py' '*.mk' Makefile | xargs wc -l |
		awk '$2 != "total" && $1 > 600 {print "  " $2 ": " $1 " lines, split it (limit 600)"; n++} END {exit n > 0}'
}
licences() {
	for f in $(files '*.c' '*.h' '*.S' '*.py' '*.sh' '*.mk' '*.lds' Makefile); do
		head -n 5 "$f" | grep -q 'SPDX-License-Identifier' || { echo "  $f has no SPDX line"; return 1; }
	done
}
stacks() { # firmware functions: -fstack-usage wrote .su files beside the objects
	find "${BUILD:-build}/obj/svsm" "${BUILD:-build}/obj/monitor" -name '*.su' -exec cat {} + 2>/dev/null |
		awk -F'\t' '$2 > 2048 || $3 ~ /^dynamic$/ {print "  " $1 ": " $2 " bytes of stack (limit 2048, " $3 ")"; n++} END {exit n > 0}'
}
chains() { # what the deepest calls of the SVSM need of its stacks
	lacks objdump && return 77
	"${PYTHON:-python3}" ci/stacks.py
}
rules() { # docs/specification.md, the sources and the tests
	"${PYTHON:-python3}" ci/specification.py
}
scripts() { # -x: and what they source
	lacks shellcheck && return 77
	# shellcheck disable=SC2046
	shellcheck -x -S warning $(files '*.sh') $(files ':!*.sh' | xargs awk 'FNR == 1 && /^#!.*sh$/ {print FILENAME} {nextfile}')
}
python() {
	lacks pyflakes3 && return 77
	# shellcheck disable=SC2046
	pyflakes3 $(files '*.py')
}
workflows() { # files that users copy for GitHub and GitLab: docs/nightly.md has the rules
	lacks yamllint && return 77
	# shellcheck disable=SC2046
	yamllint --strict -c ci/workflows/yamllint.cfg $(files 'ci/workflows/*.yml') && "${PYTHON:-python3}" ci/workflows/check.py $(files 'ci/workflows/*.yml')
}
# cppcheck does not know that a register's name may stand behind its variable, which is why that alone is written
# __asm("r8"), nor which attributes a compiler has.
analyse() {
	lacks cppcheck && return 77
	# shellcheck disable=SC2046
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 \
		--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective \
		--suppress=normalCheckLevelMaxBranches -j 2 \
		--suppressions-list=ci/cppcheck.txt -Isvsm/include -Isvsm -Iguests -Ilaunch -I. \
		-D__x86_64__ '-D__asm(x)=' '-D__has_attribute(x)=0' $(files 'svsm/*.c' 'harness/*.c' 'launch/*.c' 'guests/*.c' ':!guests/module')
}

check format format
check headers headers
check layers layers
check sizes sizes
check licences licences
check stacks stacks
check chains chains
check rules rules
check scripts scripts
check python python
check workflows workflows
check cppcheck analyse
echo "lint: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
