"""Runs planned searches with an inferencer, and keeps detections and times."""

from dataclasses import asdict, dataclass
from functools import partial

from analysis.step_timing import Taken, peak_memory, time_step
from mmosis.evaluation import Dump
from mmosis.evaluation.metrics.one_shot_coco_metric import to_dump
from mmosis.search.base import SearchBase
from mmosis.structures import EpisodeRecord
from mmosis.utils.image import read_image
from mmosis.utils.progress import track

from .search_plan import PlannedSearch, SearchPlan


@dataclass(frozen=True)
class SearchMeasure:
    """Detections, times and memory of the searches of a plan.

    Attributes:
        dump: Episodes and detections; each seed of the plan is a run.
        times: Of each search, without reading and encoding of the references.
        num_categories: Categories of each search: all of an image together, or with boxed references one.
        peak_memory: Most memory that the process held up to the last search, bytes.
    """

    dump: Dump
    times: list[Taken]
    num_categories: list[int]
    peak_memory: int


def measure_search(inferencer: SearchBase, plan: SearchPlan) -> SearchMeasure:
    """Search as planned, without cross-category NMS, and keep what was found and how long it took.

    Args:
        inferencer: The model, as it searches by default.
        plan: What is searched for. Boxed references do not count in the evaluation, see
            :func:`~mmosis.evaluation.filter_boxed`.
    """
    searches = plan.searches()
    results, times = [], []
    for search in track(searches, 'Search', disable=not inferencer.show_progress):
        result, taken = _search(inferencer, search)
        results.append(result)
        times.append(taken)
    info = dict(plan.info, calibration=inferencer.calibration and asdict(inferencer.calibration))
    return SearchMeasure(to_dump(results, info), times, [len(search.episodes) for search in searches], peak_memory())


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
