# What the build.sh of each directory here begins and ends with; sourced there, with the script's own arguments. What
# that makes is made once and kept in the user's cache directory, under the hash of what it is made from. This file does
# not count: nothing in here changes what comes out.

if_built=false
if [[ "${1:-}" == --if-built ]]; then
  if_built=true
  shift
fi
again="tests/servers/${PWD##*/}/build.sh${*:+ $*}"

# find_made NAME TITLE FILE...: sets `made`, the place of what is made from build.sh and the FILEs. Where that is there
# already, prints it and ends the script; with --if-built it fails where it is not.
find_made() {
  local name="$1" title="$2"
  shift 2
  made="${XDG_CACHE_HOME:-$HOME/.cache}/millrace-tests/$name-$(cat build.sh "$@" | sha256sum | cut -c 1-16)"
  if [[ -e "$made" ]]; then
    echo "$made"
    exit 0
  fi
  if $if_built; then
    echo "$title is not built: $again builds it" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$made")"
}

# need TOOL...: fails where one is missing.
need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null ||
      { echo "build.sh: no $tool: scripts/install-deps servers installs it" >&2; exit 1; }
  done
}

# begin_directory: sets `work`, an empty directory that is to become `made`.
begin_directory() {
  work="$(mktemp -d "$made.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
}

# maven ARGUMENT...: fetches; says nothing unless it fails.
maven() {
  mvn -B -q "$@" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; echo "build.sh: Maven could not fetch what it is made of" >&2; exit 1; }
}

# end_directory: `work` is complete.
end_directory() {
  mv -T "$work" "$made"
  echo "$made"
}
