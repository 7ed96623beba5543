"""Names of the formats in which what was found is exported."""

from difflib import get_close_matches

FORMATS = ('coco', 'yolo', 'labelme', 'voc', 'csv')


def check_format(format: str) -> None:
    """Refuse a format that there is not.

    Raises:
        ValueError: Says which there are, and which may be meant.
    """
    if format not in FORMATS:
        near = get_close_matches(str(format), FORMATS, 1)
        meant = f'; did you mean {near[0]}?' if near else ''
        raise ValueError(f'the format must be one of {", ".join(FORMATS)}, got {format!r}{meant}')
