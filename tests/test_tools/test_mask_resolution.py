"""How good masks can be at a resolution, in cases that can be counted, and what the tool prints."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from projects.scenes.synthetic import make_scenes
from tools.analysis_tools.mask_resolution import oracle_mask_ious

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'mask_resolution.py'


def coco_of(*masks: np.ndarray) -> COCO:
    """Index masks, one an image, with their boxes."""
    coco = COCO()
    annotations = []
    for number, mask in enumerate(masks, 1):
        rle = mask_utils.encode(np.asfortranarray(mask, np.uint8))
        annotations.append(
            dict(
                id=number,
                image_id=number,
                category_id=1,
                bbox=mask_utils.toBbox(rle).tolist(),
                area=float(mask.sum()),
                iscrowd=0,
                segmentation=rle,
            )
        )
    images = [dict(id=n, height=mask.shape[0], width=mask.shape[1]) for n, mask in enumerate(masks, 1)]
    coco.dataset = dict(images=images, annotations=annotations, categories=[dict(id=1, name='thing')])
    coco.createIndex()
    return coco


def _draw(side: int, *boxes: tuple) -> np.ndarray:
    mask = np.zeros((64, 64), bool)
    mask[10 : 10 + side, 10 : 10 + side] = True
    for box in boxes:
        mask[box] = False
    return mask


def test_a_full_box_loses_its_corners_alone() -> None:
    """Pasting blends the outermost cells with nothing: at a corner (0.5 + x)(0.5 + y) in cells must reach 0.5.

    With cells of 10 pixels, that leaves out 4 + 3 + 2 + 1 pixels of each corner.
    """
    assert oracle_mask_ious(coco_of(_draw(40)), 4, [1])[0] == 1 - 4 * 10 / 40**2


def test_a_mask_of_the_very_grid_loses_nothing() -> None:
    """Any pattern survives where each cell of the head is one pixel of the box."""
    mask = np.zeros((64, 64), bool)
    mask[10:38, 20:48] = np.random.default_rng(0).random((28, 28)) < 0.5
    mask[10, 20] = mask[37, 47] = True
    coco = coco_of(mask)
    assert oracle_mask_ious(coco, 28, [1])[0] == 1
    assert oracle_mask_ious(coco, 14, [1])[0] < 0.7


def test_a_thin_frame_is_lost_on_a_coarse_grid() -> None:
    """A frame of one pixel covers a third of a cell of three: only the corners' cells are in the target.

    Each comes back as a cross of five pixels, two of them on the frame of 164.
    """
    inside = (slice(11, 51), slice(11, 51))
    coco = coco_of(_draw(42, inside))
    assert oracle_mask_ious(coco, 14, [1])[0] == pytest.approx(4 * 2 / (164 + 4 * 3))
    assert oracle_mask_ious(coco, 42, [1])[0] == 1


def test_a_smaller_network_input_loses_more_and_is_measured_in_the_original() -> None:
    stripes = _draw(48)
    stripes[:, 12:58:4] = stripes[:, 13:58:4] = False
    coco = coco_of(stripes)
    own, half = (oracle_mask_ious(coco, 48, [1], scale)[0] for scale in (None, (16, 16)))
    assert own == 1
    assert half < 0.6


def test_crowds_and_slivers_are_skipped() -> None:
    coco = coco_of(_draw(40), _draw(20))
    coco.anns[2]['iscrowd'] = 1
    assert len(oracle_mask_ious(coco, 28, [1, 2])) == 1
    coco.anns[1]['bbox'][2] = 0.5
    with pytest.raises(ValueError, match='none of the 2 images has an object to measure'):
        oracle_mask_ious(coco, 28, [1, 2])


def test_a_bad_size_is_refused() -> None:
    with pytest.raises(ValueError, match='mask_size must be at least 1, got 0'):
        oracle_mask_ious(coco_of(_draw(40)), 0, [1])


def test_an_object_without_a_mask_is_skipped() -> None:
    coco = coco_of(_draw(40), _draw(20))
    coco.anns[2]['segmentation'] = []
    assert len(oracle_mask_ious(coco, 28, [1, 2])) == 1


def test_tool_prints_a_row_for_each_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    ann_file = make_scenes(tmp_path, 4, seed=0, image_size=64)
    capsys.readouterr()
    monkeypatch.setattr('sys.argv', [str(TOOL), str(ann_file), '--mask-sizes', '7', '28', '--image-scale', '32', '32'])
    runpy.run_path(str(TOOL), run_name='__main__')
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.splitlines()]
    rows = {row[0]: row[1:] for row in cells if len(row) == 3}
    assert list(rows) == ['mask size', '7', '28']
    assert 0 < float(rows['7'][0]) < float(rows['28'][0]) <= 100
    assert 0 <= float(rows['7'][1]) <= 100
