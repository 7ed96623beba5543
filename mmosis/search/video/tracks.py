"""Tracks: which objects in the frames of a video are the same one."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec

import numpy as np

from mmosis.search.exports.coco_export import describe_image, to_xyxy
from mmosis.search.nms import box_iou
from mmosis.structures import FoundObjects
from mmosis.utils.install import install_hint

MIN_IOU = 0.1  # of an object in two frames, as ByteTrack has it
WEAK = 0.5  # of the threshold: objects from there up continue tracks and begin none
Row = dict  # an object in a record


def require_trackers() -> None:
    """Refuse tracks where they cannot be made.

    Raises:
        ImportError: If ``trackers`` is not installed.
    """
    if find_spec('trackers') is None:
        raise ImportError(f'tracks are made by the package trackers, which is not installed: {install_hint("video")}')


def describe_weak(found: FoundObjects, score_thr: float) -> list[Row]:
    """Describe the objects just below a threshold, without their masks.

    Args:
        found: What was found in a frame, at all scores.
        score_thr: Lowest score of what is kept.
    """
    weak = found[(found.scores < score_thr) & (found.scores >= WEAK * score_thr)]
    boxes = FoundObjects(bboxes=weak.bboxes, scores=weak.scores, labels=weak.labels)
    return describe_image('', (0, 0), boxes, score_thr=0.0)['found']


class ObjectTracker:
    """ByteTrack, one for each category, so that an object never continues one of another category.

    Args:
        fps: How many frames a second are searched; an object that is lost may come back within one second.
        score_thr: Lowest score of what begins a track; what scores less is matched after all others.
    """

    def __init__(self, fps: float, score_thr: float) -> None:
        self._settings = dict(frame_rate=fps, track_activation_threshold=score_thr, high_conf_det_threshold=score_thr)
        self._trackers: dict[int, object] = {}
        self._ids: dict[tuple[int, int], int] = {}

    def update(self, rows: Sequence[Row]) -> None:
        """Give the objects of the next frame their ``track_id``; one that is seen for the first time has none yet."""
        import supervision as sv
        from trackers import ByteTrackTracker

        for label in sorted({row['label'] for row in rows} | self._trackers.keys()):
            tracker = self._trackers.setdefault(label, ByteTrackTracker(**self._settings))
            mine = [row for row in rows if row['label'] == label]
            found = sv.Detections.empty()
            if mine:
                scores, order = np.array([row['score'] for row in mine]), np.arange(len(mine))
                found = sv.Detections(to_xyxy(mine), confidence=scores, data=dict(row=order))
            tracked = tracker.update(found)
            for row, number in zip(tracked.data.get('row', ()), tracked.tracker_id, strict=True):
                if number >= 0:
                    mine[row]['track_id'] = self._ids.setdefault((label, int(number)), len(self._ids) + 1)


def complete_tracks(frames: Iterable[dict]) -> list[dict]:
    """Give all objects of a video a ``track_id``: tracks begin a frame earlier, and what is seen once has its own.

    Args:
        frames: Records of the frames, in their order; they stay as they are.
    """
    frames = [dict(frame, found=[dict(row) for row in frame['found']]) for frame in frames]
    known: set[int] = set()
    before: list[Row] = []
    for frame in frames:
        begun = [row for row in frame['found'] if row.get('track_id', 0) not in known | {0}]
        for row in begun:
            _lengthen(row, [each for each in before if 'track_id' not in each and each['label'] == row['label']])
        known |= {row['track_id'] for row in begun}
        before = frame['found']
    for row in (row for frame in frames for row in frame['found'] if 'track_id' not in row):
        row['track_id'] = max(known, default=0) + 1
        known.add(row['track_id'])
    return frames


def _lengthen(row: Row, before: Sequence[Row]) -> None:
    """Give the nearest object of the frame before the track of one."""
    if before:
        overlaps = box_iou(to_xyxy([row]), to_xyxy(before))[0]
        if overlaps.max() >= MIN_IOU:
            before[int(overlaps.argmax())]['track_id'] = row['track_id']
