"""Read what a form says of references and options of a search."""

from dataclasses import replace
from typing import Any

from mmosis.search import SearchOptions, SearchReference
from mmosis.search.exports.outlines import as_tolerance

from .form import Form

KEYS = ('image', 'box', 'mask', 'name', 'negative')
MAX_REFERENCES = 100  # of a request, which keeps the model as long
OPTION_FIELDS = ('score_thr', 'keep_all', 'polygons', 'add_boxed', 'tile', 'overlap', 'image_scale')
NUMBERS = dict(score_thr=float, overlap=float, tile=int, image_scale=int)


def read_references(form: Form) -> list[SearchReference]:
    """Read the field ``references``, with the images of its files.

    Raises:
        ValueError: If it is no list of references, or an image is missing or cannot be read.
    """
    listed = form.json('references')
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ValueError('references must be a list of objects, e.g. [{"image": "file", "box": [10, 20, 90, 80]}]')
    if len(listed) > MAX_REFERENCES:
        raise ValueError(f'there are {len(listed)} references, and a request may have {MAX_REFERENCES}')
    return [_read_reference(form, entry) for entry in listed]


def files_of_references(form: Form) -> set[str]:
    """Names of the files that references name; none where they cannot be read, which comes out later."""
    listed = form.json('references') if 'references' in form else None
    entries = listed if isinstance(listed, list) else []
    return {str(entry.get('image')) for entry in entries if isinstance(entry, dict)}


def _read_reference(form: Form, entry: dict[str, Any]) -> SearchReference:
    unknown = sorted(set(entry) - set(KEYS))
    if unknown:
        raise ValueError(f'a reference has the keys {", ".join(KEYS)}; got {", ".join(unknown)[:100]}')
    given = {key: value for key, value in entry.items() if value is not None}
    name = given.pop('image', None)
    if 'box' in given:
        given['bbox'] = given.pop('box')
    if name is None and 'image' not in form:
        raise ValueError('image of a reference must name a file of the form; there is no searched image here')
    if name is None and not {'bbox', 'mask'} & set(given):
        raise ValueError('a reference on the searched image needs a box or a mask')
    if not isinstance(name, str | None):
        raise ValueError(f'image of a reference must name a file of the form, got {str(name)[:100]}')
    source = 'the searched image' if name is None else form.file_name(name)
    try:
        return SearchReference(None if name is None else form.image(name, alpha=True), **given, source=source)
    except TypeError as error:
        raise ValueError(str(error)) from error


def read_options(form: Form, defaults: SearchOptions) -> SearchOptions:
    """Read the options of a search.

    Raises:
        ValueError: If one is of another type, or out of its range.
    """
    changes: dict[str, Any] = {}
    for name, number in NUMBERS.items():
        if name in form:
            text = form.text(name)
            try:
                changes[name] = number(text)
            except ValueError:
                changes[name] = text  # the options refuse it
    for name in ('keep_all', 'add_boxed'):
        changes[name] = form.flag(name, getattr(defaults, name))
    if 'polygons' in form:
        changes['polygons'] = read_polygons(form)
    try:
        return replace(defaults, **changes)
    except TypeError as error:
        raise ValueError(str(error)) from error


def read_polygons(form: Form) -> float | None:
    """Read the field ``polygons``: a tolerance in pixels, or whether there are to be polygons; None for RLE.

    Raises:
        ValueError: If it is something else, or below 0.
    """
    text = form.text('polygons')
    if text.lower() in ('', 'true', 'false'):
        return as_tolerance(text.lower() == 'true')
    try:
        return as_tolerance(float(text))
    except ValueError as error:
        said = f', got {text[:100]!r}' if 'could not convert' in str(error) else f': {error}'
        raise ValueError(f'polygons is a tolerance in pixels, true or false{said}') from error
