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
. ../recipe.sh

find_made elasticsearch Elasticsearch pom.xml MissingModules.java
need mvn javac jar
begin_directory
maven generate-resources -Dunpacked="$work"
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
end_directory
