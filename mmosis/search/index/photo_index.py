"""PhotoIndex: a library of images, encoded once, that says where to search first."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.folders.image_list import ImageList, find_images
from mmosis.search.images import load_image
from mmosis.search.reference_bank import ReferenceBank
from mmosis.utils.errors import TOO_LITTLE, DamagedError, is_memory_error
from mmosis.utils.fraction_of import fraction_of
from mmosis.utils.install import install_hint
from mmosis.utils.lock import lock_file
from mmosis.utils.progress import track

from .index_files import LOCK, batches, check_name, is_below, is_new, stamp

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

FORMAT = 'mmosis index 1'
TABLE = 'pictures'
SHARE = 0.05
NO_DAMAGE = (ENOSPC, EDQUOT, EFBIG, EACCES, EPERM, EROFS)  # of the system: it gives no space, or no permission
BATCH = 32  # images that are kept at a time; a stop loses no more


@dataclass(frozen=True)
class IndexReport:
    """What an update did.

    Attributes:
        num_encoded: New and changed images.
        num_kept: Images that were encoded before.
        num_dropped: Images that are no longer among those given, or can no longer be read.
        errors: Images that could not be encoded, and why; and what was given and names no image.
    """

    num_encoded: int
    num_kept: int
    num_dropped: int
    errors: dict[str, str]


class PhotoIndex:
    """Vectors of the regions of many images, in a table of LanceDB.

    A table changes by transactions, so a stop at any moment leaves it as it was before or after one; the next update
    goes on. It is read from the disk as it is needed. A search that reads while an update ends may have to be repeated.

    Args:
        path: Its folder.
        table: The table.
    """

    def __init__(self, path: str | Path, table: 'Table') -> None:
        self.path, self._table = Path(path), table

    @classmethod
    def build(
        cls, inferencer: SearchBase, inputs: str | Path | Sequence[str | Path] | ImageList, path: str | Path
    ) -> tuple['PhotoIndex', IndexReport]:
        """Make an index of images, or bring one up to date: what is new or has changed is encoded.

        An image has changed if its size in bytes or the time of its last change has. One that cannot be read stops
        nothing; it is reported, and tried again by the next update. So is a path that names none, and images of the
        index below it are kept: a drive may be away.

        Args:
            inferencer: The model.
            inputs: Image files, folders, or a list of them, or what
                :func:`~mmosis.search.folders.image_list.find_images` made of these; images of the index that are not
                among them are dropped.
            path: Folder of the index.

        Raises:
            FileNotFoundError: If an image or a folder does not exist, and there is no other.
            ImportError: If LanceDB is not installed.
            DamagedError: If there is a broken index.
            ValueError: If there is something else at ``path``, an index of another model, or one that another process
                is writing.
        """
        listed = inputs if isinstance(inputs, ImageList) else find_images(inputs)
        _require()
        if is_new(path):
            Path(path).mkdir(parents=True, exist_ok=True)
        else:
            cls.open(path)  # nothing is written into a folder of something else
        with Path(path, LOCK).open('w') as lock:
            lock_file(lock, f'another process writes index {path} at this moment; wait for it')
            index = cls._create(inferencer, path) if is_new(path) else cls.open(path)
            index.check(inferencer)
            return index, index._update(inferencer, listed)

    @classmethod
    def open(cls, path: str | Path) -> 'PhotoIndex':
        """Open an index.

        Raises:
            FileNotFoundError: If there is none.
            ImportError: If LanceDB is not installed.
            DamagedError: If it is broken.
            ValueError: If it is something else.
        """
        _require()
        import lancedb

        if not Path(path).is_dir():
            raise FileNotFoundError(f'there is no index {path}; mmosis index PHOTOS --out {path} makes one')
        if not Path(path, f'{TABLE}.lance').is_dir():
            raise ValueError(f'{path} is no index of mmosis; give another folder to mmosis index')
        with _opened(path):
            index = cls(path, lancedb.connect(path).open_table(TABLE))
            index._metadata()
        return index

    def __len__(self) -> int:
        with _opened(self.path):
            return self._table.count_rows()

    @property
    def files(self) -> list[str]:
        """The images, by name."""
        return sorted(self._stamps())

    @property
    def num_bytes(self) -> int:
        """What it takes on the disk."""
        return sum(file.stat().st_size for file in self.path.rglob('*') if file.is_file())

    def check(self, inferencer: SearchBase) -> None:
        """Refuse another model, or one that encodes images otherwise.

        Raises:
            ValueError: If it is one.
        """
        found, wanted = self._metadata(), _describe(inferencer)
        other = sorted(key for key in found | wanted if found.get(key) != wanted.get(key))
        if other:
            raise ValueError(
                f'index {self.path} is of another model or of other settings (they differ in {", ".join(other)}), '
                'whose vectors are not comparable; take the same, or index the images into another folder'
            )

    def rank(self, inferencer: SearchBase, bank: ReferenceBank, top: int | None = None) -> list[str]:
        """Say where to search first.

        Of several categories each has its own order; an image's place is its best one.

        Args:
            inferencer: The model.
            bank: What to search for.
            top: So many images; by default all.

        Returns:
            list[str]: Files, the most promising first.

        Raises:
            ValueError: If the index or the bank is of another model.
        """
        places: dict[str, int] = {}
        for order in self.rank_each(inferencer, bank, top):
            for place, file in enumerate(order):
                places[file] = min(place, places.get(file, place))
        return sorted(places, key=lambda file: (places[file], file))[:top]

    def rank_each(self, inferencer: SearchBase, bank: ReferenceBank, top: int | None = None) -> list[list[str]]:
        """Say where to search first for each category; an image counts as its best region does.

        Returns:
            list: For each wanted category of the bank files, as :meth:`rank` gives them for all.

        Raises:
            ValueError: As in :meth:`rank`.
        """
        self.check(inferencer)
        return [self._nearest(vector, top or max(len(self), 1)) for vector in inferencer.embed_references(bank)]

    def choose(
        self, inferencer: SearchBase, bank: ReferenceBank, share: float | None = None, top: int | None = None
    ) -> list[str]:
        """List the images to search, by name: the best fraction of all (by default SHARE), or so many; one at least.

        Raises:
            ValueError: If the share is not in 0-1, none is asked for, the index is empty, or as in :meth:`rank`.
        """
        share = SHARE if share is None else share
        if not 0 < share <= 1:
            raise ValueError(f'the share of images to search must be above 0 and at most 1, got {share}')
        if top is not None and top < 1:
            raise ValueError(f'at least one image must be searched, got top {top}')
        if not len(self):
            raise ValueError(f'index {self.path} has no images')
        return sorted(self.rank(inferencer, bank, ceil(fraction_of(share, len(self))) if top is None else top))

    # ---------------------------------------------------------------- the table

    @classmethod
    def _create(cls, inferencer: SearchBase, path: str | Path) -> 'PhotoIndex':
        import lancedb
        import pyarrow as pa

        sample = inferencer.embed_regions(np.zeros((32, 32, 3), np.uint8))
        regions = pa.list_(pa.list_(pa.float16(), sample.shape[1]))
        fields = [('file', pa.string()), ('size', pa.int64()), ('changed', pa.int64()), ('regions', regions)]
        metadata = dict(mmosis=json.dumps(_describe(inferencer)))
        table = lancedb.connect(path).create_table(TABLE, schema=pa.schema(fields, metadata=metadata))
        return cls(path, table)

    def _update(self, inferencer: SearchBase, listed: ImageList) -> IndexReport:
        files = list(dict.fromkeys(os.path.abspath(file) for file in listed.images))
        before, errors = self._stamps(), {}
        todo = [file for file in files if file not in before or before[file] != stamp(file)]
        away = [os.path.abspath(os.path.expanduser(name)) for name in listed.problems]
        gone = sorted(file for file in set(before) - set(files) if not is_below(file, away))
        self._drop(gone)
        for batch in batches(track(todo, 'Index', disable=not inferencer.show_progress), BATCH):
            encoded = {}
            for file in batch:
                try:
                    check_name(file)
                    encoded[file] = stamp(file), _embed(inferencer, file)
                except (OSError, ValueError, ImportError) as error:
                    errors[file] = str(error)
            self._put(encoded)
        broken = sorted(set(errors) & set(before))
        self._drop(broken)
        if todo or gone:
            # Join the batches; what they were would take the same space again.
            with _opened(self.path):
                self._table.optimize(cleanup_older_than=timedelta(seconds=1))
        problems = {name: str(error) for name, error in listed.problems.items()} | errors
        return IndexReport(len(todo) - len(errors), len(files) - len(todo), len(gone) + len(broken), problems)

    def _put(self, encoded: dict[str, tuple[list[int], np.ndarray]]) -> None:
        """Put images in the place of what there was of them, in one transaction."""
        import pyarrow as pa

        if not encoded:
            return
        stamps, regions = zip(*encoded.values(), strict=True)
        columns = [list(encoded), *map(list, zip(*stamps, strict=True)), _as_lists(regions)]
        rows = pa.table([pa.array(column) for column in columns], schema=self._table.schema)
        with _opened(self.path):
            self._table.merge_insert('file').when_matched_update_all().when_not_matched_insert_all().execute(rows)

    def _drop(self, files: Sequence[str]) -> None:
        for batch in batches(files, 500):
            quoted = ', '.join("'" + file.replace("'", "''") + "'" for file in batch)
            with _opened(self.path):
                self._table.delete(f'file IN ({quoted})')

    def _stamps(self) -> dict[str, list[int]]:
        """Size and last change of each image, as it was encoded."""
        with _opened(self.path):
            rows = self._table.search().select(['file', 'size', 'changed']).limit(None).to_arrow().to_pydict()
        return {file: known for file, *known in zip(*rows.values(), strict=True)}

    def _nearest(self, vector: np.ndarray, top: int) -> list[str]:
        found = self._table.search(vector, vector_column_name='regions').distance_type('cosine')
        with _opened(self.path):
            return found.limit(top).select(['file', '_distance']).to_arrow()['file'].to_pylist()

    def _metadata(self) -> dict[str, Any]:
        metadata = json.loads(self._table.schema.metadata[b'mmosis'])
        if metadata['format'] != FORMAT:
            raise ValueError(f'its format is {metadata["format"]!r}, not {FORMAT!r}')
        return metadata


def _describe(inferencer: SearchBase) -> dict[str, Any]:
    """All that vectors hang on, as plain values."""
    settings = dict(format=FORMAT, fingerprint=inferencer.fingerprint, region_size=inferencer.region_size)
    return dict(settings, scale=inferencer.region_scale)


def _require() -> None:
    if find_spec('lancedb') is None:
        raise ImportError(f'an index is kept by lancedb, which is not installed: {install_hint("index")}')


@contextmanager
def _opened(path: str | Path) -> Iterator[None]:
    """Say in our words what Lance cannot read; it has an error of its own for nothing, not even for a full disk.

    Raises:
        DamagedError: If the table is broken.
        OSError: If the disk is full, or the system gives no permission.
    """
    try:
        yield
    except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().split('\n', 1)[0].removeprefix('lance error: ').split(', /')[0][:200]
        system = re.search(r'os error (\d+)', str(error))
        if system and int(system[1]) in NO_DAMAGE:
            number = int(system[1])
            raise OSError(number, f'cannot use {path}: {os.strerror(number)}; mmosis index goes on') from error
        raise DamagedError(
            f'index {path} is damaged ({reason}); try again if mmosis index runs on it just now, else delete it and '
            f'make it anew: mmosis index PHOTOS --out {path}'
        ) from error


def _embed(inferencer: SearchBase, file: str) -> np.ndarray:
    try:
        return inferencer.embed_regions(load_image(file, inferencer.options.max_pixels))
    except Exception as error:
        if is_memory_error(error):
            raise ValueError(TOO_LITTLE) from error
        raise


def _as_lists(regions: Sequence[np.ndarray]) -> 'pa.Array':
    """Lists of half-precision vectors, one an image."""
    import pyarrow as pa

    vectors = np.concatenate(regions).astype(np.float16)
    offsets = np.cumsum([0, *map(len, regions)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1]))
