"""Auto-annotation functions for CVAT: a detection function for a stored bank, and an interactor.

``cvat-cli`` takes this module by its name. With ``references`` it labels the images of a task, otherwise it is an
interactor, where one box gives every object of the image::

    cvat-cli task auto-annotate TASK --function-module mmosis.integrations.cvat -p references=str:mugs.safetensors
"""

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from mmosis.search import ReferenceBank, make_inferencer
from mmosis.search.exports import simplify
from mmosis.search.model_zoo import DEFAULT_MODEL
from mmosis.search.service import SearchService
from mmosis.structures import RLEMasks
from mmosis.utils.image import from_pillow
from mmosis.utils.install import install_hint

from .prompt_search import Prompts, search_bank, search_prompts

try:
    import cvat_sdk.auto_annotation as cvataa
    from cvat_sdk import models
    from cvat_sdk.masks import encode_mask
except ImportError as error:
    raise ImportError(f'cvat-sdk is not installed, which needs Python 3.11 or later: {install_hint("cvat")}') from error

TOLERANCE = 1.0  # pixels by which a polygon may differ from its mask


def create(
    references: str | None = None,
    model: str = DEFAULT_MODEL,
    score_thr: float = 0.5,
    polygon_tolerance: float = TOLERANCE,
    **settings: Any,
) -> 'Detector | Interactor':
    """Make the function that CVAT calls.

    Args:
        references: File of a bank. Its categories are found in the labels of the task by their names. Without it the
            function is an interactor.
        model: As :func:`~mmosis.search.make_inferencer` takes it.
        score_thr: Lowest score, where CVAT gives no ``conf_threshold``.
        polygon_tolerance: Pixels by which polygons may differ from masks.
        **settings: Others of :func:`~mmosis.search.make_inferencer`: ``runtime``, ``device``, ``image_scale``...

    Raises:
        FileNotFoundError: If there is no such bank.
        ValueError: If the bank is of another model, or a setting has no such value.
    """
    service = SearchService(make_inferencer(model, score_thr=score_thr, **settings))
    if references is None:
        return Interactor(service)
    return Detector(service, ReferenceBank.load(references), polygon_tolerance)


class Detector:
    """A detection function: the objects of a bank, on each image of a task.

    Args:
        service: What searches.
        bank: What to search for.
        polygon_tolerance: As in :func:`create`.

    Raises:
        ValueError: If the bank is of another model.
    """

    def __init__(self, service: SearchService, bank: ReferenceBank, polygon_tolerance: float = TOLERANCE) -> None:
        service.inferencer.check_bank(bank)
        self.service, self.bank, self.polygon_tolerance = service, bank, polygon_tolerance

    @property
    def spec(self) -> cvataa.DetectionFunctionSpec:
        """The labels: categories of the bank."""
        labels = [cvataa.label_spec(name, number, type='mask') for number, name in enumerate(self.bank.names)]
        return cvataa.DetectionFunctionSpec(labels=labels)

    def detect(self, context: cvataa.DetectionFunctionContext, image: Image.Image) -> list[models.LabeledShapeRequest]:
        """Search an image."""
        options = self.service.inferencer.options
        if context.conf_threshold is not None:
            options = replace(options, score_thr=context.conf_threshold)
        found = search_bank(self.service, as_array(image), self.bank, options)
        if not context.conv_mask_to_poly:
            encoded = [(label, encode_part(found.masks, row)) for row, label in enumerate(found.labels.tolist())]
            return [cvataa.mask(label, points) for label, points in encoded if points]
        # A polygon for each part of an object, as CVAT's own functions give them.
        return [
            cvataa.polygon(label, polygon)
            for label, mask in zip(found.labels.tolist(), found.masks, strict=True)
            for polygon in simplify(mask, self.polygon_tolerance)
        ]


class Interactor:
    """An interaction function: one box, and every object of the image that is like what it shows.

    An object under a negative point is dropped, as is what resembles it and scores less; one under a positive point is
    kept, whatever it scores.

    Args:
        service: What searches.
    """

    spec = cvataa.InteractionFunctionSpec(min_pos_points=0, min_neg_points=0, min_bounding_boxes=1)

    def __init__(self, service: SearchService) -> None:
        self.service = service

    def preprocess_image(self, context: cvataa.InteractionFunctionContext, image: Image.Image) -> np.ndarray:
        """Decode an image, which is kept between two calls on it."""
        return as_array(image)

    def detect(
        self, context: cvataa.InteractionFunctionContext, pp_image: np.ndarray, prompts: cvataa.InteractionPrompts
    ) -> list[cvataa.InteractionResultShape]:
        """Search an image for what the prompts show.

        Raises:
            ValueError: If there is no box, or it cannot be used.
        """
        if prompts.bounding_box is None:
            raise ValueError('draw a box around one of the objects; points alone say too little')
        (x1, y1), (x2, y2) = prompts.bounding_box
        asked = Prompts([(x1, y1, x2, y2)], points=prompts.pos_points, negative_points=prompts.neg_points)
        found = search_prompts(self.service, pp_image, asked, self.service.inferencer.options)
        shapes = []
        for row, score in enumerate(found.scores.tolist()):
            points = encode_part(found.masks, row)
            confidence = models.AttributeValRequest(
                spec_id=int(cvataa.InteractionResultAttributes.CONFIDENCE), value=f'{score:.4f}'
            )
            if points:
                shapes.append(cvataa.InteractionResultShape(type='mask', points=points, attributes=[confidence]))
        return shapes


def as_array(image: Image.Image) -> np.ndarray:
    """Turn an image of Pillow into (H, W, 3) BGR."""
    return np.ascontiguousarray(from_pillow(image)[..., :3])


def encode_part(masks: RLEMasks, row: int) -> list[float]:
    """Encode a mask as CVAT does, without decoding what lies around it; empty if the mask is."""
    part, (x, y) = masks.cut(row)
    if not part.any():
        return []
    *runs, x1, y1, x2, y2 = encode_mask(part)
    return [*runs, x1 + x, y1 + y, x2 + x, y2 + y]
