"""SearchPlan: the searches of a folder of COCO-format data, each as a user would do it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmosis.apis.coco_folder import find_coco_folder
from mmosis.datasets import LoadImage, OneShotCocoDataset, ReferenceSampler
from mmosis.datasets.reference_sampler import ImageRecord
from mmosis.evaluation import DataPaths
from mmosis.search.images import MAX_ASPECT, MIN_SIDE
from mmosis.structures import Episode
from mmosis.utils.image import read_image
from mmosis.utils.rng import generator

SEARCHABLE = dict(min_size=MIN_SIDE, max_aspect=MAX_ASPECT)  # what a search takes as a reference
MIN_OBJECTS = 2  # of a category in an image: one is boxed, the others are to be found


@dataclass(frozen=True)
class PlannedSearch:
    """An image and what is searched for in it at once; with ``boxed`` the references are boxes on it."""

    image: ImageRecord
    episodes: list[Episode]
    boxed: bool = False

    def references(self) -> list[dict]:
        """The references as a search takes them, each a category of its own, named by its id."""
        return [self._as_reference(episode) for episode in self.episodes]

    def _as_reference(self, episode: Episode) -> dict:
        (reference,) = episode.references
        image = {} if self.boxed else dict(img=read_image(reference.img_path, reference.img_shape))
        return dict(image, bbox=reference.bbox, name=str(episode.cat_id))


@dataclass(frozen=True)
class SearchPlan:
    """Plan to search each image for each category in it, by one box in another image.

    References are sampled by the paper's rule from the boxes that a search takes: 4 pixels or more a side, and not one
    side more than 50 times the other.

    With ``boxed`` the reference is a box on the searched image itself: each category of which it has two objects or
    more is searched for by one of them, in a search of its own.

    Args:
        folder: Folder of COCO-format data, as :func:`find_coco_folder` knows it; its test part is searched.
        seeds: Seeds of the references; with each one all is searched for once.
        phase: 'background', 'one-shot' or 'all'.
        split: The paper's split, 1 to 4, or None.
        num_absent: Number of searches, over all images, for a category that the image does not show.
        references: Folder that gives the references, matched by the names of categories; by default the same.
        boxed: Whether references are boxes on the searched images.

    Raises:
        ValueError: If boxed references are to come from another folder or to be of absent categories.
    """

    folder: str
    seeds: Sequence[int] = (0,)
    phase: str = 'all'
    split: int | None = None
    num_absent: int = 0
    references: str | None = None
    boxed: bool = False

    def __post_init__(self) -> None:
        if self.boxed and (self.references is not None or self.num_absent):
            raise ValueError(
                'references on the searched image are of the same folder, and show what is there: give none of another '
                'folder, and search for nothing absent'
            )

    @property
    def info(self) -> dict:
        """What is tested, as a dump keeps it."""
        return dict(
            phase=self.phase,
            split=self.split,
            runs=len(self.seeds),
            seed=list(self.seeds),
            num_references=1,
            num_absent=self.num_absent,
            boxed=self.boxed,
        )

    @property
    def data_paths(self) -> DataPaths:
        """Where the searched data are; without images if others give the references, which a report could not show."""
        found = find_coco_folder(self.folder)
        root = Path(found.root)
        return DataPaths(str(root / found.test_ann), None if self.references else str(root / found.test_img))

    def searches(self) -> list[PlannedSearch]:
        """List all searches, image by image and seed by seed.

        Raises:
            FileNotFoundError: If a folder is missing or has no known layout.
            ValueError: If nothing is left to search for, or no category of ``references`` is searched for.
        """
        return self._searches_by_own_boxes() if self.boxed else self._searches_by_other_images()

    def _searches_by_other_images(self) -> list[PlannedSearch]:
        giver = None if self.references is None else _ReferenceFolder(self.references)
        found = [
            (record, replace(episode, run=run))
            for run, seed in enumerate(self.seeds)
            for record, episode in self._episodes(seed, giver)
        ]
        absent = [position for position, (_, episode) in enumerate(found) if episode.absent]
        kept = generator(self.seeds[0], 'absent searches').permutation(absent)[: self.num_absent].tolist()
        dropped = set(absent) - set(kept)
        groups: dict[tuple, PlannedSearch] = {}
        for position, (record, episode) in enumerate(found):
            if position not in dropped:
                groups.setdefault((record.img_id, episode.run), PlannedSearch(record, [])).episodes.append(episode)
        return list(groups.values())

    def _episodes(self, seed: int, giver: '_ReferenceFolder | None') -> Iterator[tuple[ImageRecord, Episode]]:
        """All episodes of a seed, each with its image; those of absent categories are more than are searched for."""
        settings = dict(phase=self.phase, split=self.split, seed=seed, num_absent=self.num_absent)
        dataset = _open(self.folder, same_image=giver is not None, **settings)
        names = dataset.metainfo['classes']
        if giver is not None:
            giver.check(names)
        for record, info in _records(dataset):
            for episode in dataset.list_episodes(info):
                if giver is None:
                    yield record, episode
                elif giver.has(names[episode.label]):
                    yield record, giver.refer(episode, names[episode.label], record.img_id, seed)

    def _searches_by_own_boxes(self) -> list[PlannedSearch]:
        searches = []
        dataset = _open(self.folder, phase=self.phase, split=self.split, same_image=True)
        for record, info in _records(dataset):
            sampler = ReferenceSampler([record], same_image=True, **SEARCHABLE)
            counts = Counter(i['bbox_label'] for i in record.instances if not i['ignore_flag'])
            for run, seed in enumerate(self.seeds):
                for episode in dataset.list_episodes(info):
                    if counts[episode.label] >= MIN_OBJECTS and sampler.num_images(episode.label):
                        rng = generator(seed, 'boxed reference', record.img_id, episode.cat_id)
                        references = sampler.draw(episode.label, record.img_id, rng)
                        boxed = replace(episode, references=references, run=run)
                        searches.append(PlannedSearch(record, [boxed], boxed=True))
        if not searches:
            raise ValueError(
                f'{self.folder}: no image shows {MIN_OBJECTS} objects of a category, of which one can be boxed'
            )
        return searches


def _open(folder: str, same_image: bool, **settings: object) -> OneShotCocoDataset:
    data = find_coco_folder(folder)
    return OneShotCocoDataset(
        data_root=data.root,
        ann_file=data.test_ann,
        data_prefix=dict(img=data.test_img),
        reference_sampler=dict(type='ReferenceSampler', same_image=same_image, **SEARCHABLE),
        pipeline=[],
        ref_pipeline=[LoadImage()],  # so that missing images are reported at once
        test_mode=True,
        **settings,
    )


def _records(dataset: OneShotCocoDataset) -> Iterator[tuple[ImageRecord, dict]]:
    for info in map(dataset.get_data_info, range(len(dataset))):
        shape = (info['height'], info['width'])
        yield ImageRecord(info['img_id'], info['img_path'], shape, info['instances']), info


class _ReferenceFolder:
    """Another folder that gives the references."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        dataset = _open(folder, phase='all', same_image=True)
        self.labels = {name: label for label, name in enumerate(dataset.metainfo['classes'])}
        images = [record for record, _ in _records(dataset)]
        self.sampler = ReferenceSampler(images, same_image=True, **SEARCHABLE)

    def has(self, name: str) -> bool:
        return name in self.labels and self.sampler.num_images(self.labels[name]) > 0

    def check(self, names: Sequence[str]) -> None:
        if not any(map(self.has, names)):
            raise ValueError(f'{self.folder} has no reference of any category that is searched for; names must agree')

    def refer(self, episode: Episode, name: str, img_id: int, seed: int) -> Episode:
        """Give an episode a reference of this folder."""
        rng = generator(seed, 'reference of another folder', img_id, episode.cat_id)
        return replace(episode, references=self.sampler.draw(self.labels[name], img_id, rng))
