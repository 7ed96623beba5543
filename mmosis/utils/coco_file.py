"""Open a COCO-format annotation file, with clear words for what is wrong with it."""

from pathlib import Path

from mmdet.datasets.api_wrappers import COCO

from .json_file import read_json

# What is needed of every entry; of annotations more is checked below.
FIELDS = dict(
    images={'id', 'file_name', 'height', 'width'},
    annotations={'id'},
    categories={'id', 'name'},
)


def load_coco(ann_file: str) -> COCO:
    """Load and index an annotation file.

    Files that leave out ``iscrowd`` or ``area`` get 0 and the box's area, as COCO would have for plain boxes.

    Args:
        ann_file: Path of the JSON file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not COCO format, empty, or its ids or its category names are not unique.
    """
    dataset = _read(ann_file)
    for annotation in dataset['annotations']:
        annotation.setdefault('iscrowd', 0)
        annotation.setdefault('area', annotation['bbox'][2] * annotation['bbox'][3])
    coco = COCO()
    coco.dataset = dataset
    coco.createIndex()
    coco.img_ann_map, coco.cat_img_map = coco.imgToAnns, coco.catToImgs
    for key, index in (('images', coco.imgs), ('annotations', coco.anns), ('categories', coco.cats)):
        if len(index) != len(dataset[key]):
            raise ValueError(
                f'{ann_file}: ids of "{key}" must be unique, got {len(dataset[key])} with {len(index)} ids'
            )
    return coco


def _read(ann_file: str) -> dict:
    if not Path(ann_file).is_file():
        raise FileNotFoundError(
            f'annotation file {ann_file} does not exist; check data_root and ann_file in the config'
        )
    dataset = read_json(ann_file)
    for key, fields in FIELDS.items():
        if not isinstance(dataset, dict) or not dataset.get(key):
            raise ValueError(f'{ann_file} is not a COCO-format file with content: "{key}" is missing or empty')
        for entry in dataset[key]:
            if not fields <= entry.keys():
                raise ValueError(f'{ann_file}: entries of "{key}" must have {sorted(fields)}, got {str(entry)[:200]}')
    _check_annotations(ann_file, dataset)
    _check_names(ann_file, [category['name'] for category in dataset['categories']])
    return dataset


def _check_annotations(ann_file: str, dataset: dict) -> None:
    images = {image['id'] for image in dataset['images']}
    categories = {category['id'] for category in dataset['categories']}
    for annotation in dataset['annotations']:
        name = f'{ann_file}: annotation {annotation.get("id")}'
        if len(annotation.get('bbox') or ()) != 4:
            raise ValueError(f'{name} must have a bbox [x, y, width, height], got {annotation.get("bbox")}')
        if annotation.get('image_id') not in images:
            raise ValueError(f'{name} belongs to image {annotation.get("image_id")}, which "images" does not list')
        if annotation.get('category_id') not in categories:
            raise ValueError(f'{name} has category {annotation.get("category_id")}, which "categories" does not list')


def _check_names(ann_file: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f'{ann_file}: category names must be unique, since splits go by name; got twice: {", ".join(twice)}'
        )
