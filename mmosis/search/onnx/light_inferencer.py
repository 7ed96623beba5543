"""LightInferencer: search by example on ONNX Runtime, without torch, MMEngine and MMDetection."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.folders.image_list import list_images
from mmosis.search.folders.output_names import OutputNames, name_outputs
from mmosis.search.images import load_image
from mmosis.search.model_zoo import DEFAULT_MODEL, find_exported
from mmosis.search.options import SearchOptions, refuse_unknown
from mmosis.search.overlay import draw_search, write_image
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.references import ImageInput, ReferenceInput
from mmosis.search.regions import EncodedImage, RegionEmbedding
from mmosis.search.search_result import SearchResult, as_plain
from mmosis.search.view_search import View
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.atomic import write_atomic
from mmosis.utils.install import install_hint
from mmosis.utils.progress import track
from mmosis.utils.published_frame import boxes_out_of_window, have_area

from .exported_model import SPEC, damaged
from .light_pipeline import NetworkInput, check_steps, prepare_image, prepare_reference
from .onnx_detector import OnnxDetector
from .paste import crop_mask

CALL = ('keep_all', 'pred_score_thr', 'out_dir', 'no_save_pred', 'no_save_vis', 'return_vis')
CALL_OF_TORCH = ('batch_size', 'return_datasamples', 'show', 'wait_time', 'draw_pred', 'print_result')


class LightInferencer(SearchBase):
    """The same search, call and results as ``OneShotInferencer``, by an exported model.

    Args:
        model: Name of a model that comes exported (by default ``DEFAULT_MODEL``), or a folder that
            ``tools/deployment/export_onnx.py`` wrote.
        num_threads: Threads of the network; by default one a core.
        show_progress: Whether to show a progress bar.
        options, **changes: As in ``OneShotInferencer``.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If it cannot be used here, or an option has no such value.
    """

    precision, runtime = 'fp32', 'onnx'

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        num_threads: int | None = None,
        show_progress: bool = True,
        options: SearchOptions | None = None,
        **changes: Any,
    ) -> None:
        self.show_progress, self.options = show_progress, replace(options or SearchOptions(), **changes)
        self.detector = OnnxDetector(find_exported(model), num_threads)
        self.spec = self.detector.spec
        self.fingerprint = self.detector.fingerprint
        check_steps(self.spec['pipeline'], self.spec['ref_pipeline'])
        resizes = any(step['type'] == 'Resize' for step in self.spec['pipeline'])
        try:
            self.read_settings(self.spec['search'], resizes)
        except TypeError as error:
            raise damaged(self.detector.folder, f'search in {SPEC}: {error}') from error

    @cached_property
    def regions(self) -> RegionEmbedding:
        return RegionEmbedding.load(self.detector.folder, self.region_size)

    @property
    def nms_iou_thr(self) -> float:
        return self.spec['nms_iou_threshold']

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        references: ReferenceInput | Sequence[ReferenceInput] | ReferenceBank,
        keep_all: bool = False,
        pred_score_thr: float = SearchOptions.score_thr,
        out_dir: str = '',
        no_save_pred: bool = True,
        no_save_vis: bool = False,
        return_vis: bool = False,
        **of_torch: Any,
    ) -> SearchResult:
        """Search images; arguments, results and errors are ``OneShotInferencer``'s.

        Raises:
            TypeError: Also for an argument that needs torch.
        """
        refuse_unknown(of_torch, (*CALL, *CALL_OF_TORCH))
        if of_torch:
            raise TypeError(
                f'{", ".join(of_torch)} cannot be had from the light runtime; they need OneShotInferencer on torch: '
                f'{install_hint("onedl")}'
            )
        options = replace(self.options, score_thr=pred_score_thr, keep_all=keep_all)
        images = list_images(inputs)
        bank = self._as_bank(references, images)
        predictions, pictures = [], []
        names = name_outputs([image for image in images if isinstance(image, str)])
        for number, image in enumerate(track(images, 'Search', disable=not self.show_progress)):
            loaded = load_image(image, options.max_pixels)
            found = self.search_image(loaded, bank, options).found
            found = found[found.scores >= options.score_thr]
            predictions.append(as_plain(found))
            name = names[image] if isinstance(image, str) else OutputNames(f'{number:08}.jpg', f'{number:08}.json')
            if out_dir and not no_save_pred:
                write_atomic(Path(out_dir, 'preds', name.prediction), json.dumps(predictions[-1]))
            if return_vis or (out_dir and not no_save_vis):
                pictures.append(draw_search(loaded[..., ::-1], found, bank.names, bank.wanted_thumbnails()))
            if out_dir and not no_save_vis:
                write_image(Path(out_dir, 'vis', name.image), pictures[-1])
        content = dict(predictions=predictions, visualization=pictures if return_vis else [])
        return SearchResult.of(content, images, bank, options.max_pixels)

    def merge_references(self, bank: ReferenceBank) -> list[tuple[np.ndarray, ...]]:
        rows = [tuple(array[list(category.rows)] for array in bank.encoded) for category in bank.categories]
        return [self.detector.merge_references(each) for each in rows]

    def _search_views(
        self,
        views: Sequence[View],
        images: Sequence[np.ndarray],
        queries: list[tuple[np.ndarray, ...]],
    ) -> list[FoundObjects]:
        return [
            FoundObjects.cat(list(self._detect(view.cut(images), view.side, view.labels, queries))) for view in views
        ]

    def _detect(
        self, image: np.ndarray, side: int | None, labels: Sequence[int], queries: list[tuple[np.ndarray, ...]]
    ) -> Iterator[FoundObjects]:
        """Search an image at one scale for some of the categories, one after the other."""
        given = self._prepare(image, side)
        pyramid = self.detector.encode_images(given.pixels)
        for label in labels:
            found = self.detector.detect(pyramid, queries[label], given.img_shape, given.window)
            found = self._in_image(found, given, image.shape[:2])
            bboxes = found['bboxes']
            columns = dict(bboxes=bboxes, scores=found['scores'], labels=np.full(len(bboxes), label))
            if self.spec['masks'] is not None:
                columns['masks'] = _encode_masks(found['masks'], bboxes, image.shape[:2], self.spec['masks'])
            yield FoundObjects(**columns)

    def _prepare(self, image: np.ndarray, side: int | None) -> NetworkInput:
        return prepare_image(image, self.spec['pipeline'], side, self.spec['image']['pad_size_divisor'])

    def _encode_image(self, image: np.ndarray, side: int | None) -> EncodedImage:
        given = self._prepare(image, side)
        maps = [level[0] for level in self.detector.encode_images(given.pixels)]
        divisor = self.spec['image']['pad_size_divisor']
        height, width = (-(-length // divisor) * divisor for length in given.pixels.shape[2:])
        return EncodedImage(maps, given.img_shape, (height, width))

    def _in_image(
        self, found: dict[str, np.ndarray], given: NetworkInput, img_shape: tuple[int, int]
    ) -> dict[str, np.ndarray]:
        """Turn boxes in the network input into those of the image; what has no whole pixel in a window is dropped."""
        if not self.spec['window']:
            return dict(found, bboxes=found['bboxes'] / np.array(given.scale_factor * 2, np.float32))
        bboxes = boxes_out_of_window(found['bboxes'], given.img_shape, given.window, img_shape)
        kept = have_area(bboxes)
        return {key: values[kept] for key, values in dict(found, bboxes=bboxes).items()}

    def _encode_batch(self, loaded: list[dict]) -> list[np.ndarray]:
        prepared = [prepare_reference(results, self.spec['ref_pipeline']) for results in loaded]
        pixels, masks = (np.concatenate(arrays) for arrays in zip(*prepared, strict=True))
        return list(self.detector.encode_references(pixels, masks))


def _encode_masks(masks: np.ndarray, bboxes: np.ndarray, img_shape: tuple[int, int], rule: dict) -> RLEMasks:
    """Paste and encode masks inside of their boxes; of a large image full ones would take most of a search."""
    parts = (crop_mask(mask, box, img_shape, rule) for mask, box in zip(masks, bboxes, strict=True))
    return RLEMasks.encode_parts(parts, img_shape)
