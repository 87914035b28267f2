#!/usr/bin/env bash
# Makes what runs a real Kafka broker, once, and prints its directory: jars/ and two log configurations.
#
# usage: build.sh [--if-built] [VERSION]      --if-built: print the directory of one that was made before, or fail
#
# VERSION is 4.3.1 unless given. Before its 2.6.1 librdkafka answers SCRAM in a way that Kafka 4 refuses; 3.9.2 takes it.
# The jars come through Maven's ordinary client: 50 MB and about a minute the first time, 10 s where Maven has them.
set -euo pipefail
cd "$(dirname "$0")"
. ../recipe.sh

version="${1:-4.3.1}"
find_made "kafka-$version" "Kafka $version" pom.xml
need mvn java
begin_directory
maven dependency:copy-dependencies -Dkafka.version="$version" -DoutputDirectory="$work/jars"
# Kafka 3.9 brings a writer of logs of its own; with both there is none.
if ls "$work"/jars/slf4j-reload4j-*.jar >/dev/null 2>&1; then
  rm -f "$work"/jars/log4j-*.jar
fi
cat >"$work/log4j2.properties" <<'END'
status = error
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = OUT
END
cat >"$work/log4j.properties" <<'END'
log4j.rootLogger=INFO, OUT
log4j.appender.OUT=org.apache.log4j.ConsoleAppender
log4j.appender.OUT.layout=org.apache.log4j.PatternLayout
log4j.appender.OUT.layout.ConversionPattern=[%d] %p %m (%c)%n
END
end_directory
