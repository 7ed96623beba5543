"""Episode and Reference: the two value types that every layer shares."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reference:
    """One annotated instance that shows a category.

    Attributes:
        ann_id: Its annotation id in the annotation file.
        img_id: Id of the image that it is cut from.
        img_path: File of that image.
        bbox: Its box, xyxy, float pixels of the original image.
        img_shape: (h, w) of that image as the annotation file states it; it decides whether the box belongs to the
            image as it is stored or as its EXIF rotation shows it.
        segmentation: Its mask as the annotation file has it, polygons or RLE; None where masks are not asked for.
    """

    ann_id: int | str
    img_id: int | str
    img_path: str
    bbox: tuple[float, float, float, float]
    img_shape: tuple[int, int] | None = None
    segmentation: dict | list | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Episode:
    """A category to search for in an image, with the references that show it.

    Attributes:
        label: Index of the category in ``metainfo['classes']``.
        cat_id: Its category id in the annotation file.
        references: The K references.
        run: Which of the repeated runs with fresh references this is, from 0.
        absent: Whether the image is known not to show the category.
    """

    label: int
    cat_id: int | str
    references: tuple[Reference, ...]
    run: int = 0
    absent: bool = False
