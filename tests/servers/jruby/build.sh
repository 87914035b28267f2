#!/usr/bin/env bash
# Fetches JRuby 9.4, once, and prints the directory of its jar.
#
# usage: build.sh [--if-built]      --if-built: print the directory where it was fetched before, or fail
#
# 29 MB and some seconds the first time.
set -euo pipefail
cd "$(dirname "$0")"
. ../recipe.sh

find_made jruby-9.4 "JRuby 9.4" pom.xml
need mvn java
begin_directory
maven dependency:copy-dependencies -DoutputDirectory="$work/jars"
end_directory
