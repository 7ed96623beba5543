"""The label config of a Label Studio project: which of its tags draw what, and on which image."""

from collections.abc import Iterable
from typing import NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate

TYPES = ('brushlabels', 'polygonlabels', 'rectanglelabels')  # of regions; where a label has several, the first is taken
MAX_LENGTH = 2**20  # characters
THRESHOLD = 'model_score_threshold'  # attribute, as in Label Studio's own examples


class Control(NamedTuple):
    """A tag that draws regions on an image.

    Attributes:
        name: Its name.
        to_name: Name of the image's tag.
        type: Type of its regions, one of TYPES.
        labels: Names that regions may have.
        data_key: Field of a task's data that has the address of the image.
        score_thr: Lowest score, if the tag says one.
    """

    name: str
    to_name: str
    type: str
    labels: tuple[str, ...]
    data_key: str
    score_thr: float | None


def read_label_config(text: str) -> list[Control]:
    """Read a label config.

    Returns:
        list: Its tags for regions on images, in the order of TYPES.

    Raises:
        ValueError: If it is no XML, has a document type, which may define entities, or has no such tag.
    """
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        raise ValueError(f'a label config is a text of at most {MAX_LENGTH} characters')
    images, controls = {}, []
    for tag, attributes, labels in _read_tags(text):
        if tag == 'image' and attributes.get('value', '').startswith('$'):
            images[attributes.get('name')] = attributes['value'][1:]
        elif tag in TYPES:
            controls.append((tag, attributes, labels))
    found = [
        Control(
            attributes.get('name', ''),
            attributes['toName'],
            tag,
            tuple(labels),
            images[attributes['toName']],
            _read_threshold(attributes.get(THRESHOLD)),
        )
        for tag, attributes, labels in controls
        if attributes.get('toName') in images
    ]
    if not found:
        raise ValueError(
            'the label config has no RectangleLabels, PolygonLabels or BrushLabels for an Image; mmosis draws these'
        )
    return sorted(found, key=lambda control: TYPES.index(control.type))


def find_control(controls: Iterable[Control], label: str) -> Control | None:
    """Find the tag for the regions of a label."""
    return next((control for control in controls if label in control.labels), None)


def _read_tags(text: str) -> list[tuple[str, dict[str, str], list[str]]]:
    """Read the tags: name in small letters, attributes, and names of the labels in it."""
    tags: list[tuple[str, dict[str, str], list[str]]] = []
    open_tags = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.lower() == 'label' and open_tags:
            open_tags[-1][2].append(attributes.get('alias') or attributes.get('value', ''))
        tags.append((tag.lower(), attributes, []))
        open_tags.append(tags[-1])

    def refuse(*_) -> None:
        raise ValueError('a label config has no document type, which could define entities')

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, lambda _: open_tags.pop()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except (ExpatError, UnicodeEncodeError) as error:
        raise ValueError(f'the label config is no XML: {error}') from error
    return tags


def _read_threshold(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        threshold = float(text)
    except ValueError:
        threshold = -1.0
    if not 0 <= threshold <= 1:
        raise ValueError(f'{THRESHOLD} must be a number from 0 to 1, got {text[:50]!r}')
    return threshold
