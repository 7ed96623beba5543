"""ExportContent: what is exported, and what files are called that are written for its images."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mmosis.utils.file_names import fit_name, mark_name

from .outlines import simplify

LONGEST_SUFFIX = '.json'  # of what is written for an image


@dataclass(frozen=True)
class ExportContent:
    """What is exported.

    Attributes:
        records: A record an image, as :func:`~mmosis.search.exports.coco_export.describe_image` makes it.
        classes: Name of each label.
        tolerance: Of polygons in pixels, where the format has polygons; None for outlines as they are.
    """

    records: Sequence[dict]
    classes: Sequence[str]
    tolerance: float | None = None

    @cached_property
    def stems(self) -> dict[str, str]:
        """What the files of each image are called, without suffix, by its ``file_name``.

        They are called as the image is; of ``a.jpg`` and ``a.png`` in one folder the second has a hash beside its name:
        they would share a file of labels, and importers take both for one image.
        """
        stems: dict[str, str] = {}
        taken: set[str] = set()
        for name in (record['file_name'] for record in self.records):
            file = fit_name(os.path.splitext(name)[0] + LONGEST_SUFFIX)
            if file in taken:
                folder, last = os.path.split(file.removesuffix(LONGEST_SUFFIX))
                file = os.path.join(folder, mark_name(last, LONGEST_SUFFIX, name))
            taken.add(file)
            stems[name] = file.removesuffix(LONGEST_SUFFIX)
        return stems

    def image_name(self, name: str) -> str:
        """What an image is called in an export."""
        return self.stems[name] + os.path.splitext(name)[1]

    def outline(self, row: dict) -> list[list[float]]:
        """Polygons of an object, one a part; none without a mask."""
        return simplify(row['segmentation'], self.tolerance or 0.0) if row['segmentation'] else []

    def link_images(self, folder: Path, sources: Mapping[str, Path]) -> list[Path]:
        """Link to images, so that an export has them beside what was found in them and takes no room.

        Links are hard ones, since datumaro reads no others; to images on another file system they are symbolic.

        Args:
            folder: Folder of the links.
            sources: Where an image is, by its ``file_name``.

        Returns:
            list: The links.
        """
        links = []
        for name in self.stems:
            if name in sources:
                link = folder / self.image_name(name)
                _link(os.path.realpath(sources[name]), link)
                links.append(link)
        return links


def _link(source: str, link: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, link)
    except OSError:  # another file system, one without hard links, or an image of somebody else
        link.symlink_to(source)


def write_text(path: Path, text: str) -> None:
    """Write a text. Whoever needs all files or none renames their folder, so that none waits for the disk by itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, 'utf-8')


def printable(text: str) -> str:
    """Turn bytes of a name that are no UTF-8 into what UTF-8 can hold."""
    return os.fsencode(text).decode('utf-8', 'backslashreplace')
