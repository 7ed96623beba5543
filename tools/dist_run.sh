#!/usr/bin/env bash
# Start a tool in several processes: tools/dist_run.sh NUM_PROCESSES TOOL [arguments]. The other dist_*.sh call it.
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and PORT as for mmdet.
# MAX_RESTARTS=3 starts all processes again, so many times, when one of them dies; --resume lets a training go on.
set -euo pipefail
# Processes share the cores; torchrun would give each of them one.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$(($(nproc) > $1 ? $(nproc) / $1 : 1))}"
export MKL_NUM_THREADS="${MKL_NUM_THREADS:-$OMP_NUM_THREADS}" # MMEngine would set it to 1, and warn
if [ "${MAX_RESTARTS:-0}" = 0 ]; then
    RENDEZVOUS=(--node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
else # machines must agree to meet again, which torchrun's static rendezvous does not; it numbers them itself
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 # what the dead wrote into the shared store would stop their successors
    RENDEZVOUS=(--max_restarts="$MAX_RESTARTS" --rdzv_backend=c10d --rdzv_id="${RDZV_ID:-mmosis}"
        --rdzv_endpoint="${MASTER_ADDR:-127.0.0.1}:${PORT:-29500}")
fi
ROOT=$(cd "$(dirname "$0")/.." && pwd)
PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" exec "${PYTHON:-python}" -m mmosis.utils.torchrun \
    --nnodes="${NNODES:-1}" \
    "${RENDEZVOUS[@]}" \
    --nproc_per_node="$1" \
    "$2" "${@:3}" --launcher pytorch
