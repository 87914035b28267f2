#!/usr/bin/env bash
# Builds lumberload once and prints the path of the program.
#
# usage: build.sh
set -euo pipefail
cd "$(dirname "$0")"

recipe="$(cat build.sh go.mod go.sum main.go | sha256sum | cut -c 1-16)"
program="${XDG_CACHE_HOME:-$HOME/.cache}/millrace-tests/lumberload-$recipe"
if [[ ! -x "$program" ]]; then
  mkdir -p "$(dirname "$program")"
  GOTOOLCHAIN=local CGO_ENABLED=0 "$(../../servers/find-go)" build -trimpath -o "$program.new" . >&2
  mv "$program.new" "$program"
fi
echo "$program"
