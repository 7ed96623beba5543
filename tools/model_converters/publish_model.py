"""Make a checkpoint that is fit to give away: the weights in half precision and what made them, nothing else."""

import argparse
from pathlib import Path

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat.weights_file import read_trained, write_weights
    from mmosis.utils.tool import run_tool

KEPT = ('iter', 'seed', 'experiment_name', 'mmengine_version')


def publish(checkpoint: dict) -> dict:
    """Leave out optimizer, schedule, log and config; weights become float16, which loading turns back to float32.

    Args:
        checkpoint: As the Runner saved it.

    Returns:
        dict: ``state_dict`` and ``meta`` with plain values.
    """
    meta = {key: checkpoint['meta'][key] for key in KEPT if key in checkpoint.get('meta', {})}
    weights = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in checkpoint['state_dict'].items()
    }
    return dict(meta=meta, state_dict=weights)


def main() -> None:
    """Read, strip, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('in_file', help='checkpoint of tools/train.py')
    parser.add_argument('out_file', help='checkpoint to write')
    args = parser.parse_args()
    published = publish(read_trained(args.in_file))
    write_weights(args.out_file, **published)
    print(f'{args.out_file}: {Path(args.out_file).stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    run_tool(main)
