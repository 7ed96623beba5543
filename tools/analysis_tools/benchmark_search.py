"""Time the search of one image for many references: in one call, in separate calls, and from a bank; random weights."""

import argparse
import os

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
import numpy as np
import torch
from mmengine.config import Config
from terminaltables import AsciiTable

from mmosis.apis.random_weights import make_random_inferencer
from mmosis.search import OneShotInferencer
from mmosis.utils.rng import generator
from mmosis.utils.timing import median_seconds


def time_references(inferencer: OneShotInferencer, image: np.ndarray, crops: list[np.ndarray], repeats: int) -> list:
    """Time one number of references; every one is a category of its own."""
    references = [dict(img=crop, name=f'category {i}') for i, crop in enumerate(crops)]
    bank = inferencer.encode(references)
    together = median_seconds(lambda: inferencer(image, references), repeats)
    from_bank = median_seconds(lambda: inferencer(image, bank), repeats)
    apart = median_seconds(lambda: [inferencer(image, reference) for reference in references], repeats)
    encoding = median_seconds(lambda: inferencer.encode(references), repeats)
    return [len(crops), *(f'{s:.2f}' for s in (together, apart, together / apart, from_bank, encoding))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file path')
    parser.add_argument('--references', type=int, nargs='+', default=[1, 5, 20])
    parser.add_argument('--image-size', type=int, default=1024)
    parser.add_argument('--repeats', type=int, default=3, help='timings, of which the median counts')
    parser.add_argument('--precision', choices=('fp32', 'bf16'), default='fp32')
    parser.add_argument('--channels-last', action=argparse.BooleanOptionalAction, help='by default on a CPU')
    args = parser.parse_args()
    options = dict(precision=args.precision, channels_last=args.channels_last)
    inferencer = make_random_inferencer(Config.fromfile(args.config), **options)
    rng = generator(0, 'pixels')
    image = rng.integers(0, 256, (args.image_size, args.image_size, 3), dtype='uint8')
    crops = list(rng.integers(0, 256, (max(args.references), 160, 120, 3), dtype='uint8'))
    rows = [time_references(inferencer, image, crops[:number], args.repeats) for number in args.references]
    device = inferencer.model.data_preprocessor.device
    print(f'{device}, {torch.get_num_threads()} threads, load average {os.getloadavg()[0]:.1f}')
    header = ['references', 'one call, s', 'separate calls, s', 'ratio', 'from a bank, s', 'encoding alone, s']
    print(AsciiTable([header, *rows]).table)


if __name__ == '__main__':
    main()
