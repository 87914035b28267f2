#!/usr/bin/env bash
# Makes what runs a real Elasticsearch node, once, and prints its directory: the distribution, with MissingModules.java
# as a module of it.
#
# usage: build.sh [--if-built]      --if-built: print the directory of one that was made before, or fail
#
# The distribution comes through Maven's ordinary client. 102 MB and about 20 s the first time.
# It is under the Elastic License 2.0: fetched for tests, never shipped.
set -euo pipefail
cd "$(dirname "$0")"

recipe="$(cat build.sh pom.xml MissingModules.java | sha256sum | cut -c 1-16)"
made="${XDG_CACHE_HOME:-$HOME/.cache}/millrace-tests/elasticsearch-$recipe"
if [[ -d "$made" ]]; then
  echo "$made"
  exit 0
fi
if [[ "${1:-}" == --if-built ]]; then
  echo "Elasticsearch is not built: tests/servers/elasticsearch/build.sh builds it" >&2
  exit 1
fi
for tool in mvn javac jar; do
  command -v "$tool" >/dev/null || { echo "build.sh: no $tool: scripts/install-deps servers installs it" >&2; exit 1; }
done

mkdir -p "$(dirname "$made")"
work="$(mktemp -d "$made.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mvn -B -q generate-resources -Dunpacked="$work" >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" >&2; echo "build.sh: Maven could not get the distribution" >&2; exit 1; }
version="$(sed -n 's:.*<elasticsearch.version>\(.*\)</.*:\1:p' pom.xml)"
home="$work/home"
mv "$work/elasticsearch-$version" "$home"
javac -d "$work/classes" -cp "$home/lib/*" MissingModules.java
module="$home/modules/millrace-test"
mkdir "$module"
jar cf "$module/millrace-test.jar" -C "$work/classes" .
cat >"$module/plugin-descriptor.properties" <<END
name=millrace-test
description=stand-ins for modules that this distribution lacks
version=$version
elasticsearch.version=$version
java.version=17
classname=MissingModules
END
chmod +x "$home"/bin/*
chmod -R a+rX "$work"
mv -T "$work" "$made"
echo "$made"
