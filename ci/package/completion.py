#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Keelson Authors
"""Prints the completion of keelson's command line for a shell.

usage: completion.py bash|zsh KEELSON"""
import sys

import helptext

PLATFORMS = "native plain snp tdx"
# A value's name tells what is completed for it; others are the user's own words.
FILES = ("FILE", "PROGRAM", "ELF", "SOCKET", "BZIMAGE", "FD", "RUN")
FOLDERS = ("DIR",)
SUITES = "$(keelson test --list 2>/dev/null | cut -d' ' -f1)"
TAKES_SUITES = ("run", "test")


def value_of(option):
    return option.value.strip("[]")


def words(command):
    return " ".join([*command.subcommands, *(o.name for o in command.options), "--help"])


def named(known, values):
    """The options of all commands whose value is one of these, as a pattern of a shell's case."""
    return "|".join(sorted({o.name for c in known for o in c.options if value_of(o) in values}))


def plain(known):
    """Options whose value nobody can guess."""
    rest = {o.name for c in known for o in c.options if o.value and value_of(o) not in FILES + FOLDERS}
    return "|".join(sorted(rest - {"--platform"}))


BASH = """# bash completion for keelson, made from its --help.
_keelson()
{{
\tlocal cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} words=''
\tCOMPREPLY=()
\tif [ "$COMP_CWORD" -eq 1 ]; then
\t\tmapfile -t COMPREPLY < <(compgen -W "{commands} help --help" -- "$cur")
\t\treturn
\tfi
\tcase $prev in
\t--platform) words='{platforms}' ;;
\t{files})
\t\tmapfile -t COMPREPLY < <(compgen -f -- "$cur")
\t\tcompopt -o filenames 2>/dev/null
\t\treturn ;;
\t{folders})
\t\tmapfile -t COMPREPLY < <(compgen -d -- "$cur")
\t\tcompopt -o filenames 2>/dev/null
\t\treturn ;;
\t{plain}) return ;;
\tesac
\tif [ -z "$words" ]; then
\t\tcase ${{COMP_WORDS[1]}} in
{cases}
\t\tesac
\t\tcase ${{COMP_WORDS[1]}} in
\t\t{suites}) [[ $cur == -* ]] || words="$words {suites_command}" ;;
\t\t*) [[ $cur == -* ]] || compopt -o default 2>/dev/null ;;
\t\tesac
\tfi
\tmapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}}
complete -F _keelson keelson
"""


def bash(known):
    cases = "\n".join(f"\t\t{c.name}) words='{words(c)}' ;;" for c in known)
    return BASH.format(commands=" ".join(c.name for c in known), platforms=PLATFORMS, files=named(known, FILES),
                       folders=named(known, FOLDERS), plain=plain(known), cases=cases, suites="|".join(TAKES_SUITES),
                       suites_command=SUITES)


def zsh_word(text):
    return "".join(f"\\{c}" if c in "[]:\\" else c for c in text).replace("'", "'\\''")


def zsh_action(option):
    value = value_of(option)
    if option.name == "--platform":
        return f"({PLATFORMS})"
    return "_files" if value in FILES else "_files -/" if value in FOLDERS else ""


def zsh_option(option):
    text = f"*{option.name}[{zsh_word(option.shows[:60])}]"
    if option.value:
        text += f"{'::' if option.value[0] == '[' else ':'}{zsh_word(value_of(option))}:{zsh_action(option)}"
    return f"'{text}'"


def zsh_arguments(command):
    if command.name in TAKES_SUITES:
        return f"\"*:suite:({SUITES})\""
    if command.subcommands:
        return f"'1:what:({' '.join(command.subcommands)})' '*:file:_files'"
    return "'*:file:_files'"


ZSH = """#compdef keelson
# zsh completion for keelson, made from its --help.
_keelson()
{{
\tif (( CURRENT == 2 )); then
\t\tlocal -a commands=({commands})
\t\t_describe command commands
\t\treturn
\tfi
\tshift words
\t(( CURRENT-- ))
\tcase $words[1] in
{cases}
\tesac
}}
_keelson "$@"
"""


def zsh(known):
    cases = "\n".join(f"\t{c.name}) _arguments {' '.join(map(zsh_option, c.options))} '--help[its options]' {zsh_arguments(c)} ;;"
                      for c in known)
    return ZSH.format(commands=" ".join(f"'{c.name}:{zsh_word(c.shows)}'" for c in known), cases=cases)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("bash", "zsh"):
        sys.exit(__doc__)
    print({"bash": bash, "zsh": zsh}[sys.argv[1]](helptext.read(sys.argv[2])), end="")
