"""Convert a published checkpoint (Keras .h5) of Siamese Mask R-CNN, or of its backbone."""

import argparse
import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from mmosis.compat.weights_file import write_weights
    from mmosis.utils.tool import run_tool
    from projects.published.keras_weights import convert_keras, is_detector, read_keras


def main() -> None:
    """Read, check, convert, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('in_file', help='published checkpoint, .h5')
    parser.add_argument('out_file', help='checkpoint to write, .pth')
    args = parser.parse_args()
    tensors = read_keras(args.in_file)
    weights = convert_keras(tensors)
    write_weights(args.out_file, weights, dict(source=Path(args.in_file).name))
    name, use = 'the model', 'configs/published/'
    if not is_detector(tensors):
        name, use = 'a backbone', "init_cfg=dict(type='BackbonePretrainedInit', checkpoint=...)"
    print(f'{args.out_file}: {len(weights)} tensors of {name}, for {use}')


if __name__ == '__main__':
    run_tool(main)
