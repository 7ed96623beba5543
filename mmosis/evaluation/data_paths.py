"""Where the data of a test are: beside a dump, so that tools need not be told."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

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

        Raises:
            FileNotFoundError: If neither names an annotation file, or a folder of images is gone.
            ValueError: If the dump's file of paths is damaged.
        """
        path = Path(folder, FILE)
        named = _read(path) if path.is_file() else {}
        ann_file, img_dir = ann_file or named.get('ann_file'), img_dir or named.get('img_dir')
        if ann_file is None:
            raise FileNotFoundError(f'{folder} does not say where its annotations are ({FILE}); give --ann-file')
        if img_dir is not None and not Path(img_dir).is_dir():
            raise FileNotFoundError(f'the images are not in {img_dir}; give their folder as --img-dir')
        return cls(ann_file, img_dir)


def _read(path: Path) -> dict:
    try:
        named = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from error
    if not isinstance(named, dict):
        raise ValueError(f'{path} must name ann_file and img_dir, got {str(named)[:200]}')
    return named
