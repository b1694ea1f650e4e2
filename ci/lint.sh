#!/bin/sh
# SPDX-License-Identifier: MIT
# Style and static checks; each failing check prints what to mend, all of them run.
set -u
cd "$(dirname "$0")/.." || exit 3
bad=0
check() {
	name=$1
	shift
	if out=$("$@" 2>&1); then
		printf '  %-12s ok\n' "$name"
	else
		printf '  %-12s FAILED\n%s\n' "$name" "$out"
		bad=1
	fi
}
files() {
	git ls-files --cached --others --exclude-standard -- "$@"
}

format() {
	# shellcheck disable=SC2046
	clang-format --dry-run -Werror $(files '*.c' '*.h' | grep -v '^guests/module/') 2>&1 | grep 'error:' | cut -d: -f1 | sort | uniq -c |
		awk '{print "  " $2 ": " $1 " places; run make format"; n++} END {exit n > 0}'
}
headers() { # each header compiles alone
	for h in $(files '*.h' ':!guests/module'); do
		echo "#include \"$h\"" | "${CC:-gcc}" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -x c - \
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
rules() { # docs/specification.md, the sources and the tests
	"${PYTHON:-python3}" ci/specification.py
}
scripts() { # -x: and what they source
	# shellcheck disable=SC2046
	shellcheck -x -S warning $(files '*.sh') $(files ':!*.sh' | xargs awk 'FNR == 1 && /^#!.*sh$/ {print FILENAME} {nextfile}')
}
python() {
	# shellcheck disable=SC2046
	pyflakes3 $(files '*.py')
}
analyse() {
	# shellcheck disable=SC2046
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 \
		--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective -j 2 \
		--suppressions-list=ci/cppcheck.txt -Isvsm/include -Isvsm -Iguests -Ilaunch -I. \
		-D__x86_64__ $(files 'svsm/*.c' 'harness/*.c' 'launch/*.c' 'guests/*.c' ':!guests/module')
}

check format format
check headers headers
check layers layers
check sizes sizes
check licences licences
check stacks stacks
check rules rules
check scripts scripts
check python python
check cppcheck analyse
exit $bad
