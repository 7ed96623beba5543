"""Write the crops of all references of a training, so that it need not decode their images."""

import argparse
import json
import os
import time
from collections import defaultdict
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmcv.transforms import BaseTransform
    from mmdet.registry import DATASETS, TRANSFORMS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    from mmosis.datasets import CropReference, LoadImage, OneShotCocoDataset
    from mmosis.structures import Reference
    from mmosis.utils.arguments import at_least
    from mmosis.utils.atomic import write_atomic
    from mmosis.utils.config_file import add_cfg_options, read_config
    from mmosis.utils.crop_store import (
        CROPS,
        INDEX,
        SETTINGS,
        CropStore,
        digest_file,
        dump_settings,
        encode_crop,
        entry_type,
    )
    from mmosis.utils.json_file import read_json
    from mmosis.utils.packed import PackedList
    from mmosis.utils.processes import Make, make_each
    from mmosis.utils.progress import track
    from mmosis.utils.reference_picture import fitting_shape, reduce_picture
    from mmosis.utils.tool import run_tool

BEGUN, ROWS = 'begun.json', 'rows.part'
READ = [dict(type='LoadImage')]  # so that missing pictures are reported at once
COMMIT = 64  # images whose crops are on the disk before their entries are


class Source(NamedTuple):
    """An image and its references.

    Attributes:
        img_path: Its file.
        img_shape: (h, w) as the annotation file states it.
        ann_ids: Annotation ids of the references, ascending.
        bboxes: Their boxes, xyxy.
    """

    img_path: str
    img_shape: tuple[int, int]
    ann_ids: list[int | str]
    bboxes: list[tuple[float, ...]]


def make_crop_store(cfg: Config, folder: str | Path, num_workers: int = 0, max_size: int | None = None) -> Path:
    """Write the crop of every object that the training's data set may draw as a reference.

    All images of the annotation file count, those held back too. A run that was killed goes on where it stopped, to the
    same bytes.

    Args:
        cfg: Config whose ``train_dataloader`` has an :class:`~mmosis.datasets.OneShotCocoDataset`.
        folder: Folder to write.
        num_workers: Processes; 0 works in this one.
        max_size: Longer side to which larger crops are reduced; by default the size of ``ResizeReference``, which then
            finds all of them as it would leave them.

    Returns:
        The folder.

    Raises:
        TypeError: If the config has another data set.
        ValueError: If ``max_size`` is below 1, the references are not cut by ``CropReference``, a reference cannot be
            cut, or the folder holds a store of other settings or a torn one.
    """
    init_default_scope(cfg.default_scope)
    dataset_cfg = cfg.train_dataloader.dataset
    if dataset_cfg.type != OneShotCocoDataset.__name__:
        raise TypeError(f'a store is of the references of one OneShotCocoDataset, got {dataset_cfg.type}')
    load, crop, resize = (_transform(dataset_cfg, name) for name in ('LoadImage', 'CropReference', 'ResizeReference'))
    max_size = resize.size if max_size is None else max_size
    if max_size < 1:
        raise ValueError(f'max_size must be at least 1, got {max_size}')
    dataset = _open(dataset_cfg)
    settings = dict(
        ann_file=digest_file(dataset.ann_file),
        reference_sampler=dataset.reference_sampler,
        margin=crop.margin,
        mark_box=crop.mark_box,
        max_size=max_size,
    )
    sources = _list_sources(dataset)
    del dataset
    # The mark on a box is of its mask, which is made when the crop is read.
    entry = entry_type([ann_id for source in sources for ann_id in source.ann_ids])
    cut = partial(_cut_references, sources, load, CropReference(crop.margin), max_size, entry)
    folder = Path(folder)
    if _begin(folder, settings):
        _write_crops(folder, sources, cut, num_workers, entry)
        _finish(folder, settings, sum(len(source.ann_ids) for source in sources), entry)
    for name in (BEGUN, ROWS):
        (folder / name).unlink(missing_ok=True)
    return folder


def _transform(dataset_cfg: dict, name: str) -> BaseTransform:
    steps = [step for step in dataset_cfg.ref_pipeline if step['type'] == name]
    if len(steps) != 1:
        raise ValueError(
            f'a store holds references as LoadImage, CropReference and ResizeReference make them, and ref_pipeline has '
            f'{len(steps)} {name}'
        )
    return TRANSFORMS.build(steps[0])


def _open(dataset_cfg: dict) -> OneShotCocoDataset:
    """The data set with all images and categories."""
    whole = dict(phase='all', num_held_back=0, held_back=False, confusion=None, pipeline=[], ref_pipeline=READ)
    return DATASETS.build(dict(dataset_cfg, **whole))


def _list_sources(dataset: OneShotCocoDataset) -> PackedList:
    """Group the references by image, both in the order of their ids."""
    by_image = defaultdict(list)
    for reference in dataset.references():
        by_image[reference.img_id].append(reference)
    return PackedList(_source(sorted(by_image[img_id], key=lambda r: r.ann_id)) for img_id in sorted(by_image))


def _source(references: list[Reference]) -> Source:
    first = references[0]
    return Source(first.img_path, first.img_shape, [r.ann_id for r in references], [r.bbox for r in references])


def _cut_references(
    sources: PackedList, load: LoadImage, crop: CropReference, max_size: int, entry: np.dtype, index: int
) -> tuple[np.ndarray, bytes]:
    """Cut the references of an image: their entries, as if their crops began the file, and the crops."""
    source = sources[index]
    height, width = source.img_shape
    image = load(dict(img_path=source.img_path, height=height, width=width))
    entries, content = np.empty(len(source.ann_ids), entry), b''
    for number, (ann_id, bbox) in enumerate(zip(source.ann_ids, source.bboxes, strict=True)):
        picture = crop(dict(image, ref_bbox=np.array(bbox), ann_id=ann_id))['img']
        encoded = encode_crop(_limit(picture, max_size))
        entries[number] = (ann_id, len(content), len(encoded), bbox)
        content += encoded
    return entries, content


def _limit(picture: np.ndarray, max_size: int) -> np.ndarray:
    if max(picture.shape[:2]) <= max_size:
        return picture
    return reduce_picture(picture, fitting_shape(picture.shape[:2], max_size))


def _begin(folder: Path, settings: dict) -> bool:
    """Begin a store, or check the one that there is; tell whether anything is left to do."""
    whole, begun = folder / SETTINGS, folder / BEGUN
    if whole.is_file():
        CropStore(folder)
    found = next((read_json(path) for path in (whole, begun) if path.is_file()), None)
    if found is None:
        write_atomic(begun, dump_settings(settings))
        (folder / ROWS).unlink(missing_ok=True)
        return True
    wanted = json.loads(dump_settings(settings))
    differing = sorted(key for key in wanted if found.get(key) != wanted[key])
    if differing:
        raise ValueError(
            f'{folder} holds a store that was made with another {", ".join(differing)}; remove it, or choose another '
            'folder'
        )
    return not whole.is_file()


def _write_crops(folder: Path, sources: PackedList, cut: Make, num_workers: int, entry: np.dtype) -> None:
    """Write the crops that are not there yet, and their entries after them."""
    done, size = _resume(folder, np.cumsum([len(source.ann_ids) for source in sources]), entry)
    todo = range(done, len(sources))
    waiting = []
    with (folder / CROPS).open('ab') as crops, (folder / ROWS).open('ab') as rows:
        for entries, content in track(make_each(cut, todo, num_workers), str(folder), len(todo), disable=not todo):
            entries['start'] += size
            size += len(content)
            crops.write(content)
            waiting.append(entries.tobytes())
            if len(waiting) == COMMIT:
                _commit(crops, rows, waiting)
        _commit(crops, rows, waiting)


def _commit(crops: BinaryIO, rows: BinaryIO, waiting: list[bytes]) -> None:
    """Put crops on the disk, and only then the entries that tell of them."""
    crops.flush()
    os.fsync(crops.fileno())
    rows.write(b''.join(waiting))
    rows.flush()
    waiting.clear()


def _resume(folder: Path, ends: np.ndarray, entry: np.dtype) -> tuple[int, int]:
    """Cut off what a stop left half-written; tell how many images are done, and the size of their crops.

    Args:
        folder: The folder.
        ends: How many references images have, with all images before them.
        entry: The type of an entry.
    """
    rows, crops = folder / ROWS, folder / CROPS
    rows.touch()
    crops.touch()
    entries = _read_entries(folder, entry)
    done = int(np.searchsorted(ends, len(entries), side='right'))
    kept = int(ends[done - 1]) if done else 0
    size = int(entries[kept - 1]['start'] + entries[kept - 1]['size']) if kept else 0
    if crops.stat().st_size < size:
        raise ValueError(f'{crops} must have {size} bytes or more, got {crops.stat().st_size}; remove {folder}')
    os.truncate(rows, kept * entry.itemsize)
    os.truncate(crops, size)
    return done, size


def _read_entries(folder: Path, entry: np.dtype) -> np.ndarray:
    content = (folder / ROWS).read_bytes()
    return np.frombuffer(content, entry, len(content) // entry.itemsize)


def _finish(folder: Path, settings: dict, num: int, entry: np.dtype) -> None:
    """Write the index, and last what says that the store is whole."""
    entries = _read_entries(folder, entry)
    size = (folder / CROPS).stat().st_size
    if len(entries) != num or entries['size'].sum() != size:
        raise ValueError(
            f'{folder} must have {num} crops of {entries["size"].sum()} bytes, got {len(entries)} of {size}; two '
            'processes wrote it at once: remove it, and start one'
        )
    index = BytesIO()
    np.save(index, entries, allow_pickle=False)
    write_atomic(folder / INDEX, index.getvalue())
    sizes = {name: (folder / name).stat().st_size for name in (INDEX, CROPS)}
    write_atomic(folder / SETTINGS, dump_settings(dict(settings, sizes=sizes)))


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of the training; the same without a store')
    parser.add_argument('--out', required=True, help='folder to write; a run that was stopped goes on in it')
    parser.add_argument('--num-workers', type=at_least(0), default=0, help='processes; 0 works in this one')
    parser.add_argument('--max-size', type=int, help='longer side of a crop (default: the size of ResizeReference)')
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    """Write the store, and say what it holds and how long that took."""
    args = parse_args()
    cfg = read_config(args.config, args.cfg_options, needs=['train_dataloader'])
    start = time.perf_counter()
    store = CropStore(make_crop_store(cfg, args.out, args.num_workers, args.max_size))
    seconds = time.perf_counter() - start
    print(
        f'{len(store)} crops, {store.size / 2**20:.1f} MiB, {store.size / len(store):.0f} bytes a crop; {seconds:.0f} s'
    )


if __name__ == '__main__':
    run_tool(main)
