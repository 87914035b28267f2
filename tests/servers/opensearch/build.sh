#!/usr/bin/env bash
# Makes what runs a real OpenSearch node, once, and prints its directory: jars/ and classes/.
#
# usage: build.sh [--if-built]      --if-built: print the directory of one that was made before, or fail
#
# The jars come through Maven's ordinary client. 74 MB and about a minute the first time, 10 s where Maven has them.
set -euo pipefail
cd "$(dirname "$0")"
. ../recipe.sh

find_made opensearch OpenSearch pom.xml OpenSearchNode.java
need mvn javac
begin_directory
maven generate-resources -Djars="$work/jars"
javac -d "$work/classes" -cp "$work/jars/*" OpenSearchNode.java
end_directory
