"""Objects keep their ids from frame to frame."""

import numpy as np
import pytest
from moving_squares import FPS, NUM_FRAMES, SQUARES, place

from mmosis.search.video import tracks
from mmosis.search.video.tracks import ObjectTracker, complete_tracks, describe_weak, require_trackers
from mmosis.structures import FoundObjects


def describe(number: int, missing: dict[int, range] | None = None) -> dict:
    """Record of a frame; squares may be missing in some."""
    rows = []
    for square, (label, _, _) in enumerate(SQUARES):
        x1, y1, x2, y2 = place(square, number)
        if number not in (missing or {}).get(square, ()):
            rows.append(dict(label=label, score=0.9 - 0.01 * square, bbox=[x1, y1, x2 - x1, y2 - y1], square=square))
    return dict(frame=number, found=rows[:: -1 if number % 2 else 1])


def track(missing: dict[int, range] | None = None) -> list[dict]:
    tracker, frames = ObjectTracker(FPS, 0.5), [describe(number, missing) for number in range(NUM_FRAMES)]
    for frame in frames:
        tracker.update(frame['found'])
    return frames


def ids(frames: list[dict]) -> dict[int, list[int]]:
    """Ids of each square, frame after frame."""
    rows = [row for frame in frames for row in frame['found']]
    return {square: [row.get('track_id') for row in rows if row['square'] == square] for square in range(len(SQUARES))}


def test_ids_stay() -> None:
    """From the second frame on; objects come in any order, and pass each other."""
    found = ids(track())
    assert [set(each[1:]) for each in found.values()] == [{1}, {2}, {3}]
    assert [each[0] for each in found.values()] == [None] * 3


def test_the_first_frame_joins() -> None:
    frames = track()
    assert [set(each) for each in ids(complete_tracks(frames)).values()] == [{1}, {2}, {3}]
    assert ids(frames)[0][0] is None


def test_an_object_that_is_lost_for_a_while_comes_back() -> None:
    found = ids(complete_tracks(track({0: range(10, 16), 2: range(20)})))
    assert [set(each) for each in found.values()] == [{1}, {2}, {3}]
    assert [len(each) for each in found.values()] == [NUM_FRAMES - 6, NUM_FRAMES, NUM_FRAMES - 20]


def test_weak_objects_continue_a_track_and_begin_none() -> None:
    tracker, frames = ObjectTracker(FPS, 0.5), []
    for number in range(NUM_FRAMES):
        moving = dict(label=0, score=0.3 if number in range(5, 9) else 0.9, bbox=[10 + 12 * number, 10, 20, 20])
        frames.append(dict(found=[moving, dict(label=0, score=0.4, bbox=[10, 80, 20, 20])]))
        tracker.update(frames[-1]['found'])
    assert {frame['found'][0].get('track_id') for frame in frames[1:]} == {1}
    assert not any('track_id' in frame['found'][1] for frame in frames)


def test_weak_objects_are_those_below_the_threshold() -> None:
    scores = np.array([0.9, 0.4, 0.39, 0.2, 0.19], np.float32)
    boxes = np.tile(np.array([1, 2, 4, 6], np.float32), (5, 1))
    rows = describe_weak(FoundObjects(bboxes=boxes, scores=scores, labels=np.arange(5)), score_thr=0.4)
    assert [(row['label'], row['bbox']) for row in rows] == [(2, [1.0, 2.0, 3.0, 4.0]), (3, [1.0, 2.0, 3.0, 4.0])]


def test_a_category_does_not_continue_another() -> None:
    tracker, frames = ObjectTracker(FPS, 0.5), []
    for number in range(10):
        frames.append(dict(found=[dict(label=int(number > 4), score=0.9, bbox=[10, 10, 20, 20])]))
        tracker.update(frames[-1]['found'])
    assert [frame['found'][0]['track_id'] for frame in complete_tracks(frames)] == [1] * 5 + [2] * 5


def test_what_is_seen_once_has_its_own() -> None:
    frames = track()
    frames[7]['found'].append(dict(label=0, score=0.9, bbox=[60, 100, 9, 9], square=0))
    assert complete_tracks(frames)[7]['found'][-1]['track_id'] == 4
    assert complete_tracks([dict(found=[])]) == [dict(found=[])]


def test_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, 'find_spec', lambda _: None)
    with pytest.raises(ImportError, match=r'tracks are made by the package trackers, .*\[video\]'):
        require_trackers()
