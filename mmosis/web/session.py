"""Session: the state of one user's page, and the actions on it as functions that need no page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmosis.search import ReferenceBank, SearchReference
from mmosis.search.images import load_image
from mmosis.search.references import DEFAULT_NAME
from mmosis.search.views import Plan
from mmosis.structures import FoundObjects

from .page_images import Box, load_reference, read_box, read_upload

MAX_IMAGES = 50  # references, and as many scenes, of one user: they are kept in memory
MAX_USER_PIXELS = 400_000_000  # of all images of one user: 1.2 GB
MAX_NAME = 60  # letters


@dataclass(frozen=True, eq=False)
class Scene:
    """An image to search.

    Attributes:
        name: Its file name; no two of a session are the same.
        image: (H, W, 3) uint8, BGR.
        found: What was found in it, of all scores; None before the search.
        plans: In which views it was searched.
        box: Around the object in it that is to be a reference, xyxy, pixels; None without one.
    """

    name: str
    image: np.ndarray
    found: FoundObjects | None = None
    plans: tuple[Plan, ...] = ()
    box: Box | None = None

    @property
    def key(self) -> str:
        """Identifies it."""
        return str(id(self.image))


@dataclass(frozen=True, eq=False)
class Session:
    """State of one user's page; it is not changed, each action makes a new one.

    Attributes:
        references: What to search for; each has its image as an array.
        scenes: Where to search.
        reference: Which reference is shown.
        scene: Which scene is shown.
        keep_all: Whether a region may be of several categories.
        bank: The references, encoded; None once they have changed.
        seconds: What the last search took.
        views: Of the scene that a search is at, how many views have been looked at, and how many there are.
    """

    references: tuple[SearchReference, ...] = ()
    scenes: tuple[Scene, ...] = ()
    reference: int = 0
    scene: int = 0
    keep_all: bool = False
    bank: ReferenceBank | None = None
    seconds: float = 0.0
    views: tuple[int, int] | None = None

    @property
    def shown_reference(self) -> SearchReference | None:
        """The reference that is shown, if there is any."""
        return self.references[self.reference] if self.references else None

    @property
    def reference_key(self) -> str:
        """Identifies the reference that is shown; several may be of one image."""
        return f'{self.reference} {id(self.shown_reference and self.shown_reference.img)}'

    @property
    def num_pixels(self) -> int:
        """Of all its images."""
        images = [reference.img for reference in self.references] + [scene.image for scene in self.scenes]
        return sum(height * width for height, width in {id(image): image.shape[:2] for image in images}.values())

    @property
    def shown_scene(self) -> Scene | None:
        """The scene that is shown, if there is any."""
        return self.scenes[self.scene] if self.scenes else None


def add_references(
    session: Session, paths: Iterable[str], max_pixels: int = MAX_USER_PIXELS
) -> tuple[Session, list[str]]:
    """Add images as references, each as a whole, of a cut-out what is opaque; their name is that of the one shown.

    Args:
        session: The session.
        paths: Their files.
        max_pixels: Pixels that all images of the session may have.

    Returns:
        tuple: The session, and what went wrong with which file.
    """
    images, problems = _read_all(
        paths, MAX_IMAGES - len(session.references), max_pixels - session.num_pixels, load_reference
    )
    name = session.shown_reference.name if session.references else DEFAULT_NAME
    added = tuple(SearchReference(image, name=name) for _, image in images)
    return (with_references(session, session.references + added) if added else session), problems


def add_scenes(session: Session, paths: Iterable[str], max_pixels: int = MAX_USER_PIXELS) -> tuple[Session, list[str]]:
    """Add images to search; the first new one is shown. Arguments and results are those of :func:`add_references`."""
    images, problems = _read_all(paths, MAX_IMAGES - len(session.scenes), max_pixels - session.num_pixels)
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


def draw_on_reference(session: Session, value: Any) -> Session:
    """Take the box that is drawn on the reference that is shown; without one the whole image counts.

    Args:
        session: The session.
        value: Value of the canvas; one that shows another reference by now says nothing of this one.

    Raises:
        ValueError: If the box cannot be used.
    """
    if not session.references or _key(value) != session.reference_key:
        return session
    return _edit(session, bbox=read_box(value, session.shown_reference.img))


def draw_on_scene(session: Session, value: Any) -> Session:
    """Take the box that is drawn on a scene, which becomes a reference: this one here.

    Args:
        session: The session.
        value: Value of the canvas; one that shows a scene that is gone says nothing.

    Raises:
        ValueError: If the box cannot be used.
    """
    scenes = list(session.scenes)
    for i, scene in enumerate(scenes):
        if scene.key == _key(value):
            scenes[i] = replace(scene, box=read_box(value, scene.image))
    return replace(session, scenes=tuple(scenes))


def pick_from_scenes(session: Session) -> Session:
    """Make references of the boxes that are drawn on scenes, but of those that are some already.

    Raises:
        ValueError: If there is no room.
    """
    if all(scene.box is None for scene in session.scenes):
        return session
    known = {(id(reference.img), reference.bbox) for reference in session.references}
    drawn = [scene for scene in session.scenes if scene.box and (id(scene.image), scene.box) not in known]
    if len(session.references) + len(drawn) > MAX_IMAGES:
        raise ValueError(f'there are {len(session.references)} references of {MAX_IMAGES} already; remove one first')
    session = replace(session, scenes=tuple(replace(scene, box=None) for scene in session.scenes))
    if not drawn:
        return session
    name = session.shown_reference.name if session.references else DEFAULT_NAME
    picked = [SearchReference(scene.image, scene.box, name=name) for scene in drawn]
    return with_references(session, [*session.references, *picked])


def use_as_reference(session: Session, value: Any) -> Session:
    """Take the box that is drawn on the scene that is shown as a reference.

    Raises:
        ValueError: If there is no scene, no box that can be used, or no room.
    """
    if session.shown_scene is None:
        raise ValueError('there is no image to search yet; drop one first')
    session = draw_on_scene(session, value)
    if session.shown_scene.box is None:
        raise ValueError('draw a box around the object in the scene first')
    return pick_from_scenes(session)


def _key(value: Any) -> str | None:
    return value.get('key') if isinstance(value, dict) else None


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
    return replace(session, scenes=tuple(replace(scene, found=None, plans=()) for scene in session.scenes))


def _read_all(
    paths: Iterable[str], room: int, room_pixels: int, load: Callable = load_image
) -> tuple[list[tuple[str, np.ndarray]], list[str]]:
    images, problems = [], []
    for path in paths:
        name = Path(path).name
        try:
            if len(images) >= room:
                raise ValueError(f'{name} is not taken: there are {MAX_IMAGES} images already')
            image = read_upload(path, room_pixels, load)
        except ValueError as error:
            problems.append(str(error))
        else:
            images.append((name, image))
            room_pixels -= image.shape[0] * image.shape[1]
    return images, problems


def _new_name(name: str, taken: Sequence[str]) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix
    names = (f'{stem} ({i}){suffix}' if i > 1 else name for i in range(1, len(taken) + 2))
    return next(new for new in names if new not in taken)
