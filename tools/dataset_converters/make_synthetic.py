"""Write synthetic scenes in COCO format, e.g. the fixed test set: ``make_synthetic.py data/test --seed 1``."""

import argparse

from mmosis.synthetic import SceneConfig, make_scenes


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out_dir', help='folder to write: images/ and annotations.json')
    parser.add_argument('--num-images', type=int, default=300, help='how many scenes (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='0: training set, 1: test set (default: %(default)s)')
    parser.add_argument('--image-size', type=int, default=SceneConfig.image_size, help='side in pixels')
    parser.add_argument('--num-workers', type=int, default=0, help='processes; 0 draws in this one')
    return parser.parse_args()


def main() -> None:
    """Write the scenes and say where the annotation file is."""
    args = parse_args()
    ann_file = make_scenes(
        args.out_dir, args.num_images, args.seed, num_workers=args.num_workers, image_size=args.image_size
    )
    print(f'\n{ann_file}')


if __name__ == '__main__':
    main()
