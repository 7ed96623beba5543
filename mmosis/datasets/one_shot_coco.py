"""OneShotCocoDataset: images with their episodes, from any COCO-format file."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.registry import DATASETS, TASK_UTILS
from mmengine.dataset import Compose
from mmengine.fileio import list_from_file
from mmengine.logging import print_log

from mmosis.structures import PHASES, Episode, EpisodeRecord, Reference, split_categories
from mmosis.utils.rng import generator, seeded

from .coco_file_dataset import CocoFileDataset, image_loaders
from .confused_categories import ConfusedCategories
from .episode_lists import DrawnEpisodes, ReplayedEpisodes
from .reference_sampler import ImageRecord, ReferenceSampler
from .training_episodes import TrainingEpisodes

# What distinguishes one test from another.
PROTOCOL = ('phase', 'split', 'runs', 'seed', 'num_references', 'reference_sampler', 'num_absent')
NAMED_CATEGORIES = 80  # that a warning names one by one: all of COCO's


@DATASETS.register_module()
class OneShotCocoDataset(CocoFileDataset):
    """Episodes over a COCO-format file (paper sections 3 and 5).

    *Training* (``test_mode=False``): the index is a draw number d, unbounded. Image, category, references and
    augmentation are functions of (seed, d). Images come in a fresh permutation every ``len(dataset)`` draws; the
    category is drawn among the active ones in the image; only its instances are kept, with label 0 (match). Where the
    category is one that the image does not show (``absent_prob``), there are none. A draw may search its image for
    several categories (``num_episodes``): an instance's label then is the number of its episode.

    *Testing*: item i is one image with all its episodes, one for each active category in it and each run. Their
    references are functions of (seed, image id, category id, run). Or they are those of a file.

    Rules, which the log reports: a category with too few images to give references is skipped (one image is searched,
    others give references); so is one without annotations; images without an active category are skipped.

    Args:
        ann_file, num_held_back, held_back: As in :class:`CocoFileDataset`.
        split: 1 to 4, the paper's rule on the file's category order. Exclusive with the two lists below.
        background_classes: Names of the background categories, or a text file in ``data_root`` with one name a line; by
            default all that are not one-shot ones.
        one_shot_classes: The same for the one-shot categories; by default all that are not background ones.
        phase: Which categories are active: 'background', 'one-shot' or 'all'.
        num_references: References an episode, K.
        reference_sampler: Config of the rule that draws references; by default :class:`ReferenceSampler`, the
            rule of the paper's tests.
        runs: Test runs with fresh references.
        num_absent: In testing also search each image for so many categories that it does not show. Where the file has
            ``neg_category_ids`` (LVIS), only those are known not to show.
        absent_prob: In training the probability that a draw searches for such a category instead, so that nothing in
            the image is a match.
        confusion: ``report.json`` of ``tools/analysis_tools/report.py``; absent categories of training are then drawn
            as the model reported on confuses them with those of the image (:class:`ConfusedCategories`), else any.
        num_episodes: In training so many categories are searched for in an image: the first as above, then others that
            it shows, and where it shows no more, those that it does not.
        same_image_prob: In training the probability that a category's reference is an instance of the searched image,
            where that shows another one; the instance itself is ignored in the losses then. It needs one reference an
            episode.
        keep_others: In training keep the instances of the image's other active categories too, for an RPN that knows no
            class; ``PackOneShotInputs`` lays them beside those that match. By default they are dropped, as in the
            paper.
        episodes_file: In testing replay the episodes of this file, as ``tools/test.py`` writes it; phase, runs,
            references and absent categories are the file's then.
        seed: Seed of all draws. In training the :class:`EpisodeSampler` hands on the runner's.
        pipeline: Transforms of the image; the last is ``PackOneShotInputs``.
        ref_pipeline: Transforms of a reference; the last is ``PackReference``. All must come out in one size.

    Raises:
        FileNotFoundError: If the annotation file or a file of names is missing.
        ValueError: If the file, the split, the phase or the category names are wrong, or nothing is left to search.
    """

    def __init__(
        self,
        *args: Any,
        split: int | None = None,
        background_classes: str | Sequence[str] | None = None,
        one_shot_classes: str | Sequence[str] | None = None,
        phase: str = 'background',
        num_references: int = 1,
        reference_sampler: dict | None = None,
        runs: int = 1,
        num_absent: int = 0,
        absent_prob: float = 0.0,
        confusion: str | None = None,
        num_episodes: int = 1,
        same_image_prob: float = 0.0,
        keep_others: bool = False,
        episodes_file: str | None = None,
        seed: int = 0,
        ref_pipeline: Sequence[dict | Callable] = (),
        **kwargs: Any,
    ) -> None:
        if phase not in PHASES:
            raise ValueError(f'phase must be one of {PHASES}, got {phase!r}')
        if runs < 1 or num_episodes < 1 or num_absent < 0:
            raise ValueError(
                f'runs and num_episodes must be at least 1 and num_absent at least 0, got {runs}, {num_episodes} and '
                f'{num_absent}'
            )
        for name, prob in (('absent_prob', absent_prob), ('same_image_prob', same_image_prob)):
            if not 0 <= prob <= 1:
                raise ValueError(f'{name} must be in 0-1, got {prob}')
        if same_image_prob and num_references != 1:
            raise ValueError(
                f'same_image_prob draws one reference an episode, got num_references={num_references}; set it to 1'
            )
        if episodes_file is not None and not kwargs.get('test_mode'):
            raise ValueError(f'episodes of a file are for tests; set test_mode=True to replay {episodes_file}')
        self.split = split
        self.background_classes = background_classes
        self.one_shot_classes = one_shot_classes
        self.phase = phase
        self.num_references = num_references
        # A plain dict: it goes into checkpoints, which hold plain values only.
        self.reference_sampler = dict(reference_sampler or dict(type='ReferenceSampler'))
        self.runs = runs
        self.num_absent = num_absent
        self.absent_prob = absent_prob
        self.confusion = confusion
        self.num_episodes = num_episodes
        self.same_image_prob = same_image_prob
        self.keep_others = keep_others
        self.episodes_file = episodes_file
        self.seed = seed
        self.ref_pipeline = Compose(ref_pipeline)
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, dtype=int))
        super().__init__(*args, **kwargs)

    # ---------------------------------------------------------------- index

    def load_data_list(self) -> list[dict]:
        """Read the annotation file, settle the categories and index the references."""
        data_list = super().load_data_list()
        names = list(self._metainfo['classes'])
        images = [
            ImageRecord(info['img_id'], info['img_path'], (info['height'], info['width']), info['instances'])
            for info in data_list
        ]
        if self.episodes_file is None:
            self._draw_from(images, names)
        else:
            self._replay_from(images)
        self._metainfo['eval_cat_ids'] = [self.cat_ids[label] for label in sorted(self._active)]
        return data_list

    def _draw_from(self, images: list[ImageRecord], names: list[str]) -> None:
        """Draw episodes of the phase's categories, and references from these images."""
        self._sampler = TASK_UTILS.build(dict(self.reference_sampler, images=images, num=self.num_references))
        self._settle_active_labels(self._phase_classes(names), names)
        drawn = self._sampler, self.cat_ids, self._active
        self._episodes = DrawnEpisodes(*drawn, self.runs, self.num_absent, self.seed)
        confused = None if self.confusion is None else ConfusedCategories(self.confusion, names)
        self._training = TrainingEpisodes(
            *drawn, self.absent_prob, self.num_episodes, self.keep_others, self.same_image_prob, confused
        )
        self._metainfo['protocol'] = {key: getattr(self, key) for key in PROTOCOL}

    def _replay_from(self, images: list[ImageRecord]) -> None:
        """Take episodes from the file, and find their references in these images."""
        img_ids = {image.img_id for image in images}
        sampler = ReferenceSampler(images, with_masks=self.reference_sampler.get('with_masks', False))
        self._episodes = ReplayedEpisodes(self.episodes_file, sampler, self.cat2label, img_ids)
        self._active = self._episodes.active
        self._metainfo['protocol'] = self._episodes.info

    def parse_data_info(self, raw_data_info: dict) -> dict:
        """Parse as mmdet does, and keep each instance's annotation id.

        mmdet's rules say which annotations count, but drop the id; so complete annotations pass in place of masks.
        """
        carriers = [dict(annotation, segmentation=annotation) for annotation in raw_data_info['raw_ann_info']]
        data_info = super().parse_data_info(dict(raw_data_info, raw_ann_info=carriers))
        # Crowds and degenerate boxes show a category too: it is not absent.
        data_info['shown_category_ids'] = {annotation['category_id'] for annotation in raw_data_info['raw_ann_info']}
        data_info['neg_category_ids'] = raw_data_info['raw_img_info'].get('neg_category_ids')
        for instance in data_info['instances']:
            annotation = instance.pop('mask')
            instance['ann_id'] = annotation['id']
            if annotation.get('segmentation'):
                instance['mask'] = annotation['segmentation']
        return data_info

    def filter_data(self) -> list[dict]:
        """Drop images without an active category: nothing is searched in them."""
        data_list = super().filter_data()
        kept = [info for info in data_list if self._episodes.has(info)]
        wanted = f'show one of the {len(self._active)} {self.phase} categories'
        if self.episodes_file is not None:
            wanted = f'are searched in {self.episodes_file}'
        print_log(
            f'{len(kept)} of {len(data_list)} images of {self.ann_file} {wanted}; the others are skipped',
            logger='current',
        )
        if not kept:
            raise ValueError(
                f'{self.ann_file}: no image shows one of the {self.phase} categories; check split and phase, and '
                'whether reference_sampler leaves them references'
            )
        return kept

    def _loaders(self) -> list:
        return super()._loaders() + image_loaders(self.ref_pipeline)

    def _is_read(self, info: dict) -> bool:
        """Whether an image is searched, or may give references that are read from it."""
        return self._episodes.has(info) or bool(info['instances'] and image_loaders(self.ref_pipeline))

    def _phase_classes(self, names: list[str]) -> list[str]:
        """Names of the categories of this phase."""
        given = [self._read_names(classes) for classes in (self.background_classes, self.one_shot_classes)]
        if self.split is not None and given != [None, None]:
            raise ValueError('give either split or background_classes / one_shot_classes, got both')
        for name in [name for classes in given for name in classes or ()]:
            if name not in names:
                raise ValueError(f'{self.ann_file} has no category {name!r}; it has {", ".join(names)}')
        if self.split is not None:
            background, one_shot = split_categories(names, self.split)
        else:
            background, one_shot = _complete(*given, names)
        overlap = sorted(set(background) & set(one_shot))
        if overlap:
            raise ValueError(f'a category is either background or one-shot, got as both: {", ".join(overlap)}')
        if self.phase == 'all':
            return names
        if not one_shot:
            raise ValueError(f"phase {self.phase!r} needs split=1..4 or one_shot_classes; without them use phase='all'")
        return background if self.phase == 'background' else one_shot

    def _read_names(self, classes: str | Sequence[str] | None) -> Sequence[str] | None:
        """Names as they are given, or from a text file."""
        if not isinstance(classes, str):
            return classes
        path = Path(self.data_root, classes)
        if not path.is_file():
            raise FileNotFoundError(f'there is no list of category names {path}; give one name a line, or a list')
        return [name for name in list_from_file(str(path)) if name]

    def _settle_active_labels(self, classes: list[str], names: list[str]) -> None:
        """Keep the phase's categories that can be searched for, and say which cannot."""
        counts = {name: self._sampler.num_images(names.index(name)) for name in classes}
        needed = self._sampler.min_images
        self._active = {names.index(name) for name, count in counts.items() if count >= needed}
        few = [f'{name!r} ({count})' for name, count in counts.items() if count < needed]
        if few:
            more = f' and {len(few) - NAMED_CATEGORIES} more' if len(few) > NAMED_CATEGORIES else ''
            print_log(
                f'{len(few)} of {len(classes)} {self.phase} categories are skipped: {self.ann_file} shows them in '
                f'fewer than {needed} image(s), one to search and the others to give references: '
                f'{", ".join(few[:NAMED_CATEGORIES])}{more}',
                logger='current',
                level=logging.WARNING,
            )

    # ---------------------------------------------------------------- items

    def prepare_data(self, idx: int) -> dict:
        """Make item ``idx``: a draw number in training, a position in the list of images in testing.

        Returns:
            dict: ``inputs`` (3, H, W) uint8, ``data_samples`` and ``ref_inputs``, uint8, (E, K, 3, h, w), with a fourth
            channel where masks are in use; in training with one episode an image (K, 3, h, w).
        """
        return self._prepare_test(idx) if self.test_mode else self._prepare_train(idx)

    def _prepare_train(self, draw: int) -> dict:
        for attempt in range(self.max_refetch + 1):
            data_info, episodes = self.draw_episodes(draw, attempt)
            data_info.update(episodes=episodes, draw=(self.seed, draw), keep_others=self.keep_others)
            with seeded(self.seed, 'augmentation', draw, attempt):
                data = self.pipeline(data_info)
            if data is not None:
                references = []
                for number, episode in enumerate(episodes):
                    # The first episode's key is that of a sample with one, so that its references stay the same.
                    keys = ('train', draw, attempt, *([number] if number else []))
                    references.append(self._load_references(episode, *keys, draw=draw))
                data['ref_inputs'] = references[0] if self.num_episodes == 1 else torch.stack(references)
                return data
        raise ValueError(f'the pipeline dropped the sample of draw {draw} {attempt + 1} times; check its filters')

    def _prepare_test(self, idx: int) -> dict:
        data_info = self.get_data_info(idx)
        episodes = self.list_episodes(data_info)
        data_info.update(episodes=episodes)
        with seeded(self.seed, 'test pipeline', data_info['img_id']):
            data = self.pipeline(data_info)
        data['ref_inputs'] = torch.stack(
            [self._load_references(e, 'test', data_info['img_id'], e.cat_id, e.run) for e in episodes]
        )
        return data

    def draw_episodes(self, draw: int, attempt: int = 0) -> tuple[dict, list[Episode]]:
        """Draw image, categories and references of training draw d.

        Args:
            draw: The draw number d, >= 0.
            attempt: How often the pipeline has dropped this draw's sample before; the next image is taken.

        Returns:
            tuple: The image's data info, with the instances that training needs, and the ``num_episodes`` episodes.
        """
        epoch, position = divmod(draw, len(self))
        data_info = self.get_data_info(int(self._permutation(epoch)[(position + attempt) % len(self)]))
        rng = generator(self.seed, 'episode', draw, attempt)
        data_info['instances'], episodes = self._training.draw(data_info, rng)
        return data_info, episodes

    def list_episodes(self, data_info: dict) -> list[Episode]:
        """List the test episodes of an image: drawn, or those of the file."""
        return self._episodes.list_episodes(data_info)

    def episode_records(self) -> list[EpisodeRecord]:
        """List the test episodes of all images, by ids."""
        infos = (self.get_data_info(idx) for idx in range(len(self)))
        return [
            EpisodeRecord.from_episode(info['img_id'], episode)
            for info in infos
            for episode in self.list_episodes(info)
        ]

    def _permutation(self, epoch: int) -> np.ndarray:
        """The order of images in an epoch; the last one is kept, since draws come in order."""
        if self._order[0] != epoch:
            self._order = epoch, generator(self.seed, 'order', epoch).permutation(len(self))
        return self._order[1]

    def _load_references(self, episode: Episode, *keys: int | str, draw: int | None = None) -> torch.Tensor:
        """Run the reference pipeline on the K references of an episode, of a draw in training: (K, 3, h, w)."""
        drawn = {} if draw is None else dict(draw=(self.seed, draw))
        crops = []
        for shot, reference in enumerate(episode.references):
            with seeded(self.seed, 'reference', *keys, shot):
                crops.append(self.ref_pipeline(_reference_info(reference) | drawn)['ref_inputs'])
        return torch.stack(crops)


def _reference_info(reference: Reference) -> dict:
    """What the reference pipeline starts with."""
    height, width = reference.img_shape
    return dict(
        img_path=reference.img_path,
        height=height,
        width=width,
        ref_bbox=np.array(reference.bbox),
        ann_id=reference.ann_id,
        ref_segmentation=reference.segmentation,
    )


def _complete(
    background: Sequence[str] | None, one_shot: Sequence[str] | None, names: list[str]
) -> tuple[list[str], list[str]]:
    """Fill the list that is not given with all other categories."""
    if background is None:
        background = [name for name in names if name not in (one_shot or ())]
    if one_shot is None:
        one_shot = [name for name in names if name not in background]
    return list(background), list(one_shot)
