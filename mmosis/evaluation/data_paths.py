"""DataPaths: where the annotations and images of a test are, kept in its dump."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from mmengine.logging import print_log

from mmosis.utils.json_file import read_json

FILE = 'data.json'


@dataclass(frozen=True)
class DataPaths:
    """The annotation file and the images of a test.

    Attributes:
        ann_file: Annotation file in COCO format.
        img_dir: Folder of the images, or None.
    """

    ann_file: str
    img_dir: str | None = None

    def save(self, folder: str | Path) -> None:
        """Write it into a dump, with absolute paths."""
        paths = {key: path and str(Path(path).resolve()) for key, path in asdict(self).items()}
        Path(folder, FILE).write_text(json.dumps(paths, indent=1) + '\n')

    @classmethod
    def find(cls, folder: str | Path, ann_file: str | None = None, img_dir: str | None = None) -> 'DataPaths':
        """Find the data of a dump.

        Args:
            folder: The dump.
            ann_file: Taken before the one that the dump names.
            img_dir: The same for the images.

        Images that the dump names and that are gone get a warning, and are None: a dump may be evaluated elsewhere.

        Raises:
            FileNotFoundError: If there is no such dump or annotation file, or no such folder of images as given.
            ValueError: If the dump's file of paths is damaged.
        """
        if not Path(folder).is_dir():
            raise FileNotFoundError(f'there is no dump {folder}; give a folder that tools/test.py --dump wrote')
        path = Path(folder, FILE)
        named = _read(path) if path.is_file() else {}
        ann_file = ann_file or named.get('ann_file')
        if ann_file is None:
            raise FileNotFoundError(f'{folder} does not say where its annotations are; give their file as --ann-file')
        if not Path(ann_file).is_file():
            raise FileNotFoundError(f'the annotations of {folder} are not in {ann_file}; give their file as --ann-file')
        if img_dir is not None and not Path(img_dir).is_dir():
            raise FileNotFoundError(f'there is no folder {img_dir} of images; give theirs as --img-dir')
        return cls(ann_file, img_dir or _if_there(named.get('img_dir')))


def _if_there(img_dir: str | None) -> str | None:
    if img_dir is None or Path(img_dir).is_dir():
        return img_dir
    print_log(f'the images are not in {img_dir} any more; --img-dir says where', 'current', logging.WARNING)
    return None


def _read(path: Path) -> dict:
    named = read_json(path)
    if not isinstance(named, dict):
        raise ValueError(f'{path} must name ann_file and img_dir, got {str(named)[:200]}')
    return named
