"""Compose scenes of cut-outs: ``make_cutouts.py data/composed --coco data/photographs --alpha data/icons``."""

import argparse
import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from mmosis.utils.arguments import at_least
    from mmosis.utils.config_file import read_config
    from mmosis.utils.tool import run_tool
    from projects.scenes.cutouts import ComposeConfig, compose_scenes


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Raises:
        SystemExit: If it is not clear what to write, or of what.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out_dir', nargs='?', help='folder to write: images/, annotations.json and the cut-outs')
    parser.add_argument('--coco', action='append', default=[], help='folder in COCO format, with its categories')
    parser.add_argument('--each-a-kind', action='append', default=[], help='the same; each object is a new category')
    parser.add_argument('--alpha', action='append', default=[], help='folder of png or webp; each is a category')
    parser.add_argument('--exclude', nargs='+', default=[], help='patterns of names to skip')
    parser.add_argument('--split', type=int, help='skip what this split (1 to 4) of a --coco folder holds out')
    parser.add_argument('--config', help='compose all scenes that this config describes, where it expects them')
    parser.add_argument('--only', nargs='+', help='of these, the ones of these names')
    parser.add_argument('--num-images', type=int, default=1000, help='how many scenes (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the scenes (default: %(default)s)')
    parser.add_argument('--image-size', type=int, default=ComposeConfig.image_size, help='side in pixels')
    parser.add_argument('--num-workers', type=at_least(0), default=0, help='processes; 0 works in this one')
    args = parser.parse_args()
    if (args.out_dir is None) == (args.config is None):
        parser.error('give either a folder to write or a config')
    if args.config is None and not args.coco + args.each_a_kind:
        parser.error('give a folder of photographs in COCO format, --coco or --each-a-kind; they are the backgrounds')
    return args


def list_sources(args: argparse.Namespace) -> list[dict]:
    """List the sources that the command line names."""
    sources = [dict(folder=folder, split=args.split) for folder in args.coco]
    sources += [dict(folder=folder, each_a_kind=True) for folder in args.each_a_kind]
    sources += [dict(folder=folder, type='alpha') for folder in args.alpha]
    return [dict(source, exclude=args.exclude) for source in sources]


def main() -> None:
    """Compose the scenes and say where the annotation files are.

    Raises:
        ValueError: If the config has no scenes of a name.
    """
    args = parse_args()
    if args.config is not None:
        composed = read_config(args.config, needs=['composed']).composed
        unknown = [name for name in args.only or () if name not in composed]
        if unknown:
            raise ValueError(f'{args.config} composes no {", ".join(unknown)} but {", ".join(composed)}')
        wanted = [composed[name] for name in args.only or composed]
    else:
        same = dict(num_images=args.num_images, seed=args.seed, image_size=args.image_size)
        wanted = [dict(out_dir=args.out_dir, sources=list_sources(args), **same)]
    for scenes in wanted:
        print(compose_scenes(**scenes, num_workers=args.num_workers))


if __name__ == '__main__':
    run_tool(main)
