"""SiameseMixin: search by reference for any detector of mmdet."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from mmdet.models.utils import samplelist_boxtype2tensor
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmosis.structures import EncodedReferences, RLEMasks

from ..necks import BaseMatchNeck
from .episodes import count_episodes, group_by_pad_shape, repeat_feats, split_by_episode

RefInputs = Tensor | EncodedReferences
Matcher = Callable[[EncodedReferences], Sequence[Tensor]]


class SiameseMixin:
    """Search by example on top of any mmdet detector: ``class SiameseX(SiameseMixin, X)``.

    Three steps, which can be called apart and are the only path there is:

    1. :meth:`encode_images`: pixels to pyramids, by mmdet's backbone and neck;
    2. :meth:`encode_references`: pixels to what the match neck keeps, by the same weights;
    3. :meth:`match_and_detect` (in training: match, then mmdet's loss).

    "The resulting features are then used as a drop-in replacement for the original feature pyramid" (paper, section
    4.3): mmdet's heads get matched features through their own ``loss``, ``predict`` and ``_forward``.

    Args:
        match_neck: Config of the match neck, a :class:`BaseMatchNeck`.
        episodes_per_chunk: Episodes of one image that are detected at a time; it bounds the memory of a test.
        **kwargs: Arguments of the mmdet detector.

    Attributes:
        boxes_are_normalised: Whether boxes are fractions of the network input until the last step, not pixels; the
            image is then centred in its input.

    Raises:
        ValueError: If a chunk would have no episode, or a head needs of references what the match neck does not keep.
        TypeError: If the match neck is none.
    """

    boxes_are_normalised = False

    def __init__(self, *args, match_neck: dict, episodes_per_chunk: int = 8, **kwargs) -> None:
        if episodes_per_chunk < 1:
            raise ValueError(f'episodes_per_chunk must be at least 1, got {episodes_per_chunk}')
        super().__init__(*args, **kwargs)
        self.match_neck = MODELS.build(match_neck)
        self.episodes_per_chunk = episodes_per_chunk
        self._check_match_neck()

    def _check_match_neck(self) -> None:
        """Check the match neck's type, and that it keeps the fields that the heads need."""
        if not isinstance(self.match_neck, BaseMatchNeck):
            raise TypeError(f'a match neck must be a BaseMatchNeck, got {type(self.match_neck).__name__}')
        for name, head in self.named_children():
            for field in getattr(head, 'reference_fields', ()):
                if field not in self.match_neck.fields:
                    raise ValueError(
                        f'{name} ({type(head).__name__}) needs the {field} of references, and '
                        f'{type(self.match_neck).__name__} keeps {", ".join(self.match_neck.fields)} alone; take a '
                        'match neck that keeps it, such as RelationMatchNeck or SemanticMatchNeck(roi_feat_size=7), or '
                        'another head'
                    )

    # ---------------------------------------------------------------- the three steps

    def encode_images(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Encode images (B, 3, H, W): L levels, each (B, C, H_l, W_l)."""
        return tuple(self.extract_feat(inputs))

    def encode_references(self, ref_inputs: RefInputs) -> EncodedReferences:
        """Encode the references of E episodes.

        Args:
            ref_inputs: Pixels (E, K, 3, h, w), or (E, K, 4, h, w) with the objects' masks, 0 to 1, as fourth channel;
                references that are encoded already are returned as they are.

        Returns:
            EncodedReferences: E rows, to be matched now or kept for later.

        Raises:
            ValueError: If pixels come in another shape.
            TypeError: If it is something else.
        """
        if isinstance(ref_inputs, EncodedReferences):
            return ref_inputs
        if not isinstance(ref_inputs, Tensor):
            raise TypeError(
                f'references must be a tensor (E, K, 3, h, w) or EncodedReferences, got {type(ref_inputs).__name__}'
            )
        if ref_inputs.dim() != 5 or 0 in ref_inputs.shape[:2] or ref_inputs.shape[2] not in (3, 4):
            raise ValueError(
                'references must be (E, K, 3, h, w), or with masks (E, K, 4, h, w), with E and K > 0, got '
                f'{tuple(ref_inputs.shape)}'
            )
        shots = ref_inputs.shape[1]
        pixels, masks = ref_inputs[:, :, :3], ref_inputs[:, :, 3:]
        feats = [feat.unflatten(0, (-1, shots)) for feat in self.extract_feat(pixels.flatten(0, 1))]
        return self.match_neck.encode_references(feats, *([masks] if masks.numel() else []))

    def merge_references(self, references: EncodedReferences) -> EncodedReferences:
        """Make one row of several encoded references of a category, as if they had been encoded as its K shots.

        Args:
            references: Encodings of K single references, K rows.

        Returns:
            EncodedReferences: One row.
        """
        return self.match_neck.merge_references(references)

    def match_and_detect(
        self, feats: Sequence[Tensor], references: RefInputs, data_sample: DetDataSample, rescale: bool = True
    ) -> InstanceData:
        """Search one image for E references.

        Args:
            feats: The image's pyramid: L levels, each (1, C, H_l, W_l).
            references: E references, encoded or pixels (E, K, 3, h, w).
            data_sample: The image's meta information, and ``episodes`` if detections are to be labelled.
            rescale: Whether results are in the frame of the original image; else of the network input.

        Returns:
            InstanceData: All episodes' detections: ``bboxes`` (N, 4) xyxy, ``scores`` (N,) in 0-1, ``episode_ids``
            (N,) from 0 to E - 1, ``labels`` (N,), the category of the episode, and ``masks``, run-length encoded, if
            the detector gives masks.

        Raises:
            ValueError: If there is no reference, or not one for each of the sample's episodes.
        """
        labels = self._labels(data_sample, len(references))
        match = self.make_matcher(feats, len(references))
        results = []
        for start in range(0, len(references), self.episodes_per_chunk):
            chunk = self.encode_references(references[start : start + self.episodes_per_chunk])
            samples = [DetDataSample(metainfo=data_sample.metainfo) for _ in range(len(chunk))]
            super().predict(match(chunk), samples, rescale=rescale)
            for instances in (sample.pred_instances for sample in samples):
                if isinstance(instances.get('masks'), Tensor):  # those of our RoI heads are encoded already
                    instances.masks = RLEMasks.encode(instances.masks)
                results.append(instances)
        for episode_id, instances in enumerate(results):
            instances.labels = torch.full_like(instances.labels, labels[episode_id])
            instances.episode_ids = torch.full_like(instances.labels, episode_id)
        return InstanceData.cat(results)

    def make_matcher(self, feats: Sequence[Tensor], num_references: int) -> Matcher:
        """Make the function that matches an image with a chunk of references; it may hold what depends on the image
        alone.

        Args:
            feats: As in :meth:`match_and_detect`.
            num_references: Of all chunks together.
        """
        return partial(self.match_neck, feats)

    def _labels(self, data_sample: DetDataSample, num_episodes: int) -> list[int]:
        if not num_episodes:
            raise ValueError(f'image {data_sample.metainfo.get("img_id")} came without references to search for')
        episodes = data_sample.metainfo.get('episodes')
        if episodes is None:
            return [0] * num_episodes
        if len(episodes) != num_episodes:
            raise ValueError(
                f'image {data_sample.metainfo.get("img_id")} lists {len(episodes)} episodes, but references of '
                f'{num_episodes} came'
            )
        return [episode.label for episode in episodes]

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """The maps of :meth:`encode_images` that are compared with a vector of the reference, for an index of images.

        Returns:
            dict: By the position of the map, which is that of the vector among what is kept of a reference, the layer
            that embeds both for their cosine; None where they are compared as they are.

        Raises:
            ValueError: If the matcher compares no vectors.
        """
        layers = self.match_neck.region_layers()
        if not layers:
            raise ValueError(
                f'{type(self.match_neck).__name__} keeps no vector of a reference by which images could be indexed; '
                'search without an index'
            )
        return layers

    # ---------------------------------------------------------------- mmdet's interface

    def extract_feat(self, batch_inputs: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
        """Encode pixels; a pyramid is returned as it is, since mmdet's steps call this with matched features."""
        return super().extract_feat(batch_inputs) if isinstance(batch_inputs, Tensor) else batch_inputs

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DetDataSample] | None = None,
        mode: str = 'tensor',
        ref_inputs: RefInputs | Sequence[RefInputs] | None = None,
    ) -> dict | list | tuple:
        """Run one of mmdet's modes on matched features.

        Args:
            inputs: (B, 3, H, W), normalised.
            data_samples: B samples; in 'loss' an instance's label is the number of its episode in the image's.
            mode: 'loss', 'predict' or 'tensor', as in mmdet.
            ref_inputs: In 'loss', the references of all images' episodes, image by image: pixels (N, K, 3, h, w) or N
                encoded references. In 'tensor', those of one episode an image. In 'predict', for each image i its E_i
                episodes: pixels (E_i, K, 3, h, w) or encoded references.

        Raises:
            ValueError: If there are no references, or not those of all images, or the mode is unknown.
        """
        if mode not in ('loss', 'predict', 'tensor'):
            raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")
        counts = [count_episodes(sample) for sample in data_samples] if mode == 'loss' else [1] * len(inputs)
        if ref_inputs is None or len(ref_inputs) != sum(counts):
            got = 'none' if ref_inputs is None else f'those of {len(ref_inputs)}'
            things = 'episodes' if mode == 'loss' else 'images'
            raise ValueError(f'references of {sum(counts)} {things} must come as ref_inputs, got {got}')
        if mode == 'predict':
            return self.predict(inputs, data_samples, ref_inputs)
        if mode == 'loss':
            data_samples = [episode for sample in data_samples for episode in split_by_episode(sample)]
        feats = repeat_feats(self.encode_images(inputs), counts)
        matched = self.match_neck(feats, self.encode_references(ref_inputs))
        return super().forward(matched, data_samples, mode)

    def predict(
        self,
        batch_inputs: Tensor,
        batch_data_samples: list[DetDataSample],
        ref_inputs: Sequence[RefInputs],
        rescale: bool = True,
    ) -> list[DetDataSample]:
        """Search every image for its references; an image is encoded once.

        What is found in an image does not depend on the others of its batch, up to rounding: each is encoded at its
        own size, not at that to which the batch was padded.

        Args:
            batch_inputs: (B, 3, H, W), normalised.
            batch_data_samples: B samples.
            ref_inputs: For each image its episodes, as in :meth:`forward`.
            rescale: As in :meth:`match_and_detect`.

        Returns:
            list[DetDataSample]: The samples, each with ``pred_instances`` of all its episodes.

        Raises:
            TypeError: If the references do not come image by image.
        """
        if isinstance(ref_inputs, EncodedReferences):
            raise TypeError(
                "in 'predict' ref_inputs must be a list with the references of each image, got EncodedReferences; "
                'for one image give [references]'
            )
        for (height, width), members in group_by_pad_shape(batch_data_samples, batch_inputs.shape[2:]).items():
            feats = self.encode_images(batch_inputs[members, :, :height, :width])
            for row, i in enumerate(members):
                image_feats = [feat[row : row + 1] for feat in feats]
                sample = batch_data_samples[i]
                sample.pred_instances = self.match_and_detect(image_feats, ref_inputs[i], sample, rescale)
        samplelist_boxtype2tensor(batch_data_samples)
        return batch_data_samples
