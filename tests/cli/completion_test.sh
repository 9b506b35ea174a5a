#!/usr/bin/env bash
# Tests what bash, zsh and fish offer while a line is typed: runs the scripts of `writ completion` in these shells.
# usage: tests/cli/completion_test.sh WRIT
set -uo pipefail
writ=$(realpath "$1")
. "$(dirname "$0")/../checks.sh"
: >"$work/out"
: >"$work/err"
for shell in bash zsh fish; do
    ends "completion $shell" 0 completion "$shell"
    cp "$work/out" "$work/$shell"
    check "completion $shell: the shell takes it" "$shell" -n "$work/$shell"
done

# bash: the completions of a line whose last word is being typed.
mkdir "$work/folder"
touch "$work/folder/a policy.writ" "$work/folder/other.json"
offered() {
    (cd "$work/folder" && bash --norc -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _writ; printf "%s\n" "${COMPREPLY[@]}"' _ "$work/bash" "$@")
}
offers() { [ "$(offered "${@:2}" | sort | tr '\n' ' ')" = "$1 " ]; }
check "bash: a verb" offers "check" writ che
check "bash: verbs, of which hidden ones are none" [ "$(offered writ '' | grep -c '^commands$')" = 0 ]
check "bash: every verb in the help" [ "$(offered writ '' | sort | tr '\n' ' ')" = "$("$writ" --help | sed -n 's/^  \([a-z]\+\)  .*/\1/p' | sort | tr '\n' ' ')" ]
check "bash: a nested verb" offers "publish" writ store pub
check "bash: an option" offers "--coverage" writ test --cov
check "bash: an option of the whole program" offers "--color" writ test --col
check "bash: an option of a nested verb" offers "--channel" writ store publish --chan
check "bash: no option of another verb" offers "" writ check --cov
check "bash: a choice" offers "json junit" writ test . --format j
check "bash: a choice behind an equals sign" offers "junit" writ test --format = ju
check "bash: a choice that stands alone" offers "fish" writ completion f
check "bash: behind an option's value" offers "github human json junit sarif tap" writ --color never test --format ''
check "bash: files" offers "a policy.writ other.json" writ check ''
check "bash: a file for an option" offers "other.json" writ eval . --request oth
check "bash: nothing where it is free text" offers "" writ test --filter ''
check "fish: a verb" [ "$(fish --no-config -c "source $work/fish; complete -C 'writ chec'" | cut -f 1)" = check ]
check "fish: a nested verb" [ "$(fish --no-config -c "source $work/fish; complete -C 'writ store publi'" | cut -f 1)" = publish ]
check "fish: a choice" [ "$(fish --no-config -c "source $work/fish; complete -C 'writ test --format ju'" | cut -f 1)" = junit ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
