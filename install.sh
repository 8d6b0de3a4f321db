#!/bin/sh
# Installs weld-host for the user who runs it:
#
#   curl -fsSL https://download.example.com/install.sh | sh
#   curl -fsSL https://download.example.com/install.sh | sh -s -- --version 0.1.0 --to /usr/local/bin
#
# It downloads the program for this machine, compares its SHA-256 with the release's list, tries whether it runs, and moves
# it into a folder in one step. So a failure leaves an older weld-host as it was. It needs no root and changes nothing else.
#
# Needs only what every Linux or macOS has: sh, tar, gzip, mktemp, curl or wget, and sha256sum, shasum or openssl.
set -eu

# Where releases are, as in release/addresses. Below it are `latest`, which contains a version, and the files of each release
# in `vVERSION/`.
download=https://download.example.com

usage() {
  cat <<END
Installs weld-host.

Usage: install.sh [--version VERSION] [--to DIR] [--from URL]

  --version VERSION  The release to install, such as 0.1.0. Default: the latest.
  --to DIR           The folder for the program. Default: ~/.local/bin.
  --from URL         Another address with the same files. Default: $download.
  -h, --help         Print this text.
END
}

# Prints why nothing was installed, on one line, and ends.
fail() {
  printf 'install.sh: %s\n' "$(printf %s "$*" | tr -s '\n' ' ')" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Removes what this run has left: its working folder, and folders that it has created and are still empty.
clean() {
  [ -z "$work" ] || rm -rf "$work"
  while [ -n "$created" ] && rmdir "$to" 2>/dev/null && [ "$to" != "$created" ]; do
    to=${to%/*}
  done
}

# Creates the folder `to`, and sets `created` to the highest folder that didn't exist before.
create_folder() {
  above=$to
  while [ -n "$above" ] && ! [ -e "$above" ] && ! [ -L "$above" ]; do
    created=$above
    above=${above%/*}
  done
  said=$(mkdir -p "$to" 2>&1) || fail "the folder $to can't be created. Name another one: --to DIR. ($said)"
}

# Sets `target` to the name by which releases call this machine.
find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) system=unknown-linux-musl ;;
    Darwin)
      system=apple-darwin
      # A shell that runs under Rosetta reports the machine that Rosetta imitates.
      if [ "$machine" = x86_64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then
        machine=arm64
      fi
      ;;
    MINGW* | MSYS* | CYGWIN* | Windows*)
      fail "weld-host doesn't run on Windows itself ($system). Install WSL (wsl --install), and run this command in its Linux."
      ;;
    *) fail "there is no release for the system $system. There are releases for Linux and macOS." ;;
  esac
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no release for the processor $machine. There are releases for x86_64 and aarch64 (arm64)." ;;
  esac
  target=$machine-$system
}

# Sets `downloader` to the program that downloads, and `sum` to the one that computes SHA-256.
find_tools() {
  for name in tar gzip mktemp; do
    has "$name" || fail "$name is missing. Install it, and run this command again."
  done
  if has curl; then
    downloader=curl
  elif has wget; then
    downloader=busybox
    # The other wget is BusyBox's, which has fewer flags.
    ! wget --version 2>/dev/null | grep -q 'GNU Wget' || downloader=wget
  else
    fail "curl and wget are both missing. Install one of them, and run this command again."
  fi
  for sum in sha256sum shasum openssl none; do
    ! has "$sum" || break
  done
  [ "$sum" != none ] || fail "sha256sum, shasum and openssl are all missing, so the download can't be verified. Install one of them."
}

# Checks `version`, which the option or address $1 has named: it becomes a part of addresses and paths.
check_version() {
  case $version in
    '' | *[!0-9A-Za-z.+-]* | [!0-9]*) fail "\"$version\" of $1 is not a version, such as 0.1.0." ;;
  esac
}

# Prints the SHA-256 of the file $1 in hexadecimal.
digest() {
  case $sum in
    sha256sum) sha256sum <"$1" ;;
    shasum) shasum -a 256 <"$1" ;;
    # `SHA2-256(stdin)= HEX`
    openssl) openssl dgst -sha256 <"$1" | sed 's/.*= *//' ;;
  esac | cut -d ' ' -f 1
}

# Downloads the URL $1 to the file $2. $3 is the message if the server has no such file.
fetch() {
  status=0
  case $downloader in
    curl)
      said=$(curl -fsSL --proto "$protocols" --connect-timeout 20 --speed-limit 1 --speed-time 60 --retry 2 -o "$2" "$1" 2>&1) ||
        status=$?
      ;;
    # -S shows the redirects, see below.
    wget) said=$(wget -nv -S --tries=3 --timeout=60 -O - "$1" 2>&1 >"$2") || status=$? ;;
    # Without -T, on which some versions crash.
    busybox) said=$(wget -q -S -O - "$1" 2>&1 >"$2") || status=$? ;;
  esac
  # Unlike curl, wget has no option that refuses this. What it has downloaded is not used.
  if [ "$protocols" = '=https' ] && printf '%s\n' "$said" | grep -qi '^ *location: *http:'; then
    fail "$1 leads to an address without https://. What is downloaded from there could be changed on the way."
  fi
  [ "$status" != 0 ] || return 0
  code=$(printf '%s\n' "$said" | sed -n -e 's/.*returned error: \([1-5][0-9][0-9]\).*/\1/p' \
    -e 's/.*returned error: HTTP[^ ]* \([1-5][0-9][0-9]\).*/\1/p' -e 's/.*ERROR \([1-5][0-9][0-9]\):.*/\1/p' | head -n 1)
  case $code in
    404 | 410) fail "$3" ;;
    [1-5]*) fail "$1 can't be downloaded: the server answered $code. Try again later. ($said)" ;;
  esac
  case $downloader-$status-$said in
    *"No space left"* | curl-23-* | wget-3-*)
      fail "$1 can't be written to $to: is the disk full? \`df -h $to\` shows its free space. ($said)"
      ;;
    curl-35-* | curl-5[13489]-* | curl-60-* | curl-77-* | wget-5-*)
      fail "the certificate of $1 can't be verified. If a proxy inspects the traffic, make its certificate known to this machine; otherwise check the clock (date). ($said)"
      ;;
    *)
      fail "$1 can't be downloaded. Check the network, and the variable HTTPS_PROXY if it needs a proxy. ($said)"
      ;;
  esac
}

main() {
  version=
  to=
  from=${WELD_HOST_DOWNLOAD:-$download}
  work=
  created=
  while [ $# -gt 0 ]; do
    case $1 in
      --version=* | --to=* | --from=*)
        option=${1%%=*}
        value=${1#*=}
        ;;
      --version | --to | --from)
        option=$1
        [ $# -gt 1 ] || fail "$1 needs a value. \`--help\` lists the options."
        value=$2
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) fail "the option $1 is unknown. \`--help\` lists the options." ;;
    esac
    [ -n "$value" ] || fail "$option needs a value. \`--help\` lists the options."
    case $option in
      --version) version=${value#v} ;;
      --to) to=$value ;;
      --from) from=$value ;;
    esac
    shift
  done

  [ -z "$version" ] || check_version --version
  from=${from%/}
  case $from in
    https://*) protocols='=https' ;;
    # On this machine, nobody can change the files on their way.
    http://*@*) fail "$from has a user and no https://. The password would be readable on the way." ;;
    http://127.0.0.1 | http://127.0.0.1[:/]* | http://localhost | http://localhost[:/]* | 'http://[::1]' | 'http://[::1]'[:/]*)
      protocols='=http,https'
      ;;
    *) fail "$from is not an https:// address. Over http, the files and their checksums could be changed on the way." ;;
  esac
  find_target
  find_tools

  if [ -z "$to" ]; then
    [ -n "${HOME:-}" ] || fail "the variable HOME is not set. Name the folder for the program: --to DIR."
    to=$HOME/.local/bin
  fi
  case $to in
    /*) ;;
    *) to=$PWD/$to ;;
  esac
  to=${to%/}
  # Also on a signal, and after `set -e`.
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [ -d "$to" ] || create_folder
  if [ -d "$to/weld-host" ]; then
    fail "$to/weld-host is a folder. Name another folder for the program (--to DIR), or move that one away."
  fi
  # In the target folder, so that the program is moved there in one step.
  said=$(mktemp -d "$to/.weld-host-install.XXXXXX" 2>&1) || fail "nothing can be written to $to. Name another folder: --to DIR. ($said)"
  work=$said
  [ "$downloader" != busybox ] || printf '%s\n' \
    "install.sh: this wget is BusyBox's, which may not verify the server's certificate. With curl it is verified." >&2

  if [ -z "$version" ]; then
    fetch "$from/latest" "$work/latest" "$from/latest does not exist (404), so the latest version is unknown. Name one: --version VERSION."
    version=$(head -c 100 "$work/latest" | head -n 1 | tr -d '\r')
    check_version "$from/latest"
  fi

  name=weld-host-$version-$target
  release=$from/v$version
  fetch "$release/SHA256SUMS" "$work/SHA256SUMS" \
    "there is no release $version: $release/SHA256SUMS does not exist (404). Leave out --version for the latest."
  expected=$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1; exit }' "$work/SHA256SUMS")
  case $expected in
    '') fail "the release $version has no program for $target: $release/SHA256SUMS does not list $name.tar.gz." ;;
    *[!0-9a-f]*) fail "$release/SHA256SUMS has no valid SHA-256 for $name.tar.gz." ;;
  esac
  printf 'Downloading %s\n' "$release/$name.tar.gz"
  fetch "$release/$name.tar.gz" "$work/archive" \
    "$release/$name.tar.gz does not exist (404), although the release lists it. Try again later."
  actual=$(digest "$work/archive")
  if [ "$actual" != "$expected" ]; then
    fail "$name.tar.gz is not the file that the release lists, and was not installed. Its SHA-256 is $actual, and must be $expected. Was the download cut or changed on the way? Try again."
  fi

  said=$(tar -xzf "$work/archive" -C "$work" "$name/weld-host" 2>&1) ||
    fail "$name.tar.gz can't be unpacked in $to. Is the disk full? \`df -h $to\` shows its free space. ($said)"
  program=$work/$name/weld-host
  chmod 755 "$program"
  said=$("$program" --version 2>&1 </dev/null) ||
    fail "the program doesn't run from $to, and was not installed. If that folder doesn't permit programs (noexec), name another one: --to DIR. ($said)"
  [ "$said" = "weld-host $version" ] || fail "the program in $name.tar.gz is not weld-host $version, and was not installed. It says: $said"

  before=$("$to/weld-host" --version 2>/dev/null </dev/null) || before=
  said=$(mv -f "$program" "$to/weld-host" 2>&1) || fail "$to/weld-host can't be replaced. ($said)"
  created=
  case $before in
    '' | "weld-host $version") printf 'weld-host %s is installed: %s\n' "$version" "$to/weld-host" ;;
    "weld-host "*) printf 'weld-host %s is installed: %s (was: %s)\n' "$version" "$to/weld-host" "${before#weld-host }" ;;
    *) printf 'weld-host %s is installed: %s (which was another program)\n' "$version" "$to/weld-host" ;;
  esac
  case :$PATH: in
    *:"$to":*)
      first=$(command -v weld-host) || first=
      [ "$first" = "$to/weld-host" ] ||
        printf 'But the command weld-host is %s, which is earlier in PATH. Remove that one, or change PATH.\n' "$first"
      ;;
    *)
      printf '%s is not in PATH. Add it now, and in the profile of your shell:\n\n  export PATH="%s:%s"\n\n' "$to" "$to" "\$PATH"
      ;;
  esac
  printf 'Try it: weld-host demo --once\n'
}

# On the last line, so that an incomplete download of this script does nothing.
main "$@"
