"""Analyse a dump of tools/test.py: one HTML page with tables, figures and examples."""

import argparse
import sys
from pathlib import Path

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from analysis.gallery import Gallery
    from analysis.report import write_report
    from mmosis.datasets import OneShotCocoDataset
    from mmosis.evaluation import DataPaths, Dump
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('dump', help='folder that tools/test.py --dump wrote')
    parser.add_argument('-o', '--out', default='report', help='folder for the report (default: %(default)s)')
    parser.add_argument('--ann-file', help="annotation file to judge by (default: the test's)")
    parser.add_argument('--img-dir', help="folder of the images (default: the test's)")
    parser.add_argument('--score-thr', type=float, default=0.5, help='least score that is shown (default: %(default)s)')
    parser.add_argument('--title', default='One-shot instance segmentation', help='heading of the page')
    return parser.parse_args()


def main() -> None:
    """Write the report."""
    args = parse_args()
    data = DataPaths.find(args.dump, args.ann_file, args.img_dir)
    gallery = None
    if data.img_dir is not None:
        dataset = OneShotCocoDataset(
            ann_file=data.ann_file,
            data_prefix=dict(img=data.img_dir),
            episodes_file=str(Path(args.dump, 'episodes.json')),
            pipeline=[dict(type='LoadImage')],  # so that missing images are reported at once
            test_mode=True,
        )
        gallery = Gallery(dataset, args.score_thr)
    print(write_report(Dump.load(args.dump), load_coco(data.ann_file, data.img_dir), args.out, args.title, gallery))


if __name__ == '__main__':
    run_tool(main)
