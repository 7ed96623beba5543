"""Write cluttered Omniglot in COCO format: ``make_cluttered_omniglot.py data/omniglot images_background*.zip``."""

import argparse
import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from mmosis.utils.arguments import at_least
    from mmosis.utils.tool import run_tool
    from projects.scenes.omniglot import ClutterConfig, make_cluttered_omniglot


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out_dir', help='folder to write: train/, test/, background.txt and one_shot.txt')
    parser.add_argument('zip_files', nargs='+', help='zip files of Omniglot, e.g. images_background.zip')
    parser.add_argument('--hold-out', nargs='+', default=['fourth'], help='every fourth character, or alphabets')
    parser.add_argument('--split', type=int, default=1, help='1 to 4: which fourth')
    parser.add_argument('--num-background', type=int, help='so many background characters, evenly spaced')
    parser.add_argument('--num-train', type=int, default=6000, help='how many training scenes')
    parser.add_argument('--num-test', type=int, default=300, help='how many test scenes')
    parser.add_argument('--seed', type=int, default=0, help='seed of the training scenes')
    parser.add_argument('--test-seed', type=int, default=1, help='seed of the test scenes')
    parser.add_argument('--image-size', type=int, default=ClutterConfig.image_size, help='side in pixels')
    parser.add_argument(
        '--size',
        type=float,
        nargs=2,
        default=ClutterConfig.size,
        help='range of a character / image side',
    )
    parser.add_argument(
        '--stroke', type=float, nargs=2, default=ClutterConfig.stroke, help='range of the factor on the stroke width'
    )
    parser.add_argument(
        '--num-clutter', type=int, nargs=2, default=ClutterConfig.num_clutter, help='fewest and most pieces of clutter'
    )
    parser.add_argument('--colours', default=ClutterConfig.colours, help='random for each character, or one a scene')
    parser.add_argument('--num-workers', type=at_least(0), default=0, help='processes; 0 works in this one')
    return parser.parse_args()


def main() -> None:
    """Write the scenes and say where they are."""
    print(make_cluttered_omniglot(**vars(parse_args())))


if __name__ == '__main__':
    run_tool(main)
