"""The three steps of a detector as modules of tensors in, tensors out: what becomes a graph."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmosis.models import BinaryMixin, SiameseMixin
from mmosis.structures import EncodedReferences
from mmosis.utils.box_shares import from_shares


def needs_window(model: nn.Module) -> bool:
    """Whether boxes are shares of the network input, in which the picture is centred, until the end."""
    return model.boxes_are_shares


class Features(nn.Module):
    """Normalised pixels (N, 3, H, W) to the pyramid; sides are multiples of the preprocessor's ``pad_size_divisor``."""

    def __init__(self, model: SiameseMixin) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Encode: levels (N, C, H_l, W_l), and what the neck hands on beside them."""
        return self.model.encode_images(pixels)


class References(nn.Module):
    """Pyramids of R references, each for itself, to what the match neck keeps of them."""

    def __init__(self, model: SiameseMixin) -> None:
        super().__init__()
        self.match_neck = model.match_neck

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Encode levels (R, C, h_l, w_l), then masks (R, 1, h, w) in 0-1: tensors (R, ...)."""
        *feats, masks = (tensor.unsqueeze(1) for tensor in tensors)
        return self.match_neck.encode_references(feats, masks).tensors


class Detect(nn.Module):
    """One image's pyramid and one query to detections.

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
            *tensors: The pyramid, each (1, C, H_l, W_l); the query, each (1, ...); ``img_shape`` (2,), height and width
                of the picture within the network input; and ``window`` (4,) xyxy if the model needs it.

        Returns:
            tuple: ``bboxes`` (M, 4) xyxy in the network input, ``scores`` (M,), and maybe ``masks`` (M, h, w), 0 to 1.
        """
        meta = dict()
        if needs_window(self.model):
            *tensors, window = tensors
            meta['window'] = window.unbind()
        *tensors, img_shape = tensors
        meta['img_shape'] = img_shape.float().unbind()
        query = EncodedReferences(tuple(tensors[self.num_feats :]))
        found = self._predict(self.model.match_neck(tensors[: self.num_feats], query), SimpleNamespace(metainfo=meta))
        if needs_window(self.model):
            found.bboxes = torch.stack(from_shares(found.bboxes.unbind(-1), meta['img_shape']), dim=-1)
        return tuple(found[name] for name in self.outputs)

    def _predict(self, matched: tuple[Tensor, ...], sample: SimpleNamespace) -> InstanceData:
        """mmdet's steps in the frame of the network input."""
        if not hasattr(self.model, 'roi_head'):
            return self.model.bbox_head.predict(matched, [sample], rescale=False)[0]
        head, metas = self.model.roi_head, [sample.metainfo]
        proposals = self.model.rpn_head.predict(matched, [sample], rescale=False)
        found = head.predict_bbox(matched, metas, proposals, head.test_cfg, rescale=False)
        if self.has_masks:
            with _masks_as_predicted(head):
                # Past the mixin, which would encode them.
                found = super(BinaryMixin, head).predict_mask(matched, metas, found, rescale=False)
        return found[0]


@contextmanager
def _masks_as_predicted(roi_head: nn.Module) -> Iterator[None]:
    """Keep masks as probabilities at the mask head's resolution, where mmdet would paste them."""
    heads = roi_head.mask_head if isinstance(roi_head.mask_head, nn.ModuleList) else [roi_head.mask_head]

    def predict_by_feat(
        mask_preds: Sequence[Tensor], results_list: list[InstanceData], activate_map: bool = False, **_: object
    ) -> list[InstanceData]:
        for masks, results in zip(mask_preds, results_list, strict=True):
            results.masks = (masks if activate_map else masks.sigmoid())[:, 0]
        return results_list

    with ExitStack() as stack:
        for head in heads:
            stack.enter_context(patch.object(head, 'forward', _with_a_region_more(head.forward)))
        stack.enter_context(patch.object(heads[-1], 'predict_by_feat', predict_by_feat))
        yield


def _with_a_region_more(forward: Callable) -> Callable:
    """Some operators of ONNX Runtime refuse to work on no regions at all: they get an empty one, which is dropped."""
    return lambda regions: forward(torch.cat([regions, regions.new_zeros(1, *regions.shape[1:])]))[:-1]
