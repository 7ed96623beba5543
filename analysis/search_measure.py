"""What a user gets: COCO-format data searched through the inferencer, one reference a category, and judged."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from mmosis.apis.coco_folder import find_coco_folder
from mmosis.evaluation import DataPaths, Dump
from mmosis.evaluation.metrics.one_shot_coco_metric import to_dump
from mmosis.search.base import SearchBase
from mmosis.structures import EpisodeRecord
from mmosis.utils.image import read_image
from mmosis.utils.memory import peak_memory
from mmosis.utils.progress import track
from mmosis.utils.timing import Taken, time_step

from .search_plan import PlannedSearch, plan_searches


@dataclass(frozen=True)
class SearchMeasure:
    """What came out.

    Attributes:
        dump: Episodes and detections; each seed is a run.
        times: Of each search, without reading and encoding of the references.
        num_categories: Categories of each search: all of an image together, or with boxed references one.
        peak_memory: Most memory that the process held up to the last search, bytes.
    """

    dump: Dump
    times: list[Taken]
    num_categories: list[int]
    peak_memory: int


def measure_search(
    inferencer: SearchBase,
    folder: str,
    seeds: Sequence[int] = (0,),
    phase: str = 'all',
    split: int | None = None,
    num_absent: int = 0,
    references: str | None = None,
    boxed: bool = False,
) -> SearchMeasure:
    """Search each image for each category in it, by one box in another image or, if ``boxed``, on it.

    Categories do not compete. Boxed references do not count in the evaluation, see
    :func:`~mmosis.evaluation.leave_out_boxed`.

    Args:
        inferencer: The model, as it searches by default.
        folder, seeds, phase, split, num_absent, references, boxed: As in
            :func:`~analysis.search_plan.plan_searches`; so are the errors.
    """
    searches = plan_searches(folder, seeds, phase, split, num_absent, references, boxed)
    results, times = [], []
    for search in track(searches, 'Search', disable=not inferencer.show_progress):
        result, taken = _search(inferencer, search)
        results.append(result)
        times.append(taken)
    info = dict(
        phase=phase,
        split=split,
        runs=len(seeds),
        seed=list(seeds),
        num_references=1,
        num_absent=num_absent,
        boxed=boxed,
        calibration=inferencer.calibration and asdict(inferencer.calibration),
    )
    return SearchMeasure(to_dump(results, info), times, [len(search.episodes) for search in searches], peak_memory())


def data_paths(folder: str, references: str | None = None) -> DataPaths:
    """Where the searched data are; without images if others give the references, which a report could not show."""
    found = find_coco_folder(folder)
    root = Path(found.root)
    return DataPaths(str(root / found.test_ann), None if references else str(root / found.test_img))


def _search(inferencer: SearchBase, search: PlannedSearch) -> tuple[dict, Taken]:
    """Search an image for all its categories; what was found, as the metric keeps it, and how long it took."""
    image = read_image(search.image.img_path, search.image.img_shape)
    bank = inferencer.encode(search.references(), searched=[image])
    # All scores, which AP counts, and what the network finds, without what a search adds of itself.
    step = partial(inferencer.search_image, image, bank, keep_all=True, add_boxed=False)
    searched, taken = time_step(step)
    found = searched.found
    result: dict = {key: found[key] for key in ('bboxes', 'scores')}
    result['episode_ids'] = found.labels
    result['episodes'] = [EpisodeRecord.from_episode(search.image.img_id, episode) for episode in search.episodes]
    return dict(result, masks=list(found.masks)) if 'masks' in found else result, taken
