"""The routes of a Label Studio ML backend: predictions by what was labelled so far, and interactive ones by a box."""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.routing import Route

from mmosis.search import ReferenceBank
from mmosis.search.images import decode_checked
from mmosis.search.service import SearchService
from mmosis.structures import FoundObjects

from .json_route import json_route
from .label_studio_config import Control, find_control, read_label_config
from .label_studio_regions import DrawnRegion, read_region, write_regions
from .label_studio_teacher import Teacher, as_list, project_id
from .object_masks import with_masks
from .prompt_search import LOWEST_SCORE, Prompts, choose, search_bank, search_prompts
from .sent_images import LabelStudioHost

logger = logging.getLogger(__name__)


def label_studio_routes(service: SearchService, max_upload_mb: int, label_studio: str | None = None) -> list[Route]:
    """Make the routes ``/setup``, ``/predict`` and ``/webhook``; ``/health`` is that of the server.

    Args:
        service: What searches; references of a project are kept in its banks.
        max_upload_mb: Largest image, in MB.
        label_studio: Address of Label Studio, whose images are fetched, with the key of a user there that the
            environment variable ``LABEL_STUDIO_API_KEY`` has.

    Raises:
        ValueError: If the address is none of http or https.
    """
    max_bytes = max_upload_mb * 2**20
    host = LabelStudioHost(label_studio, os.environ.get('LABEL_STUDIO_API_KEY'), max_bytes)
    backend = Backend(service, host)
    return [
        json_route('/setup', backend.setup, max_bytes),
        json_route('/predict', backend.predict, 4 * max_bytes),
        json_route('/webhook', backend.teacher.take, 4 * max_bytes, status=201),
    ]


class Backend:
    """Answers to Label Studio.

    Args:
        service: What searches.
        host: Where images are.
    """

    def __init__(self, service: SearchService, host: LabelStudioHost) -> None:
        self.service, self.options, self.host = service, service.inferencer.options, host
        self.teacher = Teacher(service, self.load_image)

    def load_image(self, data: Any, key: str) -> np.ndarray:
        """Load the image of a task: (H, W, 3) BGR uint8.

        Raises:
            ValueError: If the task has none, or it cannot be fetched or read.
        """
        address = data.get(key) if isinstance(data, dict) else None
        if not isinstance(address, str):
            raise ValueError(f'the data of the task has no {key!r} with the address of an image')
        return decode_checked(self.host.read(address), address[:200], self.options.max_pixels)

    def setup(self, content: dict) -> dict:
        """Check a project's label config, and say which version of the model it has: references make a new one."""
        controls = read_label_config(content.get('schema'))
        bank = self.teacher.bank(project_id(content.get('project')), controls)
        return dict(model_version=self.teacher.version(bank))

    def predict(self, content: dict) -> dict:
        """Predict regions of tasks; of one that cannot be, the answer says why."""
        controls = read_label_config(content.get('label_config'))
        project, tasks = project_id(content.get('project')), as_list(content.get('tasks'))
        if not tasks:
            raise ValueError('there are no tasks')
        params = content.get('params')
        context = params.get('context') if isinstance(params, dict) else None
        drawn = as_list(context.get('result')) if isinstance(context, dict) else []
        bank = self.teacher.bank(project, controls)
        version = self.teacher.version(bank)
        results = [self._try(task, controls, bank, drawn) for task in tasks]
        return dict(results=[dict(result, model_version=version) for result in results])

    def _try(
        self, task: dict, controls: Sequence[Control], bank: ReferenceBank | None, drawn: Sequence[dict]
    ) -> dict[str, Any]:
        """Predict a task; without a ``result`` Label Studio skips it, and its log has the error."""
        try:
            return self._predict(task, controls, bank, drawn)
        except ValueError as error:
            logger.warning('task %s: %s', str(task.get('id'))[:20], error)
            return dict(error=str(error)) | (dict(result=[]) if drawn else {})

    def _predict(
        self, task: dict, controls: Sequence[Control], bank: ReferenceBank | None, drawn: Sequence[dict]
    ) -> dict[str, Any]:
        if bank is None and not drawn:
            return dict(result=[], score=0.0)
        image = self.load_image(task.get('data'), controls[0].data_key)
        regions = [region for region in (read_region(each, image.shape[:2]) for each in drawn) if region is not None]
        if regions:
            label = regions[0].label
            found, names = self._search_drawn(image, regions, controls, bank), [label]
        elif bank is None:
            raise ValueError('what is drawn has no label of the project; choose one, then draw a box')
        else:
            found, names = self._search_bank(image, bank, controls), bank.names
        written = [
            region
            for row, label in enumerate(found.labels.tolist())
            for region in write_regions(found, row, names[label], find_control(controls, names[label]))
        ]
        return dict(result=written, score=round(float(found.scores.mean()), 4) if len(found) else 0.0)

    def _search_bank(self, image: np.ndarray, bank: ReferenceBank, controls: Sequence[Control]) -> FoundObjects:
        """Search an image for a bank; each label has its own threshold."""
        thresholds = np.array([self._threshold(controls, name) for name in bank.names])
        options = replace(self.options, score_thr=float(thresholds.min()))
        found = search_bank(self.service, image, bank, options)
        return found[found.scores >= thresholds[found.labels]]

    def _search_drawn(
        self,
        image: np.ndarray,
        regions: Sequence[DrawnRegion],
        controls: Sequence[Control],
        bank: ReferenceBank | None,
    ) -> FoundObjects:
        """Search an image for what is drawn on it: like what boxes show; by points alone, what the bank knows."""
        label = regions[0].label
        if find_control(controls, label) is None:
            raise ValueError(f'no tag that mmosis draws has the label {label[:50]!r}')
        prompts = Prompts(
            [region.box for region in regions if region.point is None and region.positive],
            [region.box for region in regions if region.point is None and not region.positive],
            [region.point for region in regions if region.point is not None and region.positive],
            [region.point for region in regions if region.point is not None and not region.positive],
            label,
        )
        options = replace(self.options, score_thr=self._threshold(controls, label))
        if prompts.boxes:
            return search_prompts(self.service, image, prompts, options)
        if bank is None or label not in bank.names:
            raise ValueError(f'draw a box around a {label[:50]}: points alone choose among what was labelled before')
        lowered = replace(options, score_thr=LOWEST_SCORE)
        found = self.service.search_now(image, bank.select_names([label]), lowered).found
        return choose(with_masks(found, image.shape[:2]), prompts, options.score_thr)[0]

    def _threshold(self, controls: Sequence[Control], label: str) -> float:
        control = find_control(controls, label)
        return self.options.score_thr if control is None or control.score_thr is None else control.score_thr
