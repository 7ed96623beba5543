"""The file of a reference bank: read as data, and bounded by its headers before anything is decoded."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from mmosis.utils.image import decode_image

from .first_format import count_kept
from .references import THUMBNAIL_SIZE

FORMATS = ('mmosis reference bank 1', 'mmosis reference bank 2')  # the last one is written
MAX_HEADER = 2**24  # bytes
MAX_REFERENCES = 10_000
MAX_ROW = 2**24  # bytes that a model keeps of a reference
MAX_OUTLINE = 2**20  # characters of a mask's run lengths
MAX_VALUE = 1e6  # of an encoding, either sign; a feature is never so large, and what comes of it would overflow
PNG_START = b'\x89PNG\r\n\x1a\n'


class BankFile(NamedTuple):
    """Content of the file.

    Attributes:
        references: The description of each reference, as JSON has it, with its ``outline`` if it has one; not checked.
        thumbnails: Image of each, (h, w, 3) uint8 RGB.
        encoded: Arrays of one row a reference, float32.
        fingerprint: Of the model.
    """

    references: list
    thumbnails: list[np.ndarray]
    encoded: list[np.ndarray]
    fingerprint: str

    def to_bytes(self) -> bytes:
        """Make the content of the file."""
        tensors = {f'encoded.{i}': np.ascontiguousarray(array) for i, array in enumerate(self.encoded)}
        for row, thumbnail in enumerate(self.thumbnails):
            _, png = cv2.imencode('.png', thumbnail[..., ::-1])
            tensors[f'thumbnail.{row}'] = png.ravel()
        for row, outline in enumerate(reference.get('outline') for reference in self.references):
            if outline is not None:  # it may be too long for the header
                tensors[f'outline.{row}'] = np.frombuffer(outline.encode(), np.uint8)
        references = [{key: value for key, value in entry.items() if key != 'outline'} for entry in self.references]
        metadata = dict(format=FORMATS[-1], fingerprint=self.fingerprint, references=json.dumps(references))
        return save(tensors, metadata)

    @classmethod
    def read(cls, path: str | Path) -> 'BankFile':
        """Read a file.

        Raises:
            SafetensorError: If it is no safetensors file.
            ValueError: If a part is missing, of another type, or larger than that of any bank.
        """
        _check_header_size(path)
        with safe_open(path, 'np') as file:
            metadata = file.metadata() or {}
            references, fingerprint = _read_metadata(metadata)
            levels = sum(key.startswith('encoded.') for key in file.keys())  # noqa: SIM118
            thumbnails = [f'thumbnail.{row}' for row in range(len(references))]
            encoded = [f'encoded.{level}' for level in range(levels)]
            outlines = {row: key for row in range(len(references)) if (key := f'outline.{row}') in file.keys()}  # noqa: SIM118
            _check_tensors(file, thumbnails, encoded, list(outlines.values()))
            if encoded and metadata['format'] == FORMATS[0]:
                encoded = encoded[: count_kept([file.get_slice(key).get_shape()[1:] for key in encoded])]
            for row, key in outlines.items():
                references[row] = dict(references[row], outline=file.get_tensor(key).tobytes().decode('latin-1'))
            arrays = [file.get_tensor(key) for key in encoded]
            if not all((np.abs(array) <= MAX_VALUE).all() for array in arrays):  # false of NaN
                raise ValueError(f'its encodings are not finite numbers up to {MAX_VALUE:g}')
            decoded = [_read_thumbnail(file.get_tensor(key)) for key in thumbnails]
            return cls(references, decoded, arrays, fingerprint)


def _check_header_size(path: str | Path) -> None:
    with Path(path).open('rb') as file:
        start = file.read(8)
    if len(start) == 8 and struct.unpack('<Q', start)[0] > MAX_HEADER:
        raise ValueError(f'its header has {struct.unpack("<Q", start)[0]} bytes, that of a bank at most {MAX_HEADER}')


def _read_metadata(metadata: dict[str, str]) -> tuple[list, str]:
    """Read the descriptions of the references, and the fingerprint."""
    if metadata.get('format') not in FORMATS:
        raise ValueError(f'its format is {metadata.get("format")!r}, not one of {", ".join(map(repr, FORMATS))}')
    missing = {'references', 'fingerprint'} - set(metadata)
    if missing:
        raise ValueError(f'it has no {", ".join(sorted(missing))}')
    references = json.loads(metadata['references'])
    if not isinstance(references, list):
        raise ValueError(f'its references are no list, but {type(references).__name__}')
    if len(references) > MAX_REFERENCES:
        raise ValueError(f'it lists {len(references)} references; a bank has at most {MAX_REFERENCES}')
    return references, metadata['fingerprint']


def _check_tensors(file: Any, thumbnails: Sequence[str], encoded: Sequence[str], outlines: Sequence[str]) -> None:
    """Check number, types and sizes of the tensors, none of which is read yet."""
    keys = set(file.keys()) - set(outlines)
    if len(keys) != len(thumbnails) + len(encoded):
        raise ValueError(f'it has {len(keys) - len(encoded)} thumbnails of {len(thumbnails)} references')
    missing = sorted({*thumbnails, *encoded} - keys)
    if missing:
        raise ValueError(f'it has no {missing[0]}')
    found = {key: file.get_slice(key) for key in keys}
    for key in thumbnails:
        if found[key].get_dtype() != 'U8' or len(found[key].get_shape()) != 1:
            raise ValueError(f'{key} is no image, but {found[key].get_dtype()} {found[key].get_shape()}')
    for key in outlines:
        dtype, shape = file.get_slice(key).get_dtype(), file.get_slice(key).get_shape()
        if dtype != 'U8' or len(shape) != 1 or shape[0] > MAX_OUTLINE:
            raise ValueError(
                f'{key} is no text of run lengths of at most {MAX_OUTLINE} characters, but {dtype} {shape}'
            )
    for key in encoded:
        if found[key].get_dtype() != 'F32' or len(found[key].get_shape()) < 2:
            raise ValueError(f'{key} is no float32 of a row a reference, but {found[key].get_dtype()}')
    size = 4 * sum(int(np.prod(found[key].get_shape(), dtype=object)) for key in encoded)
    if size > MAX_ROW * len(thumbnails):
        raise ValueError(f'its encodings have {size} bytes; a reference has at most {MAX_ROW}')


def _read_thumbnail(data: np.ndarray) -> np.ndarray:
    """Decode a PNG; its header says how large the image will be."""
    content = data.tobytes()
    if not content.startswith(PNG_START) or content[12:16] != b'IHDR' or len(content) < 24:
        raise ValueError('a thumbnail is no PNG')
    width, height = struct.unpack('>II', content[16:24])
    if max(width, height) > THUMBNAIL_SIZE:
        raise ValueError(f'a thumbnail has {width}x{height} pixels; it has at most {THUMBNAIL_SIZE} a side')
    return decode_image(content, 'a thumbnail')[..., ::-1].copy()
