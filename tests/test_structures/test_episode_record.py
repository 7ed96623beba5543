import json
from pathlib import Path

import pytest

from mmosis.structures import EpisodeRecord, load_episodes, save_episodes

RECORDS = [EpisodeRecord(7, 0, 3, (5,)), EpisodeRecord(2, 1, 3, (5, 6)), EpisodeRecord(2, 0, 4, (9,), absent=True)]


def test_episodes_come_back_sorted_by_image_and_run(tmp_path: Path) -> None:
    path = tmp_path / 'episodes.json'
    save_episodes(path, dict(seed=1), RECORDS)
    assert load_episodes(path) == (dict(seed=1), [RECORDS[2], RECORDS[1], RECORDS[0]])
    content = json.loads(path.read_text())
    assert content['episodes'][0] == dict(image_id=2, run=0, category_id=4, reference_ids=[9], absent=True)


def test_a_list_by_hand_needs_only_ids(tmp_path: Path) -> None:
    path = tmp_path / 'mine.json'
    path.write_text(json.dumps(dict(episodes=[dict(image_id=1, category_id=3, reference_ids=[5])])))
    assert load_episodes(path) == ({}, [EpisodeRecord(1, 0, 3, (5,))])


ENTRY = dict(image_id=1, category_id=3, reference_ids=[5])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{', 'is not a JSON file'),
        ('[]', r'must have a list of "episodes", as tools/test.py --dump writes it, and has none'),
        ('{"episodes": []}', 'must have a list of "episodes"'),
        (json.dumps(dict(episodes=[7])), 'an episode must have image_id, run, category_id, reference_ids, absent'),
        (json.dumps(dict(episodes=[dict(ENTRY, image_id=None)])), 'an episode must have image_id'),
        (json.dumps(dict(episodes=[dict(ENTRY, colour='red')])), 'an episode must have image_id'),
        (json.dumps(dict(episodes=[dict(ENTRY, run=-1)])), 'the number of a run must be in 0-9999, got -1'),
        (json.dumps(dict(episodes=[dict(ENTRY, run=10**9)])), 'the number of a run must be in 0-9999, got 1000000000'),
        (json.dumps(dict(episodes=[ENTRY, ENTRY])), 'category 3 of image 1 is listed twice in run 0'),
    ],
)
def test_files_that_are_not_such_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / 'episodes.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_episodes(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r'there is no file of episodes .*none.json; tools/test.py --dump writes'
    ):
        load_episodes(tmp_path / 'none.json')
