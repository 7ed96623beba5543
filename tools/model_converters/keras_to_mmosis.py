"""Convert a published checkpoint (Keras .h5) of Siamese Mask R-CNN, or of its backbone."""

import argparse
from io import BytesIO
from pathlib import Path

import torch

import mmosis
from mmosis.published.keras_weights import convert_keras, read_keras
from mmosis.utils.atomic import write_atomic


def main() -> None:
    """Read, check, convert, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('in_file', help='published checkpoint, .h5')
    parser.add_argument('out_file', help='checkpoint to write, .pth')
    args = parser.parse_args()
    weights = convert_keras(read_keras(args.in_file))
    meta = dict(source=Path(args.in_file).name, mmosis_version=mmosis.__version__)
    buffer = BytesIO()
    torch.save(dict(meta=meta, state_dict=weights), buffer)
    write_atomic(args.out_file, buffer.getvalue())
    whole = 'neck.fpn_convs.0.conv.weight' in weights
    use = 'configs/published/' if whole else "init_cfg=dict(type='BackbonePretrainedInit', checkpoint=...)"
    print(f'{args.out_file}: {len(weights)} tensors of {"the model" if whole else "a backbone"}, for {use}')


if __name__ == '__main__':
    main()
