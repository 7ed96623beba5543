"""Data of a user's own, as the pages describe them."""

import json
from collections import Counter
from pathlib import Path

from projects.scenes.synthetic import make_scenes

HELD_OUT = ['mug', 'stapler']


def write_own_data(train: tuple[Path, Path], test: tuple[Path, Path]) -> None:
    """Write two parts of 60 small scenes, each to an annotation file and a folder of images.

    The two categories that show most often in the test part have the names that the pages hold out.
    """
    datasets = []
    for seed, (_, images) in enumerate((train, test)):
        made = make_scenes(images.parent / f'made_{seed}', num_images=60, seed=seed, image_size=64)
        (made.parent / 'images').rename(images)
        datasets.append(json.loads(made.read_text()))
    counts = Counter(annotation['category_id'] for annotation in datasets[-1]['annotations'])
    names = dict(zip((cat_id for cat_id, _ in counts.most_common()), HELD_OUT, strict=False))
    for (ann_file, _), dataset in zip((train, test), datasets, strict=True):
        for category in dataset['categories']:
            category['name'] = names.get(category['id'], category['name'])
        ann_file.parent.mkdir(parents=True, exist_ok=True)
        ann_file.write_text(json.dumps(dataset))
