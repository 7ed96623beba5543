"""Source: a folder that objects are cut out of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mmosis.structures import split_categories

TYPES = ('coco', 'alpha')
EXTENSIONS = ('.png', '.webp')


@dataclass(frozen=True)
class Source:
    """A folder that objects are cut out of; what is not cut out is shown only on backgrounds.

    Attributes:
        folder: A folder in COCO format, or one of images with alpha (png, webp), each of which is a category.
        type: 'coco' or 'alpha'.
        name: What to call it in the names of categories; by default that of the folder.
        ann_file: The annotation file in a COCO folder.
        img_prefix: The images in a COCO folder.
        each_a_kind: Whether each object of a COCO folder is a category of its own, instead of its category.
        exclude: Patterns (as a shell's) of category names, or of the images' names without extension, to skip.
        split: 1 to 4 skips the held-out categories of the paper's split as well.
        weight: Fraction of the scenes whose main categories are of this source, relative to the other sources'; 0 gives
            backgrounds alone.
        cut_by_border: Whether objects that reach the border of their image are cut out too.
        min_side: Least length in pixels of the longer side of an object that is cut out.
        min_area: Least area of such an object in pixels.
        max_side: Longer side of a cut-out in pixels; larger objects are reduced.
        max_per_kind: Most cut-outs of a category.
        max_grounds: Most photographs that are kept as backgrounds; they show no category that is skipped.
        ground_side: Shorter side of a kept photograph in pixels; larger ones are reduced.

    Raises:
        ValueError: If the type is unknown or the weight is negative.
        FileNotFoundError: If there is no such folder.
    """

    folder: str
    type: str = 'coco'
    name: str = ''
    ann_file: str = 'annotations.json'
    img_prefix: str = 'images'
    each_a_kind: bool = False
    exclude: tuple[str, ...] = ()
    split: int | None = None
    weight: float = 1.0
    cut_by_border: bool = False
    min_side: int = 32
    min_area: int = 300
    max_side: int = 256
    max_per_kind: int = 300
    max_grounds: int = 3000
    ground_side: int = 640

    def __post_init__(self) -> None:
        object.__setattr__(self, 'exclude', tuple(self.exclude))
        object.__setattr__(self, 'name', self.name or Path(self.folder).name)
        if self.type not in TYPES:
            raise ValueError(f'type of a source must be one of {TYPES}, got {self.type!r}')
        if self.weight < 0:
            raise ValueError(f'weight of {self.folder} must not be negative, got {self.weight}')
        if not Path(self.folder).is_dir():
            raise FileNotFoundError(f'{self.folder} does not exist; expected a folder to cut objects out of')

    def excludes(self, name: str) -> bool:
        """Whether a pattern excludes a name."""
        return any(fnmatch(name, pattern) for pattern in self.exclude)

    def excluded(self, categories: Sequence[str]) -> set[str]:
        """Choose the categories that are skipped, given all in the order of the annotation file."""
        held_out = [] if self.split is None else split_categories(categories, self.split)[1]
        return {name for name in categories if self.excludes(name)} | set(held_out)

    def image_paths(self) -> list[Path]:
        """List the images of a folder with alpha, in the order of their names.

        Raises:
            ValueError: If there are none.
        """
        paths = sorted(path for path in Path(self.folder).iterdir() if path.suffix.lower() in EXTENSIONS)
        paths = [path for path in paths if not self.excludes(path.stem)]
        if not paths:
            raise ValueError(f'{self.folder} has no images ({", ".join(EXTENSIONS)}) to cut out')
        return paths

    def digest(self) -> str:
        """Return a hash of the folder's content: of the annotation file, or of the file names."""
        if self.type == 'coco':
            content = Path(self.folder, self.ann_file).read_bytes()
        else:
            content = '\n'.join(path.name for path in self.image_paths()).encode()
        return hashlib.sha256(content).hexdigest()
