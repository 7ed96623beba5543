"""OneShotInferencer: search by example on torch, a ``DetInferencer`` of mmdet."""

from mmosis.compat import prepare

prepare()

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.apis import DetInferencer
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose, pseudo_collate
from mmengine.runner.checkpoint import _load_checkpoint_to_model
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer
from torch import nn

from mmosis.compat.checkpoint import safe_loading
from mmosis.structures import EncodedReferences, FoundObjects
from mmosis.utils.atomic import write_atomic
from mmosis.utils.config_file import read_config
from mmosis.utils.precision import may_use_bfloat16
from mmosis.utils.strict_weights import weights_must_fit

from .base import SearchBase
from .fingerprint import model_fingerprint
from .folders.image_list import list_images
from .folders.output_names import OutputNames, name_outputs
from .hub.hub_model import fetch_model, is_hub_model
from .hub.model_folder import is_model_folder, read_model_config, read_model_weights
from .images import load_image
from .mixed_precision import to_half_precision
from .model_zoo import DEFAULT_MODEL, find_model
from .options import SearchOptions, refuse_unknown
from .overlay import write_image
from .pipeline import SearchPipeline
from .reference_bank import ReferenceBank
from .references import ImageInput, ReferenceInput
from .regions import EncodedImage, RegionEmbedding
from .search_result import SearchResult, as_plain
from .steps import without_loading
from .view_search import View, finish

# What DetInferencer's call takes beside images; the rest is of models that read texts.
_CALL_OF_MMDET = (
    *('pred_score_thr', 'out_dir', 'no_save_pred', 'no_save_vis', 'return_vis'),
    *('return_datasamples', 'show', 'wait_time', 'draw_pred', 'print_result'),
)
PRECISIONS = dict(fp32=torch.float32, bf16=torch.bfloat16)


class OneShotInferencer(SearchBase, DetInferencer):
    """Search by example, beside mmdet's ``DetInferencer``.

    Same call and same result; ``references`` say what to search for::

        inferencer = OneShotInferencer()
        result = inferencer('scene.jpg', references='mug.jpg', out_dir='found')

    An image is encoded once, however many categories are searched for; a reference is encoded once, ever, if
    :meth:`encode` makes a bank of it. Images go through ``model.test_step`` with ``ref_inputs``, as in
    ``tools/test.py``.

    Args:
        model: Name of a model of mmosis (by default ``DEFAULT_MODEL``), a config file or a config, the folder of a
            published model, or ``hf://owner/name@revision`` on the hub.
        weights: Its checkpoint; by default that of the named model.
        device: By default a GPU if there is one.
        scope: As in ``DetInferencer``.
        palette: Colours of the categories, as in ``DetInferencer``.
        show_progress: Whether to show a progress bar.
        precision: 'fp32' or 'bf16'; a device that only emulates bf16, slowly, searches in fp32, and a warning says so.
        channels_last: Whether convolutions work on the channels-last layout; by default on a CPU, which is faster so.
        options: How images are searched; a call has its own threshold and ``keep_all``.
        **changes: Fields of the options that are others, such as ``image_scale=640``.

    Raises:
        ValueError: If the model is unknown, the checkpoint is not one of it, or an option has no such value.
    """

    forward_kwargs: set = {'bank', 'options'}
    runtime = 'torch'

    def __init__(
        self,
        model: str | Config | ConfigDict | dict | None = DEFAULT_MODEL,
        weights: str | None = None,
        device: str | None = None,
        scope: str = 'mmdet',
        palette: str = 'random',
        show_progress: bool = True,
        precision: str = 'fp32',
        channels_last: bool | None = None,
        options: SearchOptions | None = None,
        **changes: Any,
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f'precision must be one of {", ".join(PRECISIONS)}, got {precision!r}')
        self.options = replace(options or SearchOptions(), **changes)
        self._names: dict[str, OutputNames] = {}
        self._drawn_classes: Sequence[str] = ()
        model = fetch_model(model) if is_hub_model(model) else model
        self._published: Path | None = None
        if isinstance(model, str | Path) and is_model_folder(model):
            model = self._read_published(Path(model), weights)
        elif isinstance(model, str) and Path(model).is_file():
            model = read_config(model, needs=['model', 'test_dataloader'])
        with safe_loading():
            super().__init__(model, weights, device, scope, palette, show_progress)
        native = precision == 'bf16' and may_use_bfloat16(self.model.data_preprocessor.device)
        self.precision = 'bf16' if native else 'fp32'
        ref_pipeline = without_loading(self.cfg.test_dataloader.dataset.ref_pipeline)
        self.ref_pipeline = Compose(ref_pipeline)
        self.fingerprint = model_fingerprint(self.model, self.cfg.model, ref_pipeline)
        if native:
            to_half_precision(self.model, PRECISIONS['bf16'])
        if channels_last is None:
            channels_last = self.model.data_preprocessor.device.type == 'cpu'
        if channels_last:
            self.model.to(memory_format=torch.channels_last)

    # ---------------------------------------------------------------- references

    @torch.no_grad()
    def _encode_batch(self, loaded: list[dict]) -> list[np.ndarray]:
        """Encode R references in one pass, each for itself."""
        if any('ref_mask' in results for results in loaded):
            # The reference pipeline takes masks of 0 and 255.
            masks = [results.get('ref_mask') for results in loaded]
            bitmaps = [None if mask is None else BitmapMasks(255 * mask[None], *mask.shape) for mask in masks]
            loaded = [dict(results, gt_masks=bitmap) for results, bitmap in zip(loaded, bitmaps, strict=True)]
        pixels = torch.stack([self.ref_pipeline(results)['ref_inputs'] for results in loaded])
        with self._autocast():
            encoded = self.model.encode_references(self.model.data_preprocessor.prepare_references(pixels[:, None]))
        return [tensor.float().cpu().numpy() for tensor in encoded.tensors]

    # ---------------------------------------------------------------- regions

    @cached_property
    def regions(self) -> RegionEmbedding:
        layers = {level: _as_arrays(layer) for level, layer in self.model.region_layers().items()}
        return RegionEmbedding(layers, self.region_size)

    @torch.no_grad()
    def _encode_image(self, image: np.ndarray, side: int | None) -> EncodedImage:
        data = self.model.data_preprocessor.prepare_images(pseudo_collate([self.pipeline(image, side)]))
        with self._autocast():
            maps = self.model.encode_images(data['inputs'])
        (sample,) = data['data_samples']
        arrays = [level[0].float().cpu().numpy() for level in maps]
        return EncodedImage(arrays, sample.img_shape, tuple(data['inputs'].shape[2:]))

    # ---------------------------------------------------------------- search

    def __call__(
        self,
        inputs: ImageInput | Sequence[ImageInput],
        references: ReferenceInput | Sequence[ReferenceInput] | ReferenceBank,
        batch_size: int = 1,
        keep_all: bool = False,
        pred_score_thr: float = SearchOptions.score_thr,
        **kwargs: Any,
    ) -> SearchResult:
        """Search images.

        Args:
            inputs: A file, a folder, an array (H, W, 3) BGR uint8, a Pillow image, or a list of these.
            references: What to search for, as in :meth:`encode`, or a :class:`ReferenceBank`.
            batch_size: Images that are searched at a time, and views of them that the model takes at a time.
            keep_all: As in :class:`SearchOptions`.
            pred_score_thr: What scores less is in no prediction and in no image, 0-1.
            **kwargs: ``DetInferencer``'s: ``out_dir``, ``no_save_pred``, ``no_save_vis``, ``return_vis``,
                ``return_datasamples``, ``show``, ``print_result`` ...

        Returns:
            SearchResult: A dict of ``predictions``, for each image ``labels``, ``scores`` (0-1), ``bboxes`` (xyxy, in
            pixels of the image) and ``masks`` (COCO RLE), or a ``DetDataSample``; ``visualization``; ``classes``, the
            name of each label.

        Raises:
            FileNotFoundError: If an image or a folder does not exist.
            TypeError: If images or references are of no known form, or a keyword is unknown.
            ValueError: If one cannot be read or used, a bank is of another model, or the threshold is no score.
        """
        refuse_unknown(kwargs, ('batch_size', 'keep_all', *_CALL_OF_MMDET))
        options = replace(self.options, score_thr=pred_score_thr, keep_all=keep_all, batch_size=batch_size)
        images = self._inputs_to_list(inputs)
        bank = self._as_bank(references, images)
        self._drawn_classes = bank.names
        self._names = name_outputs([image for image in images if isinstance(image, str)])
        result = super().__call__(images, batch_size=batch_size, bank=bank, options=options, **kwargs)
        return SearchResult.of(result, images, bank, options.max_pixels)

    def _inputs_to_list(self, inputs: Any) -> list:
        return list_images(inputs)

    def preprocess(self, inputs: list, batch_size: int = 1) -> Iterator[tuple[list, list[dict]]]:
        """Load images.

        Yields:
            tuple: The images of a batch, and each of them as the pipeline loads it.
        """
        for start in range(0, len(inputs), batch_size):
            images = inputs[start : start + batch_size]
            yield images, [self.pipeline.load(image, self.options.max_pixels) for image in images]

    def forward(self, inputs: list[dict], bank: ReferenceBank, options: SearchOptions) -> list[DetDataSample]:
        """Search a batch of loaded images; each sample has what was found as its ``pred_instances``."""
        results = finish(self.search_batch([loaded['img'] for loaded in inputs], bank, options))
        return [
            _as_sample(loaded, each.found[each.found.scores >= options.score_thr], bank)
            for loaded, each in zip(inputs, results, strict=True)
        ]

    def merge_references(self, bank: ReferenceBank) -> EncodedReferences:
        encoded = EncodedReferences.unflatten(map(torch.from_numpy, bank.encoded), self.model.match_neck.fields)
        rows = [encoded[torch.tensor(category.rows)] for category in bank.categories]
        return EncodedReferences.cat([self.model.merge_references(row) for row in rows])

    @torch.no_grad()
    def _search_views(
        self, views: Sequence[View], images: Sequence[np.ndarray], queries: EncodedReferences
    ) -> list[FoundObjects]:
        data = self.pipeline.batch(views, images, queries)
        with self._autocast():
            samples = self.model.test_step(data)
        return [self._read(sample, view.labels) for sample, view in zip(samples, views, strict=True)]

    def _read(self, sample: DetDataSample, labels: Sequence[int]) -> FoundObjects:
        """Detections of a view: labels are categories of the bank, scores the network's."""
        found = sample.pred_instances
        bboxes, scores = (found[name].float().cpu().numpy() for name in ('bboxes', 'scores'))
        masks = dict(masks=found.masks) if 'masks' in found else {}
        labels = np.array(labels)[found.episode_ids.cpu().numpy()]
        return FoundObjects(bboxes=bboxes, scores=scores, labels=labels, **masks)

    @property
    def nms_iou_thr(self) -> float:
        test_cfg = self.model.test_cfg
        return test_cfg.get('rcnn', test_cfg).nms.iou_threshold

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.model.data_preprocessor.device.type, PRECISIONS['bf16'], enabled=self.precision == 'bf16'
        )

    # ---------------------------------------------------------------- output

    def visualize(
        self,
        inputs: list,
        preds: list[DetDataSample],
        return_vis: bool = False,
        no_save_vis: bool = False,
        img_out_dir: str = '',
        **kwargs: Any,
    ) -> list[np.ndarray] | None:
        """Draw as mmdet does, and write to ``vis/``, where images of one name do not overwrite each other.

        All predictions are drawn: they have the threshold already. Arrays are BGR here as everywhere, and mmdet's
        visualizer takes RGB.
        """
        saves = bool(img_out_dir) and not no_save_vis
        pictures = [load_image(image)[..., ::-1] if isinstance(image, np.ndarray) else image for image in inputs]
        first = self.num_visualized_imgs
        drawn = super().visualize(pictures, preds, return_vis=return_vis or saves, **kwargs | dict(pred_score_thr=-1))
        if saves:
            for number, (image, picture) in enumerate(zip(inputs, drawn, strict=True), first):
                name = self._names[image].image if isinstance(image, str) else f'{number:08}.jpg'
                write_image(Path(img_out_dir, 'vis', name), picture)
        return drawn if return_vis else None

    def pred2dict(self, data_sample: DetDataSample, pred_out_dir: str = '') -> dict:
        """Turn a sample into plain values, and write them to ``preds/`` as mmdet does; masks are RLE already."""
        result = as_plain(data_sample.pred_instances)
        if pred_out_dir:
            is_file = 'img_path' in data_sample
            name = self._names[data_sample.img_path].prediction if is_file else f'{self.num_predicted_imgs}.json'
            self.num_predicted_imgs += not is_file
            write_atomic(Path(pred_out_dir, 'preds', name), json.dumps(result))
        return result

    # ---------------------------------------------------------------- set-up

    def _read_published(self, folder: Path, weights: str | None) -> Config:
        if weights is not None:
            raise ValueError(f'{folder} has weights of its own; omit the weights, or give the config itself')
        self._published = folder
        return read_model_config(folder)

    def _load_model_from_metafile(self, model: str) -> tuple[Config, str]:
        """Find a model of mmosis by its name."""
        config, weights = find_model(model)
        return Config.fromfile(config), str(weights)

    def _load_weights_to_model(self, model: nn.Module, checkpoint: dict | None, cfg: Config) -> None:
        """Load weights that fit, all of them; a search has no classes of its own."""
        if self._published is not None:
            checkpoint = dict(state_dict=read_model_weights(self._published))
        if checkpoint is None:
            raise ValueError('there are no weights: give the checkpoint of this config as weights')
        with weights_must_fit('the weights'):
            _load_checkpoint_to_model(model, checkpoint, strict=True)
        model.dataset_meta = dict(classes=(), palette=self.palette)

    def _init_collate(self, cfg: Config) -> Callable:
        """Our samples are dicts; ``DetInferencer`` looks for a function in a registry that does not have it."""
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> None:
        """Nothing yet: see :attr:`visualizer`."""

    @property
    def visualizer(self) -> Visualizer:
        """The config's, without a training's logs, and unknown to MMEngine, whose hooks take the last one made.

        It is made when something is drawn: its matplotlib takes half a second.
        """
        if self._visualizer is None:
            settings = dict(self.cfg.visualizer, vis_backends=None)
            self._visualizer = VISUALIZERS.get(settings.pop('type'))(**settings)
        self._visualizer.dataset_meta = dict(classes=self._drawn_classes, palette=self.palette)
        return self._visualizer

    @visualizer.setter
    def visualizer(self, visualizer: Visualizer | None) -> None:
        self._visualizer = visualizer

    def _init_pipeline(self, cfg: Config) -> SearchPipeline:
        """The config's test pipeline, and its settings for searches."""
        pipeline = SearchPipeline(cfg)
        self.read_settings(cfg.get('search', {}), pipeline.resizes)
        return pipeline


def _as_sample(loaded: dict, found: FoundObjects, bank: ReferenceBank) -> DetDataSample:
    """Detections of an image as an mmdet sample; ``search_references`` are drawn beside it."""
    columns = {name: found[name] for name in found}
    tensors = {name: torch.from_numpy(columns.pop(name)) for name in ('bboxes', 'scores', 'labels')}
    meta = {key: loaded[key] for key in ('img_path', 'img_shape', 'ori_shape') if key in loaded}
    sample = DetDataSample(metainfo=dict(meta, scale_factor=(1.0, 1.0), search_references=bank.wanted_thumbnails()))
    sample.pred_instances = InstanceData(**tensors, **columns)
    return sample


def _as_arrays(layer: nn.Linear | None) -> tuple[np.ndarray, np.ndarray] | None:
    return layer and tuple(tensor.detach().float().cpu().numpy() for tensor in (layer.weight, layer.bias))
