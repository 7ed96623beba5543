"""The route of exports: annotations in another format, with overlays and crops, as a zip."""

import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Semaphore
from typing import IO

import numpy as np
from pycocotools import mask as mask_utils
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mmosis.search.exports import write_crops
from mmosis.search.exports.coco_export import encode_outlines, read_record
from mmosis.search.exports.coco_import import from_coco
from mmosis.search.exports.export_content import ExportContent
from mmosis.search.exports.export_formats import write_records
from mmosis.search.overlay import draw_search, write_image
from mmosis.utils.file_names import fit_name
from mmosis.utils.format_names import check_format

from .form import Form, UploadLimits
from .form_references import read_polygons

FIELDS = ('annotations', 'format', 'polygons', 'overlays', 'crops', 'images')
AT_A_TIME = 2  # exports: each takes a core and the memory of an image
MAX_CROPS = 500_000_000  # pixels of all crops of an export
CHUNK = 2**18  # bytes
STORED = ('.jpg', '.jpeg', '.png', '.webp')  # are compressed already


def export_routes(limits: UploadLimits) -> list[Route]:
    """Make the route.

    Args:
        limits: Of what is uploaded.
    """
    slots = Semaphore(AT_A_TIME)

    async def export(request: Request) -> Response:
        async with Form.read(request, limits) as form:
            file = await run_in_threadpool(_export, form, slots)
            name = f'mmosis-{form.text("format")}.zip'
        size = file.seek(0, 2)
        headers = {'Content-Length': str(size), 'Content-Disposition': f'attachment; filename="{name}"'}
        return StreamingResponse(_chunks(file), media_type='application/zip', headers=headers)

    return [Route('/export', export, methods=['POST'])]


def _export(form: Form, slots: Semaphore) -> IO[bytes]:
    form.check_names(FIELDS, several=['images'])
    check_format(form.text('format'))
    tolerance = read_polygons(form)
    with slots, TemporaryDirectory(prefix='mmosis-export-') as folder:
        records, classes = from_coco(form.json('annotations'))
        content = ExportContent(records, classes, tolerance)
        images = _write_images(form, content, Path(folder, 'sent'))
        out = Path(folder, 'out')
        write_records(content, form.text('format'), out, images)
        _draw(form, content, images, out)
        return _zip(out)


def _write_images(form: Form, content: ExportContent, folder: Path) -> dict[str, Path]:
    """Write the images of a form to a folder, under numbers; returns where each is by its name."""
    files = form.files('images') if 'images' in form else []
    shapes = {record['file_name']: (record['width'], record['height']) for record in content.records}
    most = form.limits.max_pixels
    for name, (width, height) in shapes.items():
        if width * height > most:  # its masks are decoded
            raise ValueError(f'image {name} has {width}x{height} pixels (w x h), more than {most}')
    written = {}
    folder.mkdir()
    for number, file in enumerate(files):
        if file.filename not in shapes:
            raise ValueError(f'{(file.filename or "an image")[:100]} is the file_name of no image in annotations')
        form.check_size(file)
        written[file.filename] = folder / str(number)
        with written[file.filename].open('wb') as target:
            shutil.copyfileobj(file.file, target)
    return written


def _draw(form: Form, content: ExportContent, images: dict[str, Path], out: Path) -> None:
    """Draw what was found in each image that was sent, and cut it out, as the form wants it."""
    overlays, crops = form.flag('overlays'), form.flag('crops')
    if (overlays or crops) and not images:
        raise ValueError('overlays and crops need the images: send them as files of the field images')
    records = [record for record in content.records if record['file_name'] in images] if overlays or crops else []
    if crops:
        _check_crops(records)
    for record in records:
        image = form.decode(images[record['file_name']].read_bytes(), record['file_name'])
        _check_shape(image, record)
        if overlays:
            drawn = draw_search(image[..., ::-1], read_record(record), content.classes)
            write_image(out / 'overlays' / fit_name(f'{content.stems[record["file_name"]]}.jpg'), drawn)
        if crops:
            write_crops(image, record, content.classes, out / 'crops')


def _check_crops(records: Iterable[dict]) -> None:
    """Refuse crops that would be too large together: many objects may have all of an image each."""
    boxes = [box for record in records for box in map(mask_utils.toBbox, encode_outlines(record))]
    num_pixels = sum(width * height for _, _, width, height in boxes)
    if num_pixels > MAX_CROPS:
        raise ValueError(
            f'the crops would have {num_pixels / 10**6:.0f} million pixels, more than {MAX_CROPS // 10**6} million; '
            'export fewer images at a time, or without crops'
        )


def _check_shape(image: np.ndarray, record: dict) -> None:
    height, width = image.shape[:2]
    if (height, width) != (record['height'], record['width']):
        raise ValueError(
            f'{record["file_name"]} has {width}x{height} pixels (w x h), and annotations says '
            f'{record["width"]}x{record["height"]}'
        )


def _zip(folder: Path) -> IO[bytes]:
    """Pack a folder into a file without a name, which goes when it is closed."""
    file = TemporaryFile()  # noqa: SIM115
    with zipfile.ZipFile(file, 'w') as packed:
        for path in sorted(folder.rglob('*')):
            if path.is_file():
                stored = path.suffix.lower() in STORED
                how = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                packed.write(path, path.relative_to(folder).as_posix(), how)
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk
