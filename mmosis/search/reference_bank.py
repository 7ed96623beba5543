"""ReferenceBank: references that are encoded once and kept."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mmosis.utils.atomic import write_atomic
from mmosis.utils.image import decode_image

from .references import SearchReference

FORMAT = 'mmosis reference bank 1'


@dataclass(frozen=True)
class BankEntry:
    """What is told of one reference.

    Attributes:
        name: Its category.
        negative: Whether it shows what is not meant.
        origin: Where it is from, for people.
        box_size: (w, h) of its box, px; None where it is not known.
        picture_size: (w, h) of the picture that the box is on, px; alike.
    """

    name: str
    negative: bool
    origin: str
    box_size: tuple[float, float] | None = None
    picture_size: tuple[float, float] | None = None

    @classmethod
    def of(cls, reference: SearchReference, results: dict) -> 'BankEntry':
        """Tell of a reference, with what it loaded for the reference pipeline."""
        x1, y1, x2, y2 = results['ref_bbox']
        height, width = results['img_shape']
        sizes = ((float(x2 - x1), float(y2 - y1)), (float(width), float(height)))
        return cls(reference.name, reference.negative, reference.origin, *sizes)


class BankCategory(NamedTuple):
    """The references of one category.

    Attributes:
        name: Its name.
        negative: Whether it is what is not meant.
        rows: Which references of the bank.
    """

    name: str
    negative: bool
    rows: tuple[int, ...]


class ReferenceBank:
    """Encoded references with names, thumbnails and origin; ``OneShotInferencer.encode`` makes one.

    A bank is not changed: what adds or removes gives a new one. It fits the model that encoded it and no other, which
    its fingerprint tells.

    Args:
        entries: What is told of each of the R references.
        thumbnails: Picture of each, (h, w, 3) uint8 RGB.
        encoded: Their encodings: any number of arrays, each of R rows, float32. What they mean is the model's business.
        fingerprint: Of the model.

    Raises:
        ValueError: If the numbers differ, or there is none of what is wanted.
    """

    def __init__(
        self,
        entries: Sequence[BankEntry],
        thumbnails: Sequence[np.ndarray],
        encoded: Sequence[np.ndarray],
        fingerprint: str,
    ) -> None:
        rows = sorted({len(array) for array in encoded})
        if not entries or len(thumbnails) != len(entries) or rows != [len(entries)]:
            raise ValueError(
                f'a bank has an entry, a thumbnail and an encoding of each reference, got {len(entries)}, '
                f'{len(thumbnails)} and {", ".join(map(str, rows)) or "none"}'
            )
        if all(entry.negative for entry in entries):
            raise ValueError('all references of a bank are negative; it takes at least one of what to search for')
        self.entries = list(entries)
        self.thumbnails = list(thumbnails)
        self.encoded = tuple(encoded)
        self.fingerprint = fingerprint

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def categories(self) -> list[BankCategory]:
        """The categories in the order in which they came, the wanted ones first; a label is a position here."""
        rows: dict[tuple[bool, str], list[int]] = {}
        for row, entry in enumerate(self.entries):
            rows.setdefault((entry.negative, entry.name), []).append(row)
        found = [BankCategory(name, negative, tuple(members)) for (negative, name), members in rows.items()]
        return sorted(found, key=lambda category: category.negative)

    @property
    def names(self) -> list[str]:
        """Names of the wanted categories; a label is a position here."""
        return [category.name for category in self.categories if not category.negative]

    def pictures(self) -> list[tuple[int, np.ndarray]]:
        """Label and thumbnail of each wanted reference."""
        wanted = self.categories[: len(self.names)]
        return [(label, self.thumbnails[row]) for label, category in enumerate(wanted) for row in category.rows]

    def sizes(self) -> list[list[tuple]]:
        """What is known of each category's references: (w, h) of box and of picture, or None."""
        return [
            [(self.entries[row].box_size, self.entries[row].picture_size) for row in category.rows]
            for category in self.categories
        ]

    def add(self, other: 'ReferenceBank') -> 'ReferenceBank':
        """Join another bank; references of a name that both have become one category.

        Raises:
            ValueError: If the other is of another model.
        """
        self.check_fingerprint(other.fingerprint)
        encoded = [np.concatenate(arrays) for arrays in zip(self.encoded, other.encoded, strict=True)]
        thumbnails = [*self.thumbnails, *other.thumbnails]
        return ReferenceBank([*self.entries, *other.entries], thumbnails, encoded, self.fingerprint)

    def merge(self, other: 'ReferenceBank') -> 'ReferenceBank':
        """Join another bank of other categories.

        Raises:
            ValueError: If both have a category of one name, or the other is of another model.
        """
        common = sorted({entry.name for entry in self.entries} & {entry.name for entry in other.entries})
        if common:
            raise ValueError(
                f'both banks have a category {", ".join(map(repr, common))}; remove it from one of them, or use add() '
                'if the references show the same thing'
            )
        return self.add(other)

    def remove(self, name: str) -> 'ReferenceBank':
        """Leave out a category.

        Raises:
            ValueError: If there is no such category, or nothing to search for would be left.
        """
        kept = [row for row, entry in enumerate(self.entries) if entry.name != name]
        if len(kept) == len(self):
            raise ValueError(f'the bank has no category {name!r}; it has {self._tell_names()}')
        if all(self.entries[row].negative for row in kept):
            raise ValueError(f'{name!r} is all that is searched for; a bank without it has nothing to search for')
        return ReferenceBank(
            [self.entries[row] for row in kept],
            [self.thumbnails[row] for row in kept],
            [array[kept] for array in self.encoded],
            self.fingerprint,
        )

    def check_fingerprint(self, fingerprint: str) -> None:
        """Refuse references of another model.

        Raises:
            ValueError: If the fingerprints differ.
        """
        if fingerprint != self.fingerprint:
            raise ValueError(
                f'these references were encoded by another model (fingerprint {self.fingerprint[:12]}, this one has '
                f'{fingerprint[:12]}), whose features mean other things; encode the pictures again with this model'
            )

    # ---------------------------------------------------------------- files

    def save(self, path: str | Path) -> None:
        """Write the bank to a safetensors file, whole or not at all.

        Raises:
            OSError: If it cannot be written.
        """
        write_atomic(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """What :meth:`save` writes."""
        tensors = {f'encoded.{i}': np.ascontiguousarray(array) for i, array in enumerate(self.encoded)}
        for row, thumbnail in enumerate(self.thumbnails):
            _, png = cv2.imencode('.png', thumbnail[..., ::-1])
            tensors[f'thumbnail.{row}'] = png.ravel()
        told = json.dumps([asdict(entry) for entry in self.entries])
        metadata = dict(format=FORMAT, fingerprint=self.fingerprint, references=told)
        return save(tensors, metadata)

    @classmethod
    def load(cls, path: str | Path) -> 'ReferenceBank':
        """Read a bank; a safetensors file holds no code, and nothing in it is executed.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no bank, or a broken one.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f'there is no reference bank {path}')
        try:
            with safe_open(path, 'np') as file:
                metadata = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return cls._from_file(metadata, tensors)
        except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ValueError(
                f'{path} is no reference bank of mmosis, or a broken one ({error}); nothing in it was executed'
            ) from error

    @classmethod
    def _from_file(cls, metadata: dict[str, str], tensors: dict[str, np.ndarray]) -> 'ReferenceBank':
        if metadata.get('format') != FORMAT:
            raise ValueError(f'its format is {metadata.get("format")!r}, not {FORMAT!r}')
        entries = [_read_entry(entry) for entry in json.loads(metadata['references'])]
        num_levels = sum(key.startswith('encoded.') for key in tensors)
        if len(tensors) != num_levels + len(entries):
            raise ValueError(f'it has {len(tensors) - num_levels} thumbnails of {len(entries)} references')
        encoded = [tensors[f'encoded.{i}'] for i in range(num_levels)]
        if not all(array.dtype == np.float32 and np.isfinite(array).all() for array in encoded):
            raise ValueError('its encodings are not finite numbers')
        thumbnails = [_read_thumbnail(tensors[f'thumbnail.{row}']) for row in range(len(entries))]
        return cls(entries, thumbnails, encoded, metadata['fingerprint'])

    def _tell_names(self) -> str:
        return ', '.join(sorted({repr(entry.name) for entry in self.entries}))


def _read_entry(entry: Any) -> BankEntry:
    if not isinstance(entry, dict) or not isinstance(entry.get('name'), str) or not isinstance(entry['negative'], bool):
        raise ValueError(f'a reference is told by name, negative and origin, got {str(entry)[:100]}')
    sizes = (_read_size(entry.get(key)) for key in ('box_size', 'picture_size'))
    return BankEntry(entry['name'], entry['negative'], str(entry['origin']), *sizes)


def _read_size(size: Any) -> tuple[float, float] | None:
    if size is None:
        return None
    width, height = (float(side) for side in size)
    if not (0 < width < np.inf and 0 < height < np.inf):
        raise ValueError(f'a size is (w, h) in pixels, got {str(size)[:100]}')
    return width, height


def _read_thumbnail(data: np.ndarray) -> np.ndarray:
    if data.dtype != np.uint8:
        raise ValueError(f'a thumbnail is no picture, but {data.dtype}')
    return decode_image(data.tobytes(), 'a thumbnail')[..., ::-1].copy()
