"""Episodes with hand-made answers, for everything that evaluates them."""

from collections.abc import Sequence

from pycocotools.coco import COCO
from random_sets import HEIGHT, WIDTH

from mmosis.evaluation import Detections, evaluate_runs
from mmosis.structures import EpisodeRecord

MUG, JUG = 3, 7
Box = tuple[float, float, float, float]


def make_truth(images: dict[int, Sequence[tuple[int, Box]]], crowds: Sequence[int] = ()) -> COCO:
    """Index objects (category, xywh) by image; annotations are numbered from 1, those in ``crowds`` are crowds."""
    coco = COCO()
    annotations = []
    for img_id, objects in images.items():
        for cat_id, (x, y, w, h) in objects:
            number = len(annotations) + 1
            annotations.append(
                dict(
                    id=number,
                    image_id=img_id,
                    category_id=cat_id,
                    bbox=[x, y, w, h],
                    segmentation=[[x, y, x + w, y, x + w, y + h, x, y + h]],
                    area=w * h,
                    iscrowd=int(number in crowds),
                )
            )
    coco.dataset = dict(
        images=[dict(id=img_id, height=HEIGHT, width=WIDTH) for img_id in images],
        annotations=annotations,
        categories=[dict(id=MUG, name='mug'), dict(id=JUG, name='jug')],
    )
    coco.createIndex()
    return coco


def ask(img_id: int, cat_id: int, run: int = 0, absent: bool = False) -> EpisodeRecord:
    """An episode whose reference does not matter."""
    return EpisodeRecord(img_id, run, cat_id, (1,), absent)


def answer(*rows: tuple[int, int, Box, float]) -> Detections:
    """Detections (image, category, xywh, score) without masks."""
    return Detections.from_results(
        [dict(image_id=i, category_id=c, bbox=list(box), score=score) for i, c, box, score in rows]
    )


def find_the_mug_once(box: Box) -> dict:
    """Metrics of two runs: run 0 finds the mug, run 1 nothing; the jug is never found."""
    coco = make_truth({1: [(MUG, box)], 2: [(JUG, box)]})
    episodes = [ask(img_id, cat_id, run) for img_id, cat_id in ((1, MUG), (2, JUG)) for run in range(2)]
    return evaluate_runs(coco, episodes, [answer((1, MUG, box, 0.9)), answer()], ['bbox'])


def cells(table: str) -> list[list[str]]:
    """Cells of a printed table, row by row."""
    return [[cell.strip() for cell in line.split('|')[1:-1]] for line in table.splitlines() if line.startswith('|')]
