"""Dump: the episodes and detections of a test, saved to be evaluated again without the model."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pycocotools.coco import COCO

from mmosis.structures import EpisodeRecord, load_episodes, save_episodes
from mmosis.utils.atomic import open_atomic
from mmosis.utils.json_file import read_json, write_items

from .detections import Detections
from .functional import IOU_TYPES, check_masks, evaluate_runs, has_masks

EPISODES = 'episodes.json'
METRICS = 'metrics.json'


@dataclass(frozen=True)
class Dump:
    """The episodes of a test and what was found in them.

    As a folder: ``episodes.json``, ``predictions_run0.json`` ... in COCO results format, and ``metrics.json``. There
    are no times or paths in them: the same test gives the same bytes.

    Attributes:
        info: What was tested: ``phase``, ``split``, ``seed``, ``num_references``, ``boxed`` and the like.
        episodes: Of all runs.
        runs: The detections of each run, by its number; a replay may have numbers without episodes.
    """

    info: dict
    episodes: list[EpisodeRecord]
    runs: list[Detections]

    @property
    def iou_types(self) -> tuple[str, ...]:
        """IoU types that can be evaluated: boxes alone, or boxes and masks."""
        return IOU_TYPES if any(run.masks for run in self.runs) or not any(map(len, self.runs)) else IOU_TYPES[:1]

    @property
    def boxed(self) -> bool:
        """Whether the references lie on the searched images, and are not counted: see :func:`filter_boxed`."""
        return self.info.get('boxed', False)

    @property
    def run_numbers(self) -> list[int]:
        """Numbers of the runs that have episodes, ascending."""
        return sorted({episode.run for episode in self.episodes})

    def of_run(self, run: int) -> list[EpisodeRecord]:
        """The episodes of a run."""
        return [episode for episode in self.episodes if episode.run == run]

    def save(self, folder: str | Path, metrics: dict[str, dict] | None = None) -> None:
        """Write the folder, with the metrics of :meth:`evaluate` if they are known; older ones are removed."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_episodes(folder / EPISODES, self.info, self.episodes)
        for number, run in enumerate(self.runs):
            with open_atomic(folder / f'predictions_run{number}.json') as file:
                file.write(b'[\n')
                write_items(file, run.results(), ',\n')
                file.write(b'\n]\n')
        (folder / METRICS).unlink(missing_ok=True)
        if metrics is not None:
            write_metrics(folder / METRICS, self.info, metrics)

    @classmethod
    def load(cls, folder: str | Path) -> 'Dump':
        """Load a dump.

        Raises:
            FileNotFoundError: If it has not the files of a dump.
            ValueError: If they are damaged, or belong to different tests.
        """
        info, episodes = load_episodes(Path(folder, EPISODES))
        num_runs = 1 + max(episode.run for episode in episodes)
        runs = [Detections.from_results(_read(Path(folder, f'predictions_run{run}.json'))) for run in range(num_runs)]
        dump = cls(info, episodes, runs)
        dump._check(folder)
        return dump

    def _check(self, folder: str | Path) -> None:
        for number, run in enumerate(self.runs):
            asked = {(e.image_id, e.category_id) for e in self.episodes if e.run == number}
            found = set(zip(run.image_ids.tolist(), run.category_ids.tolist(), strict=True))
            if found - asked:
                image_id, category_id = min(found - asked)
                raise ValueError(
                    f'{folder}: run {number} has detections of category {category_id} in image {image_id}, and '
                    f'{EPISODES} lists no such episode; the files are of different tests'
                )

    def evaluate(self, coco: COCO, iou_types: Sequence[str] | None = None) -> dict[str, dict]:
        """Evaluate all runs, see :func:`evaluate_runs`.

        Args:
            coco: Annotations.
            iou_types: 'bbox', 'segm' or both; by default masks where both detections and annotations have them.

        Raises:
            ValueError: If the annotations are not those of the dump, or have no masks and such are to be judged.
        """
        if iou_types is None:
            iou_types = [each for each in self.iou_types if each != 'segm' or has_masks(coco)]
        elif 'segm' in iou_types:
            check_masks(coco)
        return evaluate_runs(coco, self.episodes, self.runs, iou_types, self.boxed)


def write_metrics(path: str | Path, info: dict, metrics: dict[str, dict]) -> None:
    """Write metrics as JSON; nan, which JSON does not have, becomes null."""
    Path(path).write_text(json.dumps(without_nan(dict(info=info, **metrics)), indent=1) + '\n')


def _read(path: Path) -> list | dict:
    if not path.is_file():
        raise FileNotFoundError(f'{path.parent} is no dump of tools/test.py: {path.name} is missing')
    return read_json(path)


def without_nan(value: object) -> object:
    """Replace nan, which JSON does not have, by None."""
    if isinstance(value, Mapping):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
