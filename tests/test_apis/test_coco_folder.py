"""Layouts of COCO-format folders."""

from pathlib import Path

import pytest

from mmosis.apis.coco_folder import LAYOUTS, SINGLE_LAYOUTS, find_coco_folder


@pytest.mark.parametrize('layout', [*LAYOUTS, *((ann, images, ann, images) for ann, images in SINGLE_LAYOUTS)])
def test_finds_every_layout(layout: tuple[str, ...], tmp_path: Path) -> None:
    for part in layout:
        path = tmp_path / part
        if path.suffix == '.json':
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('{}')
        else:
            path.mkdir(parents=True, exist_ok=True)
    found = find_coco_folder(str(tmp_path))
    assert (found.train_ann, found.train_img, found.test_ann, found.test_img) == layout
    assert found.single == (layout[0] == layout[2])


def test_unknown_layout_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'known COCO-format layouts(.|\n)*instances_train2017.json'):
        find_coco_folder(str(tmp_path))


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'data folder .*nothing does not exist'):
        find_coco_folder(str(tmp_path / 'nothing'))
