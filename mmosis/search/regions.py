"""RegionEmbedding: vectors of an image's regions and of references, which an index compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from mmosis.utils.atomic import write_atomic

from .onnx.exported_model import damaged

FILE = 'regions.safetensors'  # of an exported model
EPS = 1e-12
Layer = tuple[np.ndarray, np.ndarray]  # weight (D, C) and bias (D,)


class EncodedImage(NamedTuple):
    """An image as the network encodes it.

    Attributes:
        maps: Its pyramid, each (C_l, H_l, W_l).
        img_shape: (h, w) of the image in the network's input, without padding at its right and bottom.
        input_shape: (h, w) of the network's input.
    """

    maps: Sequence[np.ndarray]
    img_shape: tuple[int, int]
    input_shape: tuple[int, int]


@dataclass(frozen=True)
class RegionEmbedding:
    """Embedding of a model's maps as vectors of regions.

    A region is a square cell of the network's input. What the matcher compares with a vector of the reference, the
    mean of each of its maps over the cell, is embedded as the matcher does it, as a unit vector; those of all maps lie
    side by side. So the product of a region's vector and a reference's is the mean of the cosines that the matcher
    sees.

    Attributes:
        layers: For each compared map, by its position in the pyramid, the layer that embeds it; None leaves it as it
            is. What is kept of a reference has its vector at the same position.
        size: Side of a region, in pixels of the network's input.
    """

    layers: Mapping[int, Layer | None]
    size: int

    def embed_regions(self, image: EncodedImage) -> np.ndarray:
        """Embed the regions of one image.

        Returns:
            np.ndarray: (N, D) float32, unit vectors.
        """
        means = []
        for level in self.layers:
            rows, columns = (
                _averaging(length, whole, number, self.size)
                for length, whole, number in zip(
                    image.img_shape, image.input_shape, image.maps[level].shape[1:], strict=True
                )
            )
            averaged = rows @ image.maps[level].astype(np.float32) @ columns.T
            means.append(averaged.reshape(len(averaged), -1).T)
        return self._embed(means)

    def embed_references(self, encoded: Sequence[np.ndarray]) -> np.ndarray:
        """Embed encoded references: arrays of R rows, those at the positions of ``layers`` (R, C_l).

        Returns:
            np.ndarray: (R, D) float32, unit vectors.
        """
        return self._embed([encoded[level].astype(np.float32) for level in self.layers])

    def _embed(self, vectors: Sequence[np.ndarray]) -> np.ndarray:
        units = []
        for layer, rows in zip(self.layers.values(), vectors, strict=True):
            embedded = rows if layer is None else rows @ layer[0].T + layer[1]
            units.append(embedded / np.linalg.norm(embedded, axis=1, keepdims=True).clip(min=EPS))
        return np.concatenate(units, axis=1) / np.float32(len(units) ** 0.5)

    # ---------------------------------------------------------------- files

    def save(self, folder: str | Path) -> None:
        """Write the layers beside an exported model; the size is a setting of its config."""
        tensors = {}
        for level, layer in self.layers.items():
            weight, bias = layer or (np.zeros((0, 0)), np.zeros(0))
            tensors |= {f'weight.{level}': weight.astype(np.float16), f'bias.{level}': bias.astype(np.float16)}
        write_atomic(Path(folder, FILE), save(tensors))

    @classmethod
    def load(cls, folder: str | Path, size: int) -> 'RegionEmbedding':
        """Read what :meth:`save` wrote.

        Raises:
            DamagedError: If the file is broken.
            ValueError: If the exported model has none.
        """
        path = Path(folder, FILE)
        if not path.is_file():
            raise ValueError(
                f'{folder} has no {FILE}, by which images are indexed: it was exported by an older version, or its '
                'matcher keeps no vectors; export it again, or index with torch (--runtime torch)'
            )
        try:
            return cls(_read_layers(path), size)
        except (SafetensorError, KeyError, ValueError, TypeError) as error:
            raise damaged(Path(folder), f'{FILE}: {error}') from error


def _read_layers(path: Path) -> dict[int, Layer | None]:
    tensors = {key: tensor.astype(np.float32) for key, tensor in load_file(path).items()}
    layers = {}
    for level in sorted(int(key.removeprefix('weight.')) for key in tensors if key.startswith('weight.')):
        weight, bias = tensors[f'weight.{level}'], tensors[f'bias.{level}']
        if weight.ndim != 2 or bias.shape != weight.shape[:1] or not np.isfinite(weight).all():
            raise ValueError(f'layer {level} is of shapes {weight.shape} and {bias.shape}, or not finite')
        layers[level] = (weight, bias) if weight.size else None
    return layers


def _averaging(length: int, whole: int, number: int, size: int) -> np.ndarray:
    """Weights (cells, number) by which positions along an axis are averaged to cells.

    Args:
        length: Pixels of the image.
        whole: Pixels of the network's input.
        number: Positions of the map on it.
        size: Pixels of a cell; the last one may be cut off by the image's end.
    """
    edges = np.linspace(0, whole, number + 1)
    starts = np.arange(0, length, size)[:, None]
    ends = np.minimum(starts + size, length)
    shared = (np.minimum(ends, edges[1:]) - np.maximum(starts, edges[:-1])).clip(min=0)
    return (shared / shared.sum(axis=1, keepdims=True)).astype(np.float32)
