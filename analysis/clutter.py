"""AP by the number of objects in the image: the paper's Fig. 8."""

from collections.abc import Sequence

from pycocotools.coco import COCO

from mmosis.evaluation import Detections, Dump, evaluate_runs, is_ignored
from mmosis.structures import EpisodeRecord

EDGES = (1, 2, 3, 5, 9, 17)


def ap_by_clutter(
    coco: COCO,
    episodes: Sequence[EpisodeRecord],
    runs: Sequence[Detections],
    iou_type: str = 'bbox',
    edges: Sequence[int] = EDGES,
) -> dict[str, dict]:
    """mAP50 of groups of images by their number of objects of all categories (paper section 6.5).

    Args:
        coco: Annotations.
        episodes: Of all runs.
        runs: The detections of each run.
        iou_type: 'bbox' or 'segm'.
        edges: The fewest objects of each group.

    Returns:
        dict: For each group that has images, named as '3-4', ``num_images``, ``mean`` mAP50 over the runs (0-1) and
        ``interval`` as :func:`evaluate_runs` gives it.
    """
    counts = {episode.image_id: count_objects(coco, episode.image_id) for episode in episodes}
    result = {}
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        part = [e for e in episodes if counts[e.image_id] >= low and (high is None or counts[e.image_id] < high)]
        if not any(not episode.absent for episode in part):
            continue
        img_ids = {episode.image_id for episode in part}
        metrics = evaluate_runs(coco, part, [run.of_images(img_ids) for run in runs], [iou_type])[iou_type]
        result[_name(low, high)] = dict(
            num_images=len(img_ids), mean=metrics['mean']['mAP_50'], interval=metrics['interval']['mAP_50']
        )
    return result


def cluttered_part(dump: Dump, coco: COCO, min_objects: int) -> Dump:
    """The part of a test in images with at least so many objects of all categories.

    Raises:
        ValueError: If no searched image has so many.
    """
    episodes = [episode for episode in dump.episodes if count_objects(coco, episode.image_id) >= min_objects]
    if not episodes:
        raise ValueError(f'no searched image has {min_objects} objects or more')
    img_ids = {episode.image_id for episode in episodes}
    return Dump(dump.info, episodes, [run.of_images(img_ids) for run in dump.runs])


def count_objects(coco: COCO, img_id: int) -> int:
    """Number of objects of all categories in an image that are not ignored."""
    return sum(not is_ignored(coco, annotation) for annotation in coco.imgToAnns[img_id])


def _name(low: int, high: int | None) -> str:
    if high is None:
        return f'{low}+'
    return str(low) if high == low + 1 else f'{low}-{high - 1}'
