#!/usr/bin/env bash
# Brings Chromium, in which tests/test_web/test_browser.py opens the page, by the system's packages. Where it may not,
# it says loudly that the page is not tested; it never fails.
# usage: tools/misc/install_chromium.sh; LIMIT is how many seconds each step may take.
set -uo pipefail

has() { command -v "$1" >/dev/null; }
has_chromium() { has chromium || has chromium-browser || has google-chrome; }

install() {
    local run=(timeout --kill-after=10 "${LIMIT:-300}")
    [ "$(id -u)" = 0 ] || run+=(sudo -n) # without a password or not at all
    if has apt-get; then
        "${run[@]}" apt-get -qq update
        "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install chromium
    elif has dnf; then
        "${run[@]}" dnf -q -y install chromium
    elif has apk; then
        "${run[@]}" apk add -q chromium
    else
        echo 'there is no apt-get, dnf or apk here'
    fi
}

if has_chromium; then exit 0; fi
messages=$(install </dev/null 2>&1)
if has_chromium; then
    echo 'chromium: installed, to test the page'
else
    cat >&2 <<WARNING
$messages
****************************************************************************************************
THE PAGE IS NOT TESTED: no chromium, chromium-browser or google-chrome here, and none can be brought
****************************************************************************************************
WARNING
fi
