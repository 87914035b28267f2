#!/usr/bin/env bash
# Makes what runs a real OpenSearch node, once, and prints its directory: jars/ and classes/.
#
# usage: build.sh [--if-built]      --if-built: print the directory of one that was made before, or fail
#
# The jars come through Maven's ordinary client. 74 MB and about a minute the first time, 10 s where Maven has them.
set -euo pipefail
cd "$(dirname "$0")"

recipe="$(cat build.sh pom.xml OpenSearchNode.java | sha256sum | cut -c 1-16)"
made="${XDG_CACHE_HOME:-$HOME/.cache}/millrace-tests/opensearch-$recipe"
if [[ -d "$made" ]]; then
  echo "$made"
  exit 0
fi
if [[ "${1:-}" == --if-built ]]; then
  echo "OpenSearch is not built: tests/servers/opensearch/build.sh builds it" >&2
  exit 1
fi
for tool in mvn javac; do
  command -v "$tool" >/dev/null || { echo "build.sh: no $tool: scripts/install-deps servers installs it" >&2; exit 1; }
done

mkdir -p "$(dirname "$made")"
work="$(mktemp -d "$made.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mvn -B -q generate-resources -Djars="$work/jars" >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; echo "build.sh: Maven could not get the jars" >&2; exit 1; }
javac -d "$work/classes" -cp "$work/jars/*" OpenSearchNode.java
mv -T "$work" "$made"
echo "$made"
