"""CropStore: the references of an annotation file as small pictures in one file."""

import json
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np

from .image import decode_image
from .json_file import read_json
from .packed import IdIndex, id_array

VERSION = 1
SETTINGS, INDEX, CROPS = 'store.json', 'index.npy', 'crops.bin'
FIELDS = {'ann_file', 'margin', 'mark_box', 'max_size', 'sizes'}
PLACE = [('start', '<i8'), ('size', '<i8'), ('bbox', '<f8', 4)]
TOOL = 'tools/dataset_converters/make_crop_store.py'


class CropStore:
    """Crops by annotation id, memory-mapped, so that processes share what they read.

    A folder with ``store.json``, how it was made; ``index.npy``, an entry for each crop, image by image; and
    ``crops.bin``, their PNG files one after the other. ``store.json`` is written last: where it is, the store is whole.

    Args:
        folder: The folder.

    Attributes:
        margin, mark_box: As in :class:`~mmosis.datasets.CropReference`, with which the crops were cut.
        max_size: Crops whose longer side is above it were reduced to it, in pixels.

    Raises:
        FileNotFoundError: If there is no store, or one that is not finished.
        ValueError: If it is of another version, or its files are torn.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        path = self.folder / SETTINGS
        if not path.is_file():
            raise FileNotFoundError(f'there is no finished store of crops in {folder}; {TOOL} makes one, and goes on')
        settings = read_json(path)
        if not isinstance(settings, dict) or settings.get('version') != VERSION or FIELDS - settings.keys():
            raise ValueError(f'{path} must be of a store of crops of version {VERSION}; make it anew with {TOOL}')
        self._settings = settings
        self.margin: float = settings['margin']
        self.mark_box: bool = settings['mark_box']
        self.max_size: int = settings['max_size']
        self._check_sizes()
        self._index = np.load(self.folder / INDEX, mmap_mode='r', allow_pickle=False)
        self._positions = IdIndex(self._index['ann_id'])
        self._crops = np.memmap(self.folder / CROPS, np.uint8, 'r')

    def __reduce__(self) -> tuple:
        """Open it again where it is unpickled: a memory map would be pickled whole."""
        return type(self), (self.folder,)

    def _check_sizes(self) -> None:
        for name, size in self._settings['sizes'].items():
            path = self.folder / name
            found = path.stat().st_size if path.is_file() else 'no such file'
            if found != size:
                raise ValueError(
                    f'{path} must have {size} bytes, got {found}; the store is torn: remove it, make it anew by {TOOL}'
                )

    def __len__(self) -> int:
        return len(self._index)

    @property
    def size(self) -> int:
        """Bytes of all crops."""
        return len(self._crops)

    def check(self, ann_file: str | Path) -> None:
        """Check that the store was made from an annotation file.

        Raises:
            ValueError: If it was made from another one.
        """
        if digest_file(ann_file) != self._settings['ann_file']:
            raise ValueError(
                f'{self.folder} holds crops of another annotation file than {ann_file}, or of an older state of it; '
                f'make a store of this one by {TOOL}'
            )

    def read(self, ann_id: int | str, bbox: np.ndarray) -> np.ndarray:
        """Read a crop.

        Args:
            ann_id: The annotation.
            bbox: Its box, xyxy, which must be that of the store.

        Returns:
            np.ndarray: (h, w, 3) uint8, BGR.

        Raises:
            ValueError: If it is not in the store, or the store has another box of it, or it cannot be decoded.
        """
        as_text = self._index['ann_id'].dtype.kind == 'U'
        position = self._positions.find(str(ann_id) if as_text else ann_id)
        if position < 0:
            raise ValueError(
                f'{self.folder} has no crop of annotation {ann_id}; it has those that the reference_sampler of the '
                f'config could draw that it was made with; make it by {TOOL} with this one'
            )
        entry = self._index[position]
        if not np.array_equal(entry['bbox'], bbox):
            raise ValueError(
                f'{self.folder} has annotation {ann_id} with the box {entry["bbox"].tolist()}, got '
                f'{np.asarray(bbox).tolist()}; it was made from other annotations'
            )
        content = self._crops[entry['start'] : entry['start'] + entry['size']]
        return decode_image(content.tobytes(), f'annotation {ann_id} in {self.folder / CROPS}')


def entry_type(ann_ids: Sequence[int | str]) -> np.dtype:
    """What the index of a store says of a crop: its annotation, as text where numbers of 64 bits cannot tell."""
    keys = id_array(ann_ids)
    return np.dtype([('ann_id', keys.astype(str).dtype if keys.dtype == object else keys.dtype), *PLACE])


def encode_crop(crop: np.ndarray) -> bytes:
    """Encode a crop (h, w, 3) without loss."""
    _, encoded = cv2.imencode('.png', crop)
    return encoded.tobytes()


def digest_file(path: str | Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = sha256()
    with Path(path).open('rb') as file:
        for block in iter(partial(file.read, 2**20), b''):
            digest.update(block)
    return digest.hexdigest()


def dump_settings(settings: dict) -> str:
    """The text of ``store.json``."""
    return json.dumps(dict(version=VERSION, **settings), indent=2)
