"""The paper's random baseline on the episodes of a data set."""

from pycocotools.coco import COCO

from mmosis.datasets import OneShotCocoDataset
from mmosis.evaluation import Dump, random_detections


def random_baseline(dataset: OneShotCocoDataset, coco: COCO, seed: int) -> Dump:
    """Answer every episode of a test with the truth in random places (paper section 5.3).

    Args:
        dataset: A test data set; its pictures are not read.
        coco: Its annotations.
        seed: Seed of the places and scores, >= 0.
    """
    episodes = dataset.episode_records()
    runs = [
        random_detections(coco, [(e.image_id, e.category_id) for e in episodes if e.run == run], seed, run)
        for run in range(dataset.runs)
    ]
    return Dump(dict(dataset.metainfo['protocol'], detector='random boxes'), sorted(episodes), runs)
