"""What was found as Pascal VOC's annotations of boxes: an XML file for each image."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from .export_content import ExportContent, printable, write_text

ANNOTATIONS, IMAGES = 'Annotations', 'JPEGImages'
IMAGE_SET, LABEL_MAP = 'ImageSets/Main/default.txt', 'labelmap.txt'
NOT_IN_XML = re.compile('[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


def write_voc(content: ExportContent, folder: Path) -> list[Path]:
    """Write boxes in whole pixels that count from 1, as VOC has them; masks and scores have no place in the format.

    Arguments and result are those of :func:`~mmosis.search.exports.yolo_export.write_yolo`.
    """
    files = []
    for record in content.records:
        root = _describe(record, content.image_name(record['file_name']), content.classes)
        ElementTree.indent(root)
        files.append(folder / ANNOTATIONS / f'{content.stems[record["file_name"]]}.xml')
        write_text(files[-1], ElementTree.tostring(root, encoding='unicode'))
    stems = (printable(stem) for stem in content.stems.values())
    write_text(folder / IMAGE_SET, ''.join(f'{stem}\n' for stem in stems))
    # datumaro asks for the names of classes that are not VOC's own.
    names = ''.join(f'{printable(name)}:::\n' for name in ('background', *content.classes))
    write_text(folder / LABEL_MAP, f'# label:color_rgb:parts:actions\n{names}')
    return [*files, folder / IMAGE_SET, folder / LABEL_MAP]


def _describe(record: dict, image: str, classes: Sequence[str]) -> ElementTree.Element:
    root = ElementTree.Element('annotation')
    _add(root, folder=IMAGES, filename=image)
    _add(ElementTree.SubElement(root, 'size'), width=record['width'], height=record['height'], depth=3)
    _add(root, segmented=0)
    for row in record['found']:
        entry = ElementTree.SubElement(root, 'object')
        _add(entry, name=classes[row['label']], pose='Unspecified', truncated=0, difficult=0)
        x, y, width, height = row['bbox']
        left, top = round(x) + 1, round(y) + 1
        right, bottom = max(left, round(x + width)), max(top, round(y + height))
        _add(ElementTree.SubElement(entry, 'bndbox'), xmin=left, ymin=top, xmax=right, ymax=bottom)
    return root


def _add(parent: ElementTree.Element, **texts: str | int) -> None:
    for tag, text in texts.items():
        ElementTree.SubElement(parent, tag).text = NOT_IN_XML.sub('\ufffd', printable(str(text)))
