"""Source: a folder that objects are cut out of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mmosis.structures import split_categories

TYPES = ('coco', 'alpha')
PICTURES = ('.png', '.webp')


@dataclass(frozen=True)
class Source:
    """A folder that objects are cut out of; what is not cut out is not shown, but on photographs that are the ground.

    Attributes:
        folder: A folder in COCO format, or one of pictures with alpha (png, webp), each of which is a kind.
        type: 'coco' or 'alpha'.
        name: What to call it in the names of kinds; by default that of the folder.
        ann_file: The annotation file in a COCO folder.
        img_prefix: The images in a COCO folder.
        each_a_kind: Whether each object of a COCO folder is a kind of its own, instead of its category.
        exclude: Patterns (as a shell's) of category names, or of the pictures' names without extension, to leave out.
        split: 1 to 4 leaves out the held-out categories of the paper's split as well.
        weight: Share of the scenes whose main kinds are of this source, relative to the other sources'; 0 gives grounds
            alone.
        cut_by_border: Whether objects that reach the border of their picture are cut out too.
        min_side: Least length in pixels of the longer side of an object that is cut out.
        min_area: Least area of such an object in pixels.
        max_side: Longer side of a cut-out in pixels; larger objects are reduced.
        max_per_kind: Most cut-outs of a category.
        max_grounds: Most photographs that are kept as grounds; they show no category that is left out.
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
        """Tell whether a pattern leaves a name out."""
        return any(fnmatch(name, pattern) for pattern in self.exclude)

    def left_out(self, categories: Sequence[str]) -> set[str]:
        """Choose the categories that are left out, given all in the order of the annotation file."""
        held_out = [] if self.split is None else split_categories(categories, self.split)[1]
        return {name for name in categories if self.excludes(name)} | set(held_out)

    def pictures(self) -> list[Path]:
        """List the pictures of a folder with alpha, in the order of their names.

        Raises:
            ValueError: If there are none.
        """
        paths = sorted(path for path in Path(self.folder).iterdir() if path.suffix.lower() in PICTURES)
        paths = [path for path in paths if not self.excludes(path.stem)]
        if not paths:
            raise ValueError(f'{self.folder} has no pictures ({", ".join(PICTURES)}) to cut out')
        return paths

    def digest(self) -> str:
        """Return what tells this content of the folder from another: of the annotation file, or of the names."""
        if self.type == 'coco':
            content = Path(self.folder, self.ann_file).read_bytes()
        else:
            content = '\n'.join(path.name for path in self.pictures()).encode()
        return hashlib.sha256(content).hexdigest()
