#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Writes completions for bash, zsh and fish from what the program tells of itself.

    scripts/packages/completion.py PROGRAM FOLDER

They know commands, flags, the values of flags and operands that have a closed set of them, and which take a file.
"""

import pathlib
import shlex
import sys

import told as program

HEAD = "# Written from `gohub help --json`.\n"
FILE = "\0file"


def values(flag, file_flags):
    """What may follow a flag: words, FILE, nothing that is known (empty), or no value at all (None)."""
    if flag["value"] is None:
        return None
    if flag["choices"]:
        return flag["choices"]
    return FILE if flag["value"] == "FILE" or flag["name"] in file_flags else []


def commands(told):
    """(name, summary, operands, [(flag, purpose, value's name, values)]) of each command."""
    file_flags = {key["flag"] for section in told["sections"] for key in section["keys"] if key["type"] == "file"}
    rows = []
    for command in told["commands"]:
        operands = FILE if "FILE" in command["synopsis"] else command["choices"]
        flags = [(flag["name"], flag["purpose"], flag["value"], values(flag, file_flags)) for flag in command["flags"]]
        rows.append((command["name"], command["summary"], operands, [*flags, ("help", "print the help", None, None)]))
    return rows


# --- bash --------------------------------------------------------------------------------------------------------

BASH = """\
_gohub() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command=serve
    # bash cuts --flag=value at the sign.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
        {names}
        return
    fi
    [[ ${{COMP_WORDS[1]}} == -* ]] || command=${{COMP_WORDS[1]}}
    case "$command $previous" in
{values}
    esac
    case $command in
{commands}
    esac
}}
complete -F _gohub gohub
"""


def bash_action(found):
    if found == FILE:
        return 'compopt -o filenames; ' + bash_action_of("-f")
    if not found:
        return ":"
    return bash_action_of(f"-W {shlex.quote(' '.join(found))}")


def bash_action_of(options):
    return f'mapfile -t COMPREPLY < <(compgen {options} -- "$current")'


def bash(told):
    rows = commands(told)
    by_action = {}
    for name, _, _, flags in rows:
        for flag, _, _, found in flags:
            if found is not None:
                by_action.setdefault(bash_action(found), []).append(f'"{name} --{flag}"')
    cases = [f"        {' | '.join(patterns)}) {action}; return ;;" for action, patterns in by_action.items()]
    lines = []
    for name, _, operands, flags in rows:
        names = " ".join(f"--{flag}" for flag, *_ in flags)
        lines += [
            f"        {name})",
            f"            if [[ $current == -* ]]; then {bash_action([names])}",
            f"            else {bash_action(operands)}; fi ;;",
        ]
    names = bash_action([name for name, *_ in rows])
    return HEAD + BASH.format(names=names, values="\n".join(cases), commands="\n".join(lines))


# --- zsh ---------------------------------------------------------------------------------------------------------

ZSH = """\
_gohub() {{
    local -a commands=(
{names}
    )
    local command=serve
    if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
        _describe command commands
        return
    fi
    if [[ $words[2] != -* ]]; then
        command=$words[2]
        shift words
        ((CURRENT--))
    fi
    case $command in
{commands}
    esac
}}
_gohub "$@"
"""


def zsh_action(found):
    if found == FILE:
        return "_files"
    return f"({' '.join(found)})" if found else " "


def zsh_text(text):
    """A text within brackets of _arguments."""
    for character in "\\[]:":
        text = text.replace(character, f"\\{character}")
    return text


def zsh(told):
    rows = commands(told)
    lines = []
    for name, _, operands, flags in rows:
        specs = []
        for flag, purpose, value, found in flags:
            end = "" if found is None else f":{zsh_text(value)}:{zsh_action(found)}"
            specs.append(f"--{flag}{'' if found is None else '='}[{zsh_text(purpose)}]{end}")
        if operands:
            specs.append(f"1:{'file' if operands == FILE else 'what'}:{zsh_action(operands)}")
        lines.append(f"        {name})")
        lines.append("            _arguments" + "".join(f" \\\n                {shlex.quote(spec)}" for spec in specs))
        lines.append("            ;;")
    names = "\n".join(f"        {shlex.quote(f'{name}:{zsh_text(summary)}')}" for name, summary, *_ in rows)
    return "#compdef gohub\n" + HEAD + ZSH.format(names=names, commands="\n".join(lines))


# --- fish --------------------------------------------------------------------------------------------------------


def fish_text(text):
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def fish(told):
    rows = commands(told)
    names = " ".join(name for name, *_ in rows)
    none = f"not __fish_seen_subcommand_from {names}"
    lines = [HEAD + "complete -c gohub -f"]
    for name, summary, operands, flags in rows:
        seen = f"__fish_seen_subcommand_from {name}"
        lines.append(f"complete -c gohub -n {fish_text(none)} -a {name} -d {fish_text(summary)}")
        # Without a command gohub serves.
        condition = fish_text(f"{seen}; or {none}" if name == "serve" else seen)
        for flag, purpose, _, found in flags:
            line = f"complete -c gohub -n {condition} -l {flag}"
            if found is not None:
                line += " -r -F" if found == FILE else f" -x -a {fish_text(' '.join(found))}"
            lines.append(f"{line} -d {fish_text(purpose)}")
        if operands == FILE:
            lines.append(f"complete -c gohub -n {fish_text(seen)} -F")
        elif operands:
            lines.append(f"complete -c gohub -n {fish_text(seen)} -a {fish_text(' '.join(operands))}")
    return "\n".join(lines) + "\n"


def main(binary, folder):
    told = program.ask(binary)
    for name, write in {"gohub": bash, "_gohub": zsh, "gohub.fish": fish}.items():
        (pathlib.Path(folder) / name).write_text(write(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
