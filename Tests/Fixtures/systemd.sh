#!/bin/bash
# Starts a manager of systemd for the units in a folder, and runs a script that can use `systemctl --user`.
#
# usage: systemd.sh UNITS SCRIPT
#
# The manager is in namespaces of its own, so it needs no systemd that runs the machine, and leaves nothing behind.
if [ -z "$INSIDE" ]; then
    INSIDE=1 exec unshare --fork --pid --kill-child --mount --cgroup --mount-proc "$0" "$@"
fi
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user/0 || exit 77
# The manager keeps the times of timers in the home.
export XDG_RUNTIME_DIR=/run/user/0 SYSTEMD_UNIT_PATH=$1 HOME=$1/home
for target in default basic shutdown timers paths; do printf '[Unit]\nDescription=%s\n' $target >"$1/$target.target"; done
/lib/systemd/systemd --user --unit=default.target >/dev/null 2>&1 </dev/null &
for _ in $(seq 600); do
    systemctl --user is-active --quiet default.target 2>/dev/null && break
    kill -0 $! 2>/dev/null || exit 77
    sleep 0.1
done
systemctl --user is-active --quiet default.target || exit 77
bash -c "$2"
