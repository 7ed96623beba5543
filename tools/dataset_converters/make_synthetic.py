"""Write synthetic scenes in COCO format, e.g. the fixed test set: ``make_synthetic.py data/test --seed 1``."""

import argparse
import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from mmosis.compat import prepare
    from mmosis.utils.arguments import at_least
    from mmosis.utils.config_file import read_config
    from mmosis.utils.tool import run_tool
    from projects.scenes.synthetic import SceneConfig, make_scenes


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Raises:
        SystemExit: If it is not clear what to write.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out_dir', nargs='?', help='folder to write: images/ and annotations.json')
    parser.add_argument('--config', help='write all scenes that this config describes, where it expects them')
    parser.add_argument('--num-images', type=int, default=300, help='how many scenes (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='0: training set, 1: test set (default: %(default)s)')
    parser.add_argument('--image-size', type=int, default=SceneConfig.image_size, help='side in pixels')
    parser.add_argument('--num-workers', type=at_least(0), default=0, help='processes; 0 works in this one')
    args = parser.parse_args()
    if (args.out_dir is None) == (args.config is None):
        parser.error('give either a folder to write or a config')
    return args


def main() -> None:
    """Write the scenes and say where the annotation files are."""
    args = parse_args()
    wanted = [dict(out_dir=args.out_dir, num_images=args.num_images, seed=args.seed, image_size=args.image_size)]
    if args.config is not None:
        prepare()  # it may inherit by mmosis::
        wanted = list(read_config(args.config, needs=['scenes']).scenes.values())
    for scenes in wanted:
        print(make_scenes(**scenes, num_workers=args.num_workers))


if __name__ == '__main__':
    run_tool(main)
