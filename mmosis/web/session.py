"""What one user has on the page, and what the buttons do with it: functions without a page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from mmosis.search import ReferenceBank, SearchReference
from mmosis.search.references import DEFAULT_NAME
from mmosis.structures import FoundObjects

from .pictures import Box, read_box, read_upload, shown_scale

MAX_PICTURES = 50  # of one user: they are kept in memory
MAX_NAME = 60  # letters


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture to search.

    Attributes:
        name: Its file name; no two of a session are the same.
        image: (H, W, 3) uint8, BGR.
        found: What was found in it, of all scores; None before the search.
    """

    name: str
    image: np.ndarray
    found: FoundObjects | None = None


@dataclass(frozen=True, eq=False)
class Session:
    """What one user has on the page; it is not changed, each action makes a new one.

    Attributes:
        references: What to search for; each has its image as an array.
        scenes: Where to search.
        reference: Which reference is shown.
        scene: Which scene is shown.
        keep_all: Whether a region may be of several categories.
        bank: The references, encoded; None once they have changed.
        seconds: What the last search took.
    """

    references: tuple[SearchReference, ...] = ()
    scenes: tuple[Scene, ...] = ()
    reference: int = 0
    scene: int = 0
    keep_all: bool = False
    bank: ReferenceBank | None = None
    seconds: float = 0.0

    @property
    def shown_reference(self) -> SearchReference | None:
        """The reference that is shown, if there is any."""
        return self.references[self.reference] if self.references else None

    @property
    def shown_scene(self) -> Scene | None:
        """The scene that is shown, if there is any."""
        return self.scenes[self.scene] if self.scenes else None


class Desk:
    """Holds the session of one user, which events change one after the other, also while a search runs.

    Attributes:
        session: What the user has by now.
        lock: To be held while it is changed and shown.
    """

    def __init__(self) -> None:
        self.session = Session()
        self.lock = RLock()

    def __deepcopy__(self, memo: dict) -> 'Desk':
        """Gradio copies the first value for each user."""
        return Desk()

    def change(self, action: Callable[..., Session], *values: Any) -> bool:
        """Let an action of the session and the values make the new session; returns whether it is another one."""
        with self.lock:
            before, self.session = self.session, action(self.session, *values)
            return self.session is not before


def add_references(session: Session, paths: Iterable[str]) -> tuple[Session, list[str]]:
    """Add pictures as references, each as a whole; they have the name of the one that was shown.

    Returns:
        tuple: The session, and what went wrong with which file.
    """
    images, problems = _read_all(paths, MAX_PICTURES - len(session.references))
    name = session.shown_reference.name if session.references else DEFAULT_NAME
    added = tuple(SearchReference(image, name=name) for _, image in images)
    return (with_references(session, session.references + added) if added else session), problems


def add_scenes(session: Session, paths: Iterable[str]) -> tuple[Session, list[str]]:
    """Add pictures to search; the first new one is shown.

    Returns:
        tuple: The session, and what went wrong with which file.
    """
    images, problems = _read_all(paths, MAX_PICTURES - len(session.scenes))
    scenes = list(session.scenes)
    for name, image in images:
        scenes.append(Scene(_new_name(name, [scene.name for scene in scenes]), image))
    shown = len(session.scenes) if images else session.scene
    return replace(session, scenes=tuple(scenes), scene=shown), problems


def with_references(session: Session, references: Sequence[SearchReference], shown: int = -1) -> Session:
    """Give a session other references; what was found for the old ones is forgotten.

    Args:
        session: The session.
        references: The new ones.
        shown: Which of them is shown, by default the last.
    """
    shown = max(0, len(references) + shown if shown < 0 else min(shown, len(references) - 1))
    return replace(_unsearched(session), references=tuple(references), reference=shown, bank=None)


def draw_on_reference(session: Session, value: dict | None) -> Session:
    """Take the box that is drawn on the reference that is shown; without one the whole picture counts.

    Args:
        session: The session.
        value: Value of the box-drawing widget.

    Raises:
        ValueError: If the box cannot be used.
    """
    shown = session.shown_reference
    if shown is None:
        return session
    box = read_box(value, shown.img)
    return session if _is_same(box, shown.bbox, 1 / shown_scale(shown.img)) else _edit(session, bbox=box)


def _is_same(box: Box | None, other: Box | None, tolerance: float) -> bool:
    """Whether boxes differ by no more than a pixel of the page, to which the widget rounds."""
    if box is None or other is None:
        return box is other
    return bool(np.abs(np.subtract(box, other)).max() <= tolerance)


def pick_from_scene(session: Session, value: dict | None) -> Session:
    """Take the object that is marked in the scene that is shown as a reference: this one here.

    Args:
        session: The session.
        value: Value of the box-drawing widget.

    Raises:
        ValueError: If there is no scene, no box that can be used, or no room.
    """
    if session.shown_scene is None:
        raise ValueError('there is no picture to search yet; drop one first')
    box = read_box(value, session.shown_scene.image)
    if box is None:
        raise ValueError('draw a box around the object in the scene first')
    if len(session.references) >= MAX_PICTURES:
        raise ValueError(f'there are {MAX_PICTURES} references already; remove one first')
    name = session.shown_reference.name if session.references else DEFAULT_NAME
    picked = SearchReference(session.shown_scene.image, box, name=name)
    return with_references(session, [*session.references, picked])


def select_reference(session: Session, index: int) -> Session:
    """Show another reference."""
    return replace(session, reference=index)


def select_scene(session: Session, index: int) -> Session:
    """Show another scene."""
    return replace(session, scene=index)


def rename(session: Session, name: str) -> Session:
    """Rename the reference that is shown.

    Raises:
        ValueError: If the name is empty or too long.
    """
    name = name.strip()
    if session.references and not 0 < len(name) <= MAX_NAME:
        raise ValueError(f'a reference needs a name, of at most {MAX_NAME} letters')
    return _edit(session, name=name)


def set_negative(session: Session, negative: bool) -> Session:
    """Make the reference that is shown one of what is not meant, or of what is."""
    return _edit(session, negative=negative)


def remove_reference(session: Session) -> Session:
    """Remove the reference that is shown."""
    kept = [each for i, each in enumerate(session.references) if i != session.reference]
    return with_references(session, kept, session.reference)


def remove_scene(session: Session) -> Session:
    """Remove the scene that is shown."""
    kept = tuple(each for i, each in enumerate(session.scenes) if i != session.scene)
    return replace(session, scenes=kept, scene=max(0, min(session.scene, len(kept) - 1)))


def set_keep_all(session: Session, keep_all: bool) -> Session:
    """Choose whether a region may be of several categories; what was found otherwise is forgotten."""
    return session if keep_all == session.keep_all else replace(_unsearched(session), keep_all=keep_all)


def _edit(session: Session, **changes: Any) -> Session:
    """Change the reference that is shown."""
    shown = session.shown_reference
    if shown is None or all(getattr(shown, key) == value for key, value in changes.items()):
        return session
    references = list(session.references)
    references[session.reference] = replace(shown, **changes)
    return with_references(session, references, session.reference)


def _unsearched(session: Session) -> Session:
    return replace(session, scenes=tuple(replace(scene, found=None) for scene in session.scenes))


def _read_all(
    paths: Iterable[str], room: int, read: Callable[[str], np.ndarray] = read_upload
) -> tuple[list[tuple[str, np.ndarray]], list[str]]:
    images, problems = [], []
    for path in paths:
        try:
            if len(images) >= room:
                raise ValueError(f'{Path(path).name} is left out: there are {MAX_PICTURES} pictures already')
            images.append((Path(path).name, read(path)))
        except ValueError as error:
            problems.append(str(error))
    return images, problems


def _new_name(name: str, taken: Sequence[str]) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix
    names = (f'{stem} ({i}){suffix}' if i > 1 else name for i in range(1, len(taken) + 2))
    return next(new for new in names if new not in taken)
