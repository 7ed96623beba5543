"""Print how good masks can be at several resolutions of the mask head: true boxes and masks, sampled and pasted."""

import argparse

from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.evaluation import oracle_mask_ious
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.tool import run_tool


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('ann_file', help='annotation file in COCO format')
    parser.add_argument('--mask-sizes', type=int, nargs='+', default=[14, 28, 56], help='sides of the output')
    parser.add_argument(
        '--image-scale', type=int, nargs=2, help="width and height of the network's input; default: the images' own"
    )
    args = parser.parse_args()
    coco = load_coco(args.ann_file)
    rows = [['mask size', 'mean IoU (%)', 'IoU >= 0.5 (%)']]
    for mask_size in args.mask_sizes:
        scale = tuple(args.image_scale) if args.image_scale else None
        ious = oracle_mask_ious(coco, mask_size, list(coco.imgs), scale)
        rows.append([mask_size, f'{100 * ious.mean():.1f}', f'{100 * (ious >= 0.5).mean():.1f}'])
    print(AsciiTable(rows, f'{len(ious)} objects').table)


if __name__ == '__main__':
    run_tool(main)
