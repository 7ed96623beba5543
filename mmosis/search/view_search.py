"""search_views: search images view by view, on any runtime, and merge what the views gave."""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from mmosis.structures import FoundObjects
from mmosis.utils.progress import report_part

from .options import SearchOptions
from .tiling import Tile, drop_duplicates, keep_own, merge_tiles
from .views import Plan, ViewSettings, plan_unknown, plan_views

Result = TypeVar('Result')
Step = tuple[int, int]  # how many views have been searched, and how many there are by now


class View(NamedTuple):
    """A part of an image, at one scale, and what is searched for in it.

    Attributes:
        image: Which image of the batch.
        tile: xyxy in it, px.
        side: Longer side for the network, px; None as the pipeline settles it.
        labels: Positions of categories of the bank.
    """

    image: int
    tile: Tile
    side: int | None
    labels: tuple[int, ...]

    def cut(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Its pixels (h, w, 3), of all images of the batch."""
        x1, y1, x2, y2 = self.tile
        return np.ascontiguousarray(images[self.image][y1:y2, x1:x2])


class Searched(NamedTuple):
    """Result of the search of an image.

    Attributes:
        found: What was found, the best first.
        plans: In which views.
    """

    found: FoundObjects
    plans: tuple[Plan, ...]


# Searches views of one side; what each gave, in pixels of its tile.
Detect = Callable[[Sequence[View]], Sequence[FoundObjects]]


def search_views(
    shapes: Sequence[tuple[int, int]],
    sizes: Sequence[Sequence[float | None]],
    settings: ViewSettings,
    detect: Detect,
    options: SearchOptions,
    iou_thr: float,
) -> Generator[Step, None, list[Searched]]:
    """Search images for categories, each in the views that its size asks for.

    Where a size is not known, views at ``settings.unknown_sides`` come first: what is found there shows it, and the
    views that it asks for give the result. If nothing credible is found, what they gave stays.

    Args:
        shapes: (h, w) of each image.
        sizes: For each image the size of each category's objects: root of the area of the box, px of the image, or
            None where it is not known.
        settings: Which views.
        detect: Searches views of one side.
        options: What scores less than their threshold is dropped from images in tiles, for its memory, but for the best
            of each label.
        iou_thr: Boxes of several views that overlap by more than this are of one object.

    Yields:
        Step: After each batch of views.

    Returns:
        list[Searched]: For each image all that was found, in any order, the labels positions of categories.
    """
    search = _ViewSearch(shapes, detect, options, iou_thr)
    answers = {
        (image, label): plan_first(size, shape, settings)
        for image, (shape, of_image) in enumerate(zip(shapes, sizes, strict=True))
        for label, size in enumerate(of_image)
    }
    yield from search.run(answers)
    if settings.object_size:
        for (image, label), plans in answers.items():
            if sizes[image][label] is None:
                size = found_size(search.found(image, [label], plans), settings.credible_score)
                if size is not None:
                    answers[image, label] = (plan_views(size, shapes[image], settings),)
        yield from search.run(answers)
    return [search.result(image, answers) for image in range(len(shapes))]


def plan_first(size: float | None, img_shape: tuple[int, int], settings: ViewSettings) -> tuple[Plan, ...]:
    """Plan the views that come first for objects of a size, px of the image of ``img_shape`` (h, w); None: unknown."""
    return plan_unknown(img_shape, settings) if size is None else (plan_views(size, img_shape, settings),)


def finish(steps: Generator[Step, None, Result]) -> Result:
    """Go through a search to its end, and show how far it is where it has several views; returns what it does."""
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            return end.value
        if total > 1:
            report_part('view', done, total)


# For an image and a category the plans whose results together are the answer.
Answers = dict[tuple[int, int], tuple[Plan, ...]]


class _ViewSearch:
    """Detections of the views of a batch of images, as far as they are searched."""

    def __init__(
        self, shapes: Sequence[tuple[int, int]], detect: Detect, options: SearchOptions, iou_thr: float
    ) -> None:
        self._shapes, self._detect, self._options, self._iou_thr = shapes, detect, options, iou_thr
        self._found: dict[tuple[int, Plan], dict[int, FoundObjects]] = defaultdict(dict)
        self._done = self._total = 0

    def run(self, answers: Answers) -> Iterator[Step]:
        """Search the views that answers need and that have not been searched: views of one side together."""
        todo = defaultdict(list)
        for (image, label), plans in answers.items():
            for plan in plans:
                if label not in self._found[image, plan]:
                    todo[image, plan].append(label)
        self._total += sum(len(plan.tiles) for _, plan in todo)
        parts: dict[tuple[int, Plan], list[FoundObjects]] = defaultdict(list)
        by_side = defaultdict(list)
        for (image, plan), labels in todo.items():
            by_side[plan.side] += [(plan, View(image, tile, plan.side, tuple(labels))) for tile in plan.tiles]
        for views in by_side.values():
            for start in range(0, len(views), self._options.batch_size):
                batch = views[start : start + self._options.batch_size]
                for (plan, view), found in zip(batch, self._detect([view for _, view in batch]), strict=True):
                    parts[view.image, plan].append(self._keep_own(found, view, plan))
                self._done += len(batch)
                yield self._done, self._total
        for (image, plan), results in parts.items():
            merged = self._merge(results, image, plan)
            self._found[image, plan] |= {label: merged[merged.labels == label] for label in todo[image, plan]}

    def _keep_own(self, found: FoundObjects, view: View, plan: Plan) -> FoundObjects:
        """Drop at once what a tile finds that cannot matter for the image, for its memory."""
        if len(plan.tiles) == 1:
            return found
        return keep_own(found, view.tile, plan.tiles, self._shapes[view.image], self._options.score_thr)

    def _merge(self, results: Sequence[FoundObjects], image: int, plan: Plan) -> FoundObjects:
        """Merge tiles by the default threshold, which is the one between pieces."""
        if len(plan.tiles) == 1:
            return results[0]
        return merge_tiles(results, plan.tiles, self._shapes[image], across_labels=not self._options.keep_all)

    def found(self, image: int, labels: Sequence[int], plans: Sequence[Plan]) -> FoundObjects:
        """Detections of an image for categories of the same plans."""
        by_plan = [FoundObjects.cat([self._found[image, plan][label] for label in labels]) for plan in plans]
        return merge_scales(by_plan, self._iou_thr)

    def result(self, image: int, answers: Answers) -> Searched:
        """All detections of an image."""
        labels = defaultdict(list)
        for (of_image, label), plans in answers.items():
            if of_image == image:
                labels[plans].append(label)
        found = FoundObjects.cat([self.found(image, each, plans) for plans, each in labels.items()])
        return Searched(found, tuple(dict.fromkeys(plan for plans in labels for plan in plans)))


def found_size(found: FoundObjects, credible_score: float) -> float | None:
    """Typical size of what a search found.

    Args:
        found: Detections of one category.
        credible_score: What scores less counts for nothing; nor does what scores less than half of the best.

    Returns:
        float | None: Median of the roots of the boxes' areas, in pixels of the image; None if nothing counts.
    """
    counts = found.scores >= max(credible_score, found.scores.max(initial=0) / 2)
    sizes = np.sqrt(np.prod(found.bboxes[counts, 2:] - found.bboxes[counts, :2], axis=1))
    return float(np.median(sizes)) if sizes.any() else None


def merge_scales(results: Sequence[FoundObjects], iou_thr: float) -> FoundObjects:
    """Merge what an image gave at several scales: of what several find, the best stays.

    Greedy NMS between scales for each label; what a scale keeps apart stays apart.

    Args:
        results: For each scale the detections: ``bboxes`` (N, 4) xyxy, ``scores``, ``labels`` and maybe ``masks``, all
            in the frame of the image.
        iou_thr: Boxes that overlap by more than this are of one object.

    Returns:
        FoundObjects: The same columns; of several scales by falling score.
    """
    if len(results) == 1:
        return results[0]
    seen = [
        result.with_columns(seen_by=np.full(len(result), frozenset([number]))) for number, result in enumerate(results)
    ]
    return drop_duplicates(FoundObjects.cat(seen), iou_thr).without_columns('seen_by')
