"""The three steps of a detector as modules of tensors in, tensors out: what becomes a graph."""

import torch
from torch import Tensor, nn

from mmosis.models import SiameseMixin
from mmosis.structures import EncodedReferences
from mmosis.utils.published_frame import from_fractions

from .detection import classify, detect_densely, propose, segment


def needs_window(model: nn.Module) -> bool:
    """Whether boxes are fractions of the network input, in which the image is centred, until the end."""
    return model.boxes_are_normalised


class Features(nn.Module):
    """Normalised pixels (N, 3, H, W) to the pyramid; sides are multiples of the preprocessor's ``pad_size_divisor``."""

    def __init__(self, model: SiameseMixin) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Encode: levels (N, C, H_l, W_l), and what the neck outputs beside them."""
        return self.model.encode_images(pixels)


class References(nn.Module):
    """Pyramids of R references, each for itself, to what the match neck keeps of them."""

    def __init__(self, model: SiameseMixin) -> None:
        super().__init__()
        self.match_neck = model.match_neck

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Encode levels (R, C, h_l, w_l), then masks (R, 1, h, w) in 0-1: tensors (R, ...)."""
        return self.encode(*tensors).tensors

    def encode(self, *tensors: Tensor) -> EncodedReferences:
        """Encode as :meth:`forward` does, and keep the tensors' names."""
        *feats, masks = (tensor.unsqueeze(1) for tensor in tensors)
        return self.match_neck.encode_references(feats, masks)


class Detect(nn.Module):
    """One image's pyramid and one encoded reference to detections.

    Args:
        model: The detector.
        num_feats: Tensors of a pyramid.
    """

    def __init__(self, model: SiameseMixin, num_feats: int) -> None:
        super().__init__()
        self.model, self.num_feats = model, num_feats

    @property
    def has_masks(self) -> bool:
        """Whether the model gives masks."""
        return hasattr(self.model, 'roi_head') and self.model.roi_head.with_mask

    @property
    def outputs(self) -> list[str]:
        """Names of the results."""
        return ['bboxes', 'scores', *(['masks'] if self.has_masks else [])]

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Detect.

        Args:
            *tensors: The pyramid, each (1, C, H_l, W_l); the reference, each (1, ...); ``img_shape`` (2,), height and
                width of the image within the network input; and ``window`` (4,) xyxy if the model needs it.

        Returns:
            tuple: ``bboxes`` (M, 4) xyxy in the network input, ``scores`` (M,), and maybe ``masks`` (M, h, w), 0 to 1.
        """
        meta = dict()
        if needs_window(self.model):
            *tensors, window = tensors
            meta['window'] = window.unbind()
        *tensors, img_shape = tensors
        meta['img_shape'] = img_shape.float().unbind()
        meta['border'] = (1, 1) if needs_window(self.model) else meta['img_shape']
        reference = EncodedReferences.unflatten(tensors[self.num_feats :], self.model.match_neck.fields)
        boxes, *rest = self._detect(self.model.match_neck(tensors[: self.num_feats], reference), meta)
        if needs_window(self.model):
            boxes = torch.stack(from_fractions(boxes.unbind(-1), meta['img_shape']), dim=-1)
        return boxes, *rest

    def _detect(self, matched: tuple[Tensor, ...], meta: dict) -> tuple[Tensor, ...]:
        """Detect in the unit of the model's boxes."""
        if not hasattr(self.model, 'roi_head'):
            return detect_densely(self.model.bbox_head, matched, meta)
        proposals = propose(self.model.rpn_head, matched, meta)
        boxes, scores = classify(self.model.roi_head, matched, proposals, meta)
        if not self.has_masks:
            return boxes, scores
        return boxes, scores, segment(self.model.roi_head, matched, boxes)
