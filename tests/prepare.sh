#!/usr/bin/env bash
# Installs the Debian programs the tests drive, where that is allowed; otherwise says which tests will be left out.
set -u
wanted=(chromium:chromium strace:strace ffprobe:ffmpeg pg_ctlcluster:postgresql nginx:nginx turnserver:coturn janus:janus)
missing=() packages=()
for pair in "${wanted[@]}"; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || { missing+=("${pair%%:*}"); packages+=("${pair##*:}"); }
done
[ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] || { missing+=(ngx_rtmp_module); packages+=(libnginx-mod-rtmp); }
[ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ] || { missing+=(chinese-font); packages+=(fonts-noto-cjk); }
[ ${#missing[@]} -eq 0 ] && exit 0
# A mirror that stumbles or another apt at work costs a pause, not the tests: three tries, each bounded.
apt() {
  local pause
  for pause in 5 20 0; do
    timeout 900 apt-get -qq -o Acquire::Retries=3 -o Acquire::http::Timeout=60 -o DPkg::Lock::Timeout=300 "$@" >/dev/null 2>&1 && return
    sleep "$pause"
  done
  return 1
}
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing for the tests: ${packages[*]}"
  # Programs only: nothing that a package brings is started as a service.
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && trap 'rm -f "$policy"' EXIT; }
  export DEBIAN_FRONTEND=noninteractive
  apt update || echo "the list of packages could not be renewed; trying with the one there is"
  for package in "${packages[@]}"; do
    apt install -y --no-install-recommends "$package" || echo "could not install $package: its tests are left out"
  done
else
  echo "not installed: ${missing[*]}. The tests that drive them are left out; to run them: sudo apt-get install ${packages[*]}"
fi
exit 0
