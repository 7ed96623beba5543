"""EpisodeRecord: what a file of episodes says of one."""

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mmosis.utils.atomic import open_atomic
from mmosis.utils.json_file import read_json, write_items

from .episode import Episode


@dataclass(frozen=True, order=True)
class EpisodeRecord:
    """A test episode by ids: enough to ask the same question again.

    Attributes:
        image_id: The searched image.
        run: Which of the runs with fresh references.
        category_id: The category that is searched for.
        reference_ids: Annotation ids of the K references.
        absent: Whether the image does not show the category, so that every detection is wrong.
    """

    image_id: int | str
    run: int
    category_id: int | str
    reference_ids: tuple[int | str, ...]
    absent: bool = False

    @classmethod
    def from_episode(cls, image_id: int | str, episode: Episode) -> 'EpisodeRecord':
        """Make the record of an episode."""
        ids = tuple(reference.ann_id for reference in episode.references)
        return cls(image_id, episode.run, episode.cat_id, ids, episode.absent)


MAX_RUNS = 10_000  # runs are kept in lists
FIELDS = dict(image_id=(int, str), run=int, category_id=(int, str), reference_ids=list, absent=bool)


def save_episodes(path: str | Path, info: dict, records: Iterable[EpisodeRecord]) -> None:
    """Write episodes as JSON, one a line, sorted by image, run and category.

    Args:
        path: The file.
        info: How they were drawn.
        records: The episodes.
    """
    with open_atomic(path) as file:
        file.write(f'{{"info": {json.dumps(info)},\n"episodes": [\n'.encode())
        write_items(file, map(asdict, sorted(records)), ',\n')
        file.write(b'\n]}\n')


def load_episodes(path: str | Path) -> tuple[dict, list[EpisodeRecord]]:
    """Read a file of episodes: how they were drawn, if it says so, and the episodes.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is not such a file, is empty or lists an episode twice.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'there is no file of episodes {path}; tools/test.py --dump writes one as episodes.json'
        )
    content = read_json(path)
    entries = content.get('episodes') if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError(f'{path} must have a list of "episodes", as tools/test.py --dump writes it, and has none')
    records = sorted(_parse(entry, path) for entry in entries)
    for one, other in itertools.pairwise(records):
        if (one.image_id, one.run, one.category_id) == (other.image_id, other.run, other.category_id):
            raise ValueError(
                f'{path}: category {one.category_id} of image {one.image_id} is listed twice in run {one.run}'
            )
    return content.get('info', {}), records


def _parse(entry: Mapping, path: str | Path) -> EpisodeRecord:
    entry = dict(dict(run=0, absent=False), **entry) if isinstance(entry, dict) else {}
    if set(entry) != set(FIELDS) or not all(isinstance(entry[name], types) for name, types in FIELDS.items()):
        raise ValueError(f'{path}: an episode must have {", ".join(FIELDS)} as tools/test.py writes them, got {entry}')
    if not 0 <= entry['run'] < MAX_RUNS:
        raise ValueError(f'{path}: the number of a run must be in 0-{MAX_RUNS - 1}, got {entry["run"]}')
    return EpisodeRecord(**{**entry, 'reference_ids': tuple(entry['reference_ids'])})
