#!/usr/bin/env bash
# Makes sure that the Debian packages named are there: installs them as root or with sudo, else
# says which are missing. Usage: need.sh mosquitto chromium …
set -euo pipefail
missing=()
for package in "$@"; do
  case $package in
    mosquitto) command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto) ;;
    mosquitto-clients) command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients) ;;
    influxdb) command -v influxd >/dev/null || missing+=(influxdb) ;;
    sip-tester) command -v sipp >/dev/null || missing+=(sip-tester) ;;
    gstreamer)
      # What serves RTSP to tests and benchmarks, under the system's own Python.
      /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null &&
        compgen -G '/usr/lib/*/gstreamer-1.0/libgstrtp.so' >/dev/null &&
        compgen -G '/usr/lib/*/gstreamer-1.0/libgstapp.so' >/dev/null &&
        compgen -G '/usr/lib/*/gio/modules/libgiognutls.so' >/dev/null ||
        missing+=(python3 python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good glib-networking) ;;
    fonts-wqy-microhei)
      # What PDF files embed; Noto CJK has other outlines (CFF), which reportlab cannot.
      [ -f /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ] || missing+=(fonts-wqy-microhei) ;;
    libreoffice)
      # Spreadsheets without a screen: opens the workbooks that the gateway writes.
      command -v soffice >/dev/null && compgen -G "/usr/lib/libreoffice/program/libsclo.so" >/dev/null ||
        missing+=(libreoffice-calc-nogui libreoffice-draw-nogui) ;;
    poppler-utils) command -v pdftoppm >/dev/null || missing+=(poppler-utils) ;;
    gcc) command -v cc >/dev/null || missing+=(gcc libc6-dev) ;;
    chromium) command -v chromium >/dev/null || missing+=(chromium fonts-noto-cjk) ;;
    python3-venv) "${PY:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv) ;;
    *) command -v "$package" >/dev/null || missing+=("$package") ;;
  esac
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ]; then run=(); elif command -v sudo >/dev/null; then run=(sudo); else
  echo "missing: ${missing[*]}. Install it as root: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]} …" >&2
"${run[@]}" apt-get update -qq
# Debian starts a broker of its own on 1883 when it installs one; ours is a child of the gateway.
"${run[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
