"""ReferenceBank: references that are encoded once and kept."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError

from mmosis.utils.atomic import write_atomic
from mmosis.utils.coco_outlines import check_runs

from .bank_file import MAX_REFERENCES, BankFile
from .boxed_objects import BoxedObject, encode_outline, image_digest
from .references import THUMBNAIL_SIZE, Box, SearchReference

MAX_TEXT = 5000  # letters of a name or an origin
MAX_SIDE = 2**31  # pixels


@dataclass(frozen=True)
class BankEntry:
    """One reference of a bank, without its encoding.

    Attributes:
        name: Its category.
        negative: Whether it shows what is not meant.
        origin: Where it is from, for people.
        box_size: (w, h) of its box, px; None where it is not known.
        picture_size: (w, h) of the image that the box is on, px; alike.
        bbox: xyxy of the object on that image, px, where a box or a mask has said where it is; else None.
        picture: :func:`~mmosis.search.boxed_objects.image_digest` of it, alike.
        outline: The object's mask there, where one was given: ``counts`` of compressed RLE, as text.

    Raises:
        ValueError: If a text has more than MAX_TEXT letters, or the name is empty.
    """

    name: str
    negative: bool
    origin: str
    box_size: tuple[float, float] | None = None
    picture_size: tuple[float, float] | None = None
    bbox: Box | None = None
    picture: str | None = None
    outline: str | None = None

    def __post_init__(self) -> None:
        for key in ('name', 'origin'):
            text = getattr(self, key)
            if len(text) > MAX_TEXT:
                raise ValueError(f"a reference's {key} has at most {MAX_TEXT} letters, got {len(text)}: {text[:50]}...")
        if not self.name.strip():
            raise ValueError(f"a reference's name must be a word or more, got {self.name!r}")

    @classmethod
    def of(cls, reference: SearchReference, results: dict) -> 'BankEntry':
        """Describe a reference, with what it loaded for the reference pipeline."""
        x1, y1, x2, y2 = results['ref_bbox']
        height, width = results['img_shape']
        sizes = ((float(x2 - x1), float(y2 - y1)), (float(width), float(height)))
        return cls(reference.name, reference.negative, reference.origin, *sizes, *_find_place(reference, results))

    def is_on(self, img_shape: tuple[int, int]) -> bool:
        """Whether the reference may lie on an image (h, w), by its size."""
        return self.picture is not None and self.picture_size == img_shape[::-1]


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
    its fingerprint says.

    Args:
        entries: One for each of the R references.
        thumbnails: Image of each, (h, w, 3) uint8 RGB.
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
        if len(entries) > MAX_REFERENCES:
            raise ValueError(f'a bank has at most {MAX_REFERENCES} references, got {len(entries)}')
        if any(max(thumbnail.shape[:2]) > THUMBNAIL_SIZE for thumbnail in thumbnails):
            raise ValueError(f'a thumbnail has at most {THUMBNAIL_SIZE} pixels a side')
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

    def wanted_thumbnails(self) -> list[tuple[int, np.ndarray]]:
        """Label and thumbnail of each wanted reference."""
        wanted = self.categories[: len(self.names)]
        return [(label, self.thumbnails[row]) for label, category in enumerate(wanted) for row in category.rows]

    def sizes(self) -> list[list[tuple]]:
        """For each category (w, h) of box and of image of its references, None where unknown."""
        return [
            [(self.entries[row].box_size, self.entries[row].picture_size) for row in category.rows]
            for category in self.categories
        ]

    def boxed_on(self, image: np.ndarray) -> list[BoxedObject]:
        """The references that lie on an image (H, W, 3) BGR uint8, whichever file or array it came from."""
        if not any(entry.is_on(image.shape[:2]) for entry in self.entries):
            return []
        digest = image_digest(image)
        return [
            BoxedObject(label, entry.bbox, entry.outline)
            for label, category in enumerate(self.categories)
            for entry in (self.entries[row] for row in category.rows)
            if entry.picture == digest
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
        """Remove a category.

        Raises:
            ValueError: If there is no such category, or nothing to search for would be left.
        """
        kept = [row for row, entry in enumerate(self.entries) if entry.name != name]
        if len(kept) == len(self):
            names = ', '.join(sorted({repr(entry.name) for entry in self.entries}))
            raise ValueError(f'the bank has no category {name!r}; it has {names}')
        if all(self.entries[row].negative for row in kept):
            raise ValueError(f'{name!r} is all that is searched for; a bank without it has nothing to search for')
        return self.select(kept)

    def select(self, rows: Sequence[int]) -> 'ReferenceBank':
        """Take some of the references.

        Raises:
            ValueError: If there is nothing to search for among them.
        """
        return ReferenceBank(
            [self.entries[row] for row in rows],
            [self.thumbnails[row] for row in rows],
            [array[list(rows)] for array in self.encoded],
            self.fingerprint,
        )

    def select_names(self, names: Collection[str]) -> 'ReferenceBank':
        """Take the references of some categories, and all negative ones with them.

        Raises:
            ValueError: If no reference to search for has one of the names.
        """
        return self.select([row for row, entry in enumerate(self.entries) if entry.negative or entry.name in names])

    def check_fingerprint(self, fingerprint: str) -> None:
        """Refuse references of another model.

        Raises:
            ValueError: If the fingerprints differ.
        """
        if fingerprint != self.fingerprint:
            raise ValueError(
                f'these references were encoded by another model (fingerprint {self.fingerprint[:12]}, this one has '
                f'{fingerprint[:12]}), whose features mean other things; encode the images again with this model'
            )

    # ---------------------------------------------------------------- files

    def save(self, path: str | Path) -> None:
        """Write the bank to a safetensors file, complete or not at all.

        Raises:
            OSError: If it cannot be written.
        """
        write_atomic(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """The content that :meth:`save` writes."""
        entries = [asdict(entry) for entry in self.entries]
        return BankFile(entries, self.thumbnails, list(self.encoded), self.fingerprint).to_bytes()

    @classmethod
    def load(cls, path: str | Path) -> 'ReferenceBank':
        """Read a bank; a safetensors file holds no code, and nothing in it is executed.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no bank, or a broken one.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f'there is no reference bank {path}')
        return cls._read(path, str(path))

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> 'ReferenceBank':
        """Read the content of a bank's file; errors call it by the name.

        Raises:
            ValueError: As :meth:`load`.
        """
        with NamedTemporaryFile(suffix='.safetensors') as file:
            file.write(content)
            file.flush()
            return cls._read(file.name, name)

    @classmethod
    def _read(cls, path: str | Path, name: str) -> 'ReferenceBank':
        try:
            file = BankFile.read(path)
            entries = [_read_entry(entry) for entry in file.references]
            return cls(entries, file.thumbnails, file.encoded, file.fingerprint)
        except (SafetensorError, ValueError, RecursionError) as error:
            reason = str(error).split('\n', 1)[0][:300]
            raise ValueError(
                f'{name} is no reference bank of mmosis, or a broken one ({reason}); nothing in it was executed'
            ) from error


def _find_place(reference: SearchReference, results: dict) -> tuple[Box | None, str | None, str | None]:
    """Place of a reference on its image: box, digest and mask; a whole image and a cut-out have none."""
    img, mask = results['img'], results.get('ref_mask')
    if (reference.bbox is None and reference.mask is None) or img.shape[:2] != results['img_shape']:
        return None, None, None
    height, width = img.shape[:2]
    bbox = tuple(np.clip(results['ref_bbox'], 0, (width, height, width, height)).tolist())
    return bbox, image_digest(img), None if mask is None else encode_outline(mask, bbox)


def _read_entry(entry: Any) -> BankEntry:
    types = dict(name=str, negative=bool, origin=str)
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), type_) for key, type_ in types.items()):
        raise ValueError(f'a reference is described by name, negative and origin, got {str(entry)[:100]}')
    sizes = (_read_size(entry.get(key)) for key in ('box_size', 'picture_size'))
    read = BankEntry(*(entry[key] for key in types), *sizes)
    return read if entry.get('picture') is None else replace(read, **_read_place(entry, read.picture_size))


def _read_size(size: Any) -> tuple[float, float] | None:
    if size is None:
        return None
    if not _are_numbers(size, 2) or not all(0 < side <= MAX_SIDE for side in size):
        raise ValueError(f'a size is (w, h) in pixels, got {str(size)[:100]}')
    return float(size[0]), float(size[1])


def _read_place(entry: dict, picture_size: tuple[float, float] | None) -> dict:
    bbox, picture, outline = (entry.get(key) for key in ('bbox', 'picture', 'outline'))
    if not isinstance(picture, str) or not re.fullmatch('[0-9a-f]{32}', picture):
        raise ValueError(f'the digest of an image has 32 hexadecimal digits, got {str(picture)[:100]}')
    is_inside = False
    if picture_size is not None and _are_numbers(bbox, 4):
        (x1, y1, x2, y2), (width, height) = bbox, picture_size
        is_inside = 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height
    if not is_inside:
        raise ValueError(f'a reference lies at xyxy inside its image, got {str(bbox)[:100]}')
    if outline is not None:
        shape = tuple(map(int, picture_size[::-1]))
        if not isinstance(outline, str):
            raise ValueError('the outline of a reference: no text')
        try:
            check_runs(dict(size=shape, counts=outline), shape)
        except ValueError as error:
            raise ValueError(f'the outline of a reference: {error}') from error
    return dict(bbox=tuple(map(float, bbox)), picture=picture, outline=outline)


def _are_numbers(values: Any, count: int) -> bool:
    return isinstance(values, list) and len(values) == count and all(type(value) in (int, float) for value in values)
