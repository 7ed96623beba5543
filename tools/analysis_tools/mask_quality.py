"""Print how good a model's masks are in true boxes and in those that it detects: is it the mask head or the boxes?"""

import argparse

from terminaltables import AsciiTable

from mmosis.apis import measure_masks
from mmosis.utils.launch import add_config_arguments, load_config
from mmosis.utils.tool import run_tool


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    args = parser.parse_args()
    rows = []
    for name, (ious, boundary_ious) in measure_masks(load_config(args), args.checkpoint).items():
        means = (ious.mean(), (ious >= 0.5).mean(), boundary_ious.mean()) if len(ious) else ()
        rows.append([name, str(len(ious)), *([f'{100 * mean:.1f}' for mean in means] or 3 * ['-'])])
    header = ['masks in', 'objects', 'mean IoU (%)', 'IoU >= 0.5 (%)', 'mean boundary IoU (%)']
    print(AsciiTable([header, *rows]).table)


if __name__ == '__main__':
    run_tool(main)
