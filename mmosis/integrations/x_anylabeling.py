"""The routes of a remote server of X-AnyLabeling: like what is boxed on an image, or as stored banks have it."""

from dataclasses import replace
from functools import reduce
from math import isfinite
from numbers import Real
from typing import Any

import cv2
import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mmosis.search import ReferenceBank
from mmosis.search.exports import simplify
from mmosis.search.images import decode_checked
from mmosis.search.service import SearchService
from mmosis.structures import FoundObjects

from .json_route import json_route
from .prompt_search import Prompts, search_bank, search_prompts
from .sent_images import read_data_address

MODEL = 'mmosis'
ASK_NAME = 'AUTOLABEL_OBJECT'  # a label for which X-AnyLabeling asks
ALL_BANKS = '*'  # no bank has this name
EPSILON = 0.001  # by so much of its length a polygon may differ from its mask
# What the tool shows of its own buttons and fields.
WIDGETS = {
    'button_run': None,
    'add_pos_rect': None,
    'add_neg_rect': None,
    'button_run_rect': None,
    'button_clear': None,
    'button_finish_object': None,
    'edit_conf': 0.5,
    'mask_fineness_slider': None,
    'mask_fineness_value_label': None,
    'toggle_preserve_existing_annotations': False,
    'button_classes_filter': None,
}


def x_anylabeling_routes(service: SearchService, max_upload_mb: int) -> list[Route]:
    """Make the routes ``/v1/models`` and ``/v1/predict``; ``/health`` is that of the server.

    Args:
        service: What searches, and keeps banks.
        max_upload_mb: Largest image, in MB.
    """
    server = RemoteServer(service, max_upload_mb * 2**20)
    return [
        Route('/v1/models', server.list_models, methods=['GET']),
        json_route('/v1/predict', server.predict, 2 * server.max_bytes),
    ]


class RemoteServer:
    """Answers to X-AnyLabeling.

    Args:
        service: What searches, and keeps banks.
        max_bytes: Of an image.
    """

    def __init__(self, service: SearchService, max_bytes: int) -> None:
        self.service, self.options, self.max_bytes = service, service.inferencer.options, max_bytes

    def list_models(self, _: Request) -> JSONResponse:
        """List the only model; of several stored banks each is a task of it."""
        banks = {name: bank.names for name, bank in self._banks().items()}
        widgets = WIDGETS | dict(edit_conf=self.options.score_thr)
        model = dict(
            display_name='mmosis',
            widgets=[dict(name=name, value=value) for name, value in widgets.items()],
            params={},
            batch_processing_mode='default',
            classes=list(dict.fromkeys(label for names in banks.values() for label in names)),
        )
        if len(banks) > 1:
            shown = dict(batch_processing_mode='default', active_widgets={name: {} for name in WIDGETS})
            tasks = {ALL_BANKS: 'all banks'} | {name: name for name in banks}
            model['available_tasks'] = [dict(shown, id=task, name=name) for task, name in tasks.items()]
        return JSONResponse(dict(success=True, data={MODEL: model}))

    def predict(self, content: dict) -> dict:
        """Search an image: for what marks show on it, or else for stored banks."""
        params = content.get('params') or {}
        if content.get('model') != MODEL or not isinstance(params, dict) or not isinstance(content.get('image'), str):
            raise ValueError(f'a prediction has the model {MODEL!r}, an image in base64 and params')
        image = decode_checked(
            read_data_address(content['image'], self.max_bytes), 'the image', self.options.max_pixels
        )
        threshold = _number(params, 'conf_threshold', self.options.score_thr)
        options, epsilon = replace(self.options, score_thr=threshold), _number(params, 'epsilon_factor', EPSILON)
        if params.get('marks'):
            found = search_prompts(self.service, image, _read_marks(params['marks']), options)
            names, replaces = [ASK_NAME], False
        else:
            bank = self._choose_bank(params)
            found = search_bank(self.service, image, bank, options)
            names, replaces = bank.names, None  # as its user has set it
        shapes = [shape for row in range(len(found)) for shape in write_shapes(found, row, names, epsilon)]
        return dict(success=True, data=dict(shapes=shapes, description='', replace=replaces))

    def _banks(self) -> dict[str, ReferenceBank]:
        """Stored banks of this model by name."""
        banks = {name: self.service.banks.load(name) for name in self.service.banks.names()}
        fingerprint = self.service.inferencer.fingerprint
        return {name: bank for name, bank in banks.items() if bank.fingerprint == fingerprint}

    def _choose_bank(self, params: dict) -> ReferenceBank:
        """Choose what to search for: categories or banks that a text names, the bank of a task, or all banks."""
        banks = self._banks()
        if not banks:
            raise ValueError('draw a rectangle around an object; without one, stored banks are searched for: --banks')
        task, text = params.get('current_task') or ALL_BANKS, params.get('text_prompt') or ''
        if task != ALL_BANKS and task not in list(banks):
            raise ValueError(f'there is no bank {str(task)[:100]!r}; there are {", ".join(banks)}')
        bank = reduce(ReferenceBank.add, banks.values() if task == ALL_BANKS else [banks[task]])
        words = [word.strip() for word in str(text).replace('.', ',').split(',') if word.strip()]
        named = {label for word in words if word in banks for label in banks[word].names} | set(words)
        kept = params.get('filter_classes')
        allowed = set(map(str, kept)) if isinstance(kept, list) and kept else set(bank.names)
        wanted = (named & allowed) if words else allowed
        if wanted.isdisjoint(bank.names):
            asked = str(text or kept)[:100]
            raise ValueError(f'no stored category is called {asked!r}; there are {", ".join(bank.names)}')
        return bank.select_names(wanted)


def _read_marks(marks: Any) -> Prompts:
    """Read rectangles and points; those of label 0 are on what is not meant."""
    read: dict[tuple[str, bool], list[tuple]] = {
        (type_, positive): [] for type_ in ('rectangle', 'point') for positive in (True, False)
    }
    for mark in marks if isinstance(marks, list) else [None]:
        data = mark.get('data') if isinstance(mark, dict) else None
        size = dict(rectangle=4, point=2).get(str(mark.get('type'))) if isinstance(data, list) else None
        if size is None or len(data) != size or not all(isinstance(value, Real) and isfinite(value) for value in data):
            raise ValueError(f'a mark is a rectangle x1, y1, x2, y2 or a point x, y, got {str(mark)[:100]}')
        if size == 4:
            data = [min(data[::2]), min(data[1::2]), max(data[::2]), max(data[1::2])]
        read[mark['type'], mark.get('label', 1) != 0].append(tuple(map(float, data)))
    boxes, negative_boxes, points, negative_points = read.values()
    if not boxes:
        raise ValueError('draw a rectangle around an object that is meant, with +Rect')
    return Prompts(boxes, negative_boxes, points, negative_points)


def write_shapes(found: FoundObjects, row: int, names: list[str], epsilon: float) -> list[dict]:
    """Describe an object by polygons, of one group if it has several parts."""
    polygons = []
    for polygon in simplify(found.masks[row]):
        length = cv2.arcLength(np.array(polygon, np.float32).reshape(-1, 1, 2), closed=True)
        polygons += simplify([polygon], epsilon * length)
    shared = dict(
        label=names[found.labels[row]],
        shape_type='polygon',
        score=round(float(found.scores[row]), 4),
        group_id=row + 1 if len(polygons) > 1 else None,
    )
    return [dict(shared, points=np.array(polygon).reshape(-1, 2).tolist()) for polygon in polygons]


def _number(params: dict, name: str, default: float) -> float:
    value = params.get(name, default)
    if not isinstance(value, Real) or not 0 <= value <= 1:
        raise ValueError(f'{name} must be a number from 0 to 1, got {str(value)[:50]}')
    return float(value)
