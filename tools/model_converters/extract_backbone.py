"""Take the backbone out of a trained classifier or detector, for ``init_cfg`` of another detector."""

import argparse

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat.weights_file import read_trained, write_weights
    from mmosis.utils.tool import run_tool

PREFIX = 'backbone.'


def main() -> None:
    """Read, take, write.

    Raises:
        ValueError: If the checkpoint has no backbone.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('in_file', help='checkpoint of a training')
    parser.add_argument('out_file', help='checkpoint of the backbone to write')
    args = parser.parse_args()
    weights = read_trained(args.in_file)['state_dict']
    backbone = {name.removeprefix(PREFIX): value for name, value in weights.items() if name.startswith(PREFIX)}
    if not backbone:
        raise ValueError(f'{args.in_file} has no weights under {PREFIX!r}; give a checkpoint of tools/train.py')
    write_weights(args.out_file, backbone)
    print(f'{args.out_file}: {len(backbone)} tensors of a backbone')


if __name__ == '__main__':
    run_tool(main)
