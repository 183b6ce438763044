#!/usr/bin/env bash
# Builds the image and tries it, on a Debian machine without a container registry: the base is made
# from the machine's own Debian mirror, and apt, pip and npm inside the build use this machine's
# configuration (mounted while it builds, never copied into the image). Run as root; needs
# podman, runc and debootstrap. What it makes: the images campus-base and campus-gateway.
#
#   docker/try.sh            build, then try
#   docker/try.sh build      only build
#   docker/try.sh try        only try what was built
set -euo pipefail
cd "$(dirname "$0")/.."
release=bookworm
work=$(mktemp -d)
name=campus-try-$$
volume=campus-try-$$

podman=(podman --runtime runc --cgroup-manager cgroupfs)
say() { printf '%s  %s\n' "$(date +%T)" "$*" >&2; }
finish() {
  "${podman[@]}" rm -f -t 5 "$name" >/dev/null 2>&1 || true
  "${podman[@]}" volume rm -f "$volume" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

base() {
  "${podman[@]}" image exists campus-base && return
  local mirror
  # The first place from which this machine itself installs Debian.
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' \
    | awk -v release=$release '$2 == release && $3 == "main" { print $1; exit }')
  say "base: debootstrap $release"
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
    "$release" "$work/base" "$mirror" >"$work/debootstrap.log" 2>&1 \
    || { tail -5 "$work/debootstrap.log" >&2; exit 1; }
  rm -rf "$work"/base/var/cache/apt/archives/*.deb
  tar -C "$work/base" -c . | "${podman[@]}" import --quiet - campus-base >/dev/null
}

build() {
  base
  local mounts=() file
  for file in /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d /etc/pip.conf \
    /etc/ssl/certs/ca-certificates.crt; do
    [ -e "$file" ] && mounts+=(--volume "$file:$file:ro")
  done
  # Node brings authorities of its own and has to be told of this machine's.
  cat ~/.npmrc /etc/npmrc 2>/dev/null >"$work/npmrc" || true
  printf '\ncafile=/etc/ssl/certs/ca-certificates.crt\n' >>"$work/npmrc"
  mounts+=(--volume "$work/npmrc:${container_home:-/root}/.npmrc:ro")
  say "build"
  # The proxy variables of this shell are passed on by podman itself.
  "${podman[@]}" build --isolation chroot --network host --format docker "${mounts[@]}" \
    --build-arg BASE=localhost/campus-base -f docker/Dockerfile -t campus-gateway . >&2
  say "built: $("${podman[@]}" image inspect campus-gateway --format '{{.Size}}') bytes"
}

# Ports of our own, so that a gateway of this machine is left alone.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start() {
  "${podman[@]}" run --detach --name "$name" --network host \
    --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
    --read-only --cap-drop all --security-opt no-new-privileges \
    --env CAMPUS_HEALTH="http://127.0.0.1:$web/healthz" \
    --volume "$volume:/data" --volume "$work/gateway.yaml:/etc/campus/gateway.yaml:ro" \
    --volume "$work/site.yaml:/etc/campus/site.yaml:ro" campus-gateway >/dev/null
}
inside() { "${podman[@]}" exec "$name" campus "$@"; }
page() { curl --noproxy '*' -fsS --max-time 5 -H "Authorization: Bearer ${token:-}" "http://127.0.0.1:$web$1"; }
until_true() {  # until_true SECONDS WHAT COMMAND…
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { say "FAILED: $what"; "${podman[@]}" logs "$name" >&2; exit 1; }
    sleep 0.2
  done
  say "$what"
}
open_alerts() { page "/api/v1/alerts" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["items"]))'; }
one_alert() { [ "$(open_alerts)" = 1 ]; }

try() {
  web=$(free_port) mqtt=$(free_port) own=$(free_port)
  cat >"$work/gateway.yaml" <<YAML
directory: /data
broker: {embedded: {listeners: [{listen: "127.0.0.1:$own"}, {listen: "0.0.0.0:$mqtt"}]}}
web: {listen: "127.0.0.1:$web"}
YAML
  cat >"$work/site.yaml" <<YAML
schools:
  - id: trial
    name_zh: 试验学校
    devices:
      - {id: button-1, kind: alarm-button, name_zh: 门卫室一键报警}
YAML
  chmod 755 "$work" && chmod 644 "$work"/*.yaml
  "${podman[@]}" volume create "$volume" >/dev/null
  start
  until_true 60 "the page answers" page /
  until_true 30 "ready" page /readyz
  [ "$("${podman[@]}" exec "$name" id -u)" != 0 ] && say "it is not root"
  "${podman[@]}" healthcheck run "$name" && say "healthy"

  inside import --yes --actor trial /etc/campus/site.yaml
  token=$(inside token add trial --user admin 2>/dev/null | tail -1)
  local url
  url=$(inside broker-credentials trial --url)
  until_true 30 "a press is kept" inside simulate press trial button-1 --url "$url" --patience 5
  until_true 10 "and is an alert" one_alert

  say "stop"
  local before=$SECONDS
  "${podman[@]}" stop -t 75 "$name" >/dev/null
  say "stopped after $((SECONDS - before)) s with code $("${podman[@]}" inspect "$name" --format '{{.State.ExitCode}}')"
  "${podman[@]}" logs "$name" 2>&1 | grep -E '"(broker\.stopped|stopped)"' >&2
  [ "$("${podman[@]}" inspect "$name" --format '{{.State.ExitCode}}')" = 0 ]

  # A new container on the same volume: what a new version would be.
  "${podman[@]}" rm "$name" >/dev/null
  start
  until_true 60 "ready again" page /readyz
  until_true 10 "the alert is still there, once" one_alert
  say "all is well"
}

case ${1:-all} in
  build) build ;;
  try) try ;;
  all) build; try ;;
  *) echo "usage: $0 [build|try]" >&2; exit 2 ;;
esac
