"""What is boxed on a searched image: it is in the result once, whatever the network found."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmosis.search.boxed_objects import BoxedObject, image_digest, lift_boxed, with_boxed
from mmosis.structures import FoundObjects, RLEMasks

SHAPE = (40, 60)
BOX = (10.0, 5.0, 30.0, 25.0)


def find(*rows: tuple[tuple[float, ...], float, int], masks: bool = True) -> FoundObjects:
    """Detections (box, score, label), whose masks are their boxes."""
    columns = dict(
        bboxes=np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        scores=np.array([row[1] for row in rows], np.float32),
        labels=np.array([row[2] for row in rows], int),
    )
    if masks:
        columns['masks'] = RLEMasks.encode(np.array([fill(row[0]) for row in rows], bool).reshape(-1, *SHAPE))
    return FoundObjects(**columns)


def fill(box: tuple[float, ...]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    x1, y1, x2, y2 = map(int, box)
    mask[y1:y2, x1:x2] = True
    return mask


def tell(found: FoundObjects) -> list[tuple]:
    rows = zip(found.bboxes.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True)
    return sorted((tuple(box), score, label) for box, score, label in rows)


def test_its_detection_becomes_the_object_and_duplicates_go() -> None:
    near, nearer, far = (10, 5, 30, 21), (10, 5, 30, 24), (40, 5, 55, 20)
    before = find((near, 0.75, 0), (nearer, 0.25, 0), (far, 0.5, 0), (nearer, 0.625, 1))
    found = with_boxed(before, [BoxedObject(0, BOX)], SHAPE)
    assert tell(found) == sorted([(nearer, 1.0, 0), (far, 0.5, 0), (nearer, 0.625, 1)])
    np.testing.assert_array_equal(found.masks[:1].numpy()[0], fill(nearer))


def test_without_a_detection_it_has_its_own_box_and_mask() -> None:
    other = ((10, 5, 20, 15), 0.875, 0)  # an IoU of a quarter
    outline = mask_utils.encode(np.asfortranarray(fill((12, 7, 20, 20)), np.uint8))['counts'].decode()
    for text, mask in ((None, fill(BOX)), (outline, fill((12, 7, 20, 20)))):
        for found in (find(other), find()):
            given = with_boxed(found, [BoxedObject(1, BOX, text)], SHAPE)
            assert tell(given) == sorted([(BOX, 1.0, 1), *tell(found)])
            np.testing.assert_array_equal(given.masks[:1].numpy()[0], mask)
            assert (given.scores.dtype, given.bboxes.dtype) == (np.float32, np.float32)


def test_a_box_covers_the_pixels_that_it_touches() -> None:
    given = with_boxed(find(), [BoxedObject(0, (58.5, 38.2, 60.0, 40.0))], SHAPE)
    np.testing.assert_array_equal(given.masks.numpy()[0], fill((58, 38, 60, 40)))


def test_a_model_without_masks() -> None:
    assert list(with_boxed(find(masks=False), [BoxedObject(0, BOX)], SHAPE)) == ['bboxes', 'scores', 'labels']


def test_one_object_that_is_boxed_twice_is_one() -> None:
    again = (11.0, 5.0, 30.0, 26.0)
    assert tell(with_boxed(find(), [BoxedObject(0, BOX), BoxedObject(0, again)], SHAPE)) == [(BOX, 1.0, 0)]


def test_its_detections_are_lifted_in_a_view() -> None:
    """The view begins at (5, 5)."""
    found = find(((5, 0, 25, 20), 0.01, 0), ((5, 0, 25, 20), 0.02, 1), ((40, 0, 50, 9), 0.03, 0))
    assert lift_boxed(found, [BoxedObject(0, BOX)], (5, 5)).scores.tolist() == pytest.approx([1, 0.02, 0.03])
    assert lift_boxed(found, [], (5, 5)).scores.tolist() == found.scores.tolist()


def test_a_digest_tells_pictures_apart() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    other = picture.copy()
    other[3, 5, 2] = 1
    digests = [image_digest(each) for each in (picture, other, picture.reshape(6, 4, 3), picture[:, ::-1])]
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]  # the same pixels
    assert all(len(digest) == 32 for digest in digests)
