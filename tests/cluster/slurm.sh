#!/usr/bin/env bash
# A Slurm cluster of one node, with a fake GPU, from Debian's packages; no systemd, no cgroups.
#
#   slurm.sh install | start | stop | env        as root
#
# All it writes lies in $SLURM_FOLDER, with links from /etc/slurm. Memory limits and devices are not
# enforced on such a node; requests are recorded as on a large one.
set -euo pipefail

T=${SLURM_FOLDER:-${TMPDIR:-/tmp}/imsforge-slurm}
HOST=$(hostname -s)
MEMORY=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) / 1024 * 9 / 10))
# Installed ones (nproc alone says what OMP_NUM_THREADS says); the two that a job asks for at least.
CORES=$(nproc --all)
CORES=$((CORES < 2 ? 2 : CORES))
SOCKET=/run/munge/munge.socket.2
export SLURM_CONF=$T/slurm.conf

alive() { [ -s "$T/$1.pid" ] && kill -0 "$(cat "$T/$1.pid")" 2>/dev/null; }

wait_for() {
    for _ in $(seq 60); do
        timeout 3 "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    echo "slurm.sh: waited in vain for: $*" >&2
    return 1
}

install() {
    for tool in slurmctld slurmd munged; do command -v $tool >/dev/null || missing=1; done
    [ -n "${missing:-}" ] || return 0
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends slurm-wlm munge
}

configure() {
    mkdir -p "$T"/{state,spool,log,munge} /etc/slurm
    ln -sf /dev/null "$T/gpu0"
    : >"$T/plugstack.conf"
    echo "Name=gpu Type=toy File=$T/gpu0" >"$T/gres.conf"
    cat >"$T/slurm.conf" <<CONF
ClusterName=toy
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$T/state
SlurmdSpoolDir=$T/spool
SlurmctldPidFile=$T/slurmctld.pid
SlurmdPidFile=$T/slurmd.pid
SlurmctldLogFile=$T/log/slurmctld.log
SlurmdLogFile=$T/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,defer=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MinJobAge=3600
KillWait=5
GresTypes=gpu
PlugStackConfig=$T/plugstack.conf
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CORES RealMemory=$MEMORY Gres=gpu:toy:1 State=UNKNOWN
PartitionName=cpu Nodes=$HOST Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$HOST MaxTime=INFINITE State=UP
CONF
    # Jobs inside jobs are started without SLURM_CONF: the default place has to know too.
    for file in slurm.conf gres.conf; do
        if [ -e "/etc/slurm/$file" ] && [ ! -L "/etc/slurm/$file" ]; then
            echo "slurm.sh: /etc/slurm/$file exists; this machine has a Slurm of its own" >&2
            exit 1
        fi
        ln -sfn "$T/$file" "/etc/slurm/$file"
    done
}

start() {
    configure
    [ -s "$T/munge/munge.key" ] || head -c 1024 /dev/urandom >"$T/munge/munge.key"
    chmod 0600 "$T/munge/munge.key"
    mkdir -p /run/munge && chmod 0755 /run/munge
    alive munged || munged --force --key-file="$T/munge/munge.key" --socket="$SOCKET" \
        --pid-file="$T/munged.pid" --log-file="$T/log/munged.log" --seed-file="$T/munge/seed"
    wait_for sh -c "munge -S $SOCKET -n | unmunge -S $SOCKET"
    alive slurmctld || slurmctld -c
    wait_for scontrol ping
    alive slurmd || slurmd -c
    wait_for sh -c "sinfo -h -o %T | grep -qE 'idle|mix|alloc'"
}

stop() {
    for daemon in slurmd slurmctld munged; do
        if alive $daemon; then
            kill "$(cat "$T/$daemon.pid")"
            for _ in $(seq 50); do alive $daemon || break; sleep 0.2; done
        fi
    done
    for file in slurm.conf gres.conf; do
        if [ "$(readlink /etc/slurm/$file 2>/dev/null)" = "$T/$file" ]; then rm "/etc/slurm/$file"; fi
    done
    rm -rf "$T"
}

case "${1:-}" in
    install | start | stop) "$1" ;;
    env) echo "export SLURM_CONF=$SLURM_CONF" ;;
    *) sed -n '2,8p' "$0"; exit 2 ;;
esac
