#!/usr/bin/env bash
# Builds a real Filebeat from its Go module, once, and prints the path of the program.
#
# usage: build.sh [--if-built]      --if-built: print the path of one that was built before, or fail
#
# The module comes through the ordinary Go client, which checks it against go.sum. Its libbeat and filebeat
# directories are copied, and there the imports listed in left-out.txt are deleted from six files which hold
# lists of imports. Nothing else is changed: the code that reads files and speaks lumberjack is upstream's.
# About 100 s of one core and 240 MB of modules; the program (28 MB) is kept in the user's cache
# directory, by what it was made from. JOBS sets how many compilers run at a time (default: 2).
set -euo pipefail
cd "$(dirname "$0")"
. ../recipe.sh

find_made filebeat Filebeat go.mod go.sum left-out.txt main.go
go="$(../find-go)"
export GOTOOLCHAIN=local CGO_ENABLED=0
unset GOROOT
work="$(mktemp -d)"
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp go.mod go.sum main.go "$work"
module=github.com/elastic/beats/v7
version="$(sed -n "s,^require $module \(v[^ ]*\)\$,\1,p" go.mod)"

# A module of its own, so that the replace line of go.mod does not apply.
mkdir -p "$work/fetch" "$work/build/beats"
printf 'module fetch\n\ngo 1.23.10\n' >"$work/fetch/go.mod"
cp go.sum "$work/fetch/"
source="$(cd "$work/fetch" && "$go" mod download -json "$module@$version" | sed -n 's/^.*"Dir": "\(.*\)",$/\1/p')"
[[ -d "$source/filebeat" ]] || { echo "build.sh: could not get $module@$version" >&2; exit 1; }

cp -r "$source/go.mod" "$source/libbeat" "$source/filebeat" "$work/build/beats/"
chmod -R u+w "$work/build/beats"
rm -rf "$work/build/beats/filebeat/docs" "$work/build/beats/filebeat/module"
for file in filebeat/beater/filebeat.go filebeat/cmd/root.go filebeat/include/list.go \
  libbeat/publisher/includes/includes.go libbeat/cmd/instance/imports_common.go \
  libbeat/cmd/instance/imports_docker.go; do
  grep -vFf left-out.txt "$source/$file" >"$work/build/beats/$file"
done

(cd "$work" && "$go" build -p "${JOBS:-2}" -trimpath -buildvcs=false -ldflags="-s -w" -o "$made.new" .) >&2
mv "$made.new" "$made"
echo "$made"
