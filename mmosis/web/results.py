"""Search, and what is shown and saved of it: the threshold works on what is found already."""

import json
from collections.abc import Callable
from dataclasses import replace
from html import escape
from time import perf_counter

import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.coco_export import describe_image, to_coco
from mmosis.search.overlay import category_colours, draw_search
from mmosis.structures import FoundObjects

from .pictures import show
from .session import Scene, Session


def search(session: Session, inferencer: SearchBase, told: Callable[[float, str], None] | None = None) -> Session:
    """Search the scenes that are not searched yet; references are encoded if they have changed.

    Args:
        session: The session.
        inferencer: The model.
        told: Is called with the share that is done, 0 to 1, and the name of the next scene.

    Raises:
        ValueError: If there is no reference or no scene, or a reference cannot be used.
    """
    if not session.references:
        raise ValueError('there is no reference: drop a picture of what to look for, or draw a box on the scene')
    if not session.scenes:
        raise ValueError('there is no picture to search: drop one under "Where to look"')
    if all(reference.negative for reference in session.references):
        raise ValueError('all references say "not like this"; give at least one of what to look for')
    started = perf_counter()
    bank = session.bank or inferencer.encode(list(session.references))
    scenes = []
    for number, scene in enumerate(session.scenes):
        if told is not None:
            told(number / len(session.scenes), scene.name)
        found = scene.found if scene.found is not None else inferencer.search(scene.image, bank, session.keep_all)
        scenes.append(replace(scene, found=found))
    return replace(session, bank=bank, scenes=tuple(scenes), seconds=perf_counter() - started)


def keep(session: Session, before: Session, after: Session) -> Session:
    """Keep what a search found in what the user has by now.

    Args:
        session: What the user has by now.
        before: The session that was searched.
        after: The same, with what was found.
    """
    if session.references is not before.references or session.keep_all != before.keep_all:
        return session
    found = {id(old): new for old, new in zip(before.scenes, after.scenes, strict=True)}
    scenes = tuple(found.get(id(scene), scene) for scene in session.scenes)
    return replace(session, scenes=scenes, bank=after.bank, seconds=after.seconds)


def is_searched(session: Session) -> bool:
    """Whether the scene that is shown has been searched for the references as they are."""
    return session.shown_scene is not None and session.shown_scene.found is not None


def draw(session: Session, score_thr: float) -> np.ndarray | None:
    """Draw what was found in the scene that is shown: (h, w, 3) RGB; the bare scene before the search."""
    scene = session.shown_scene
    if scene is None:
        return None
    if not is_searched(session):
        return show(scene.image)
    return draw_search(scene.image[..., ::-1], above(scene, score_thr), session.bank.names)


def above(scene: Scene, score_thr: float) -> FoundObjects:
    """What was found in a searched scene with at least this score."""
    return scene.found[scene.found.scores >= score_thr]


def count(scene: Scene, score_thr: float, num_categories: int) -> list[int]:
    """Count what was found of each category."""
    return np.bincount(above(scene, score_thr).labels, minlength=num_categories).tolist()


def summarise(session: Session, score_thr: float) -> str:
    """Tell in HTML how many of each category were found: in the scene that is shown, and in all."""
    if session.shown_scene is None:
        return _line('Drop a picture to search, or start with an example.')
    if not is_searched(session):
        return _line('Not searched yet.' if session.references else 'Give a reference: what to look for.')
    names = session.bank.names
    searched = [scene for scene in session.scenes if scene.found is not None]
    totals = np.sum([count(scene, score_thr, len(names)) for scene in searched], axis=0).tolist()
    rows = zip(names, category_colours(len(names)), count(session.shown_scene, score_thr, len(names)), strict=True)
    chips = ''.join(_chip(name, colour, number) for name, colour, number in rows)
    overall = f'{sum(totals)} in all {len(searched)} pictures · ' if len(searched) > 1 else ''
    best = session.shown_scene.found.scores.max().item() if len(session.shown_scene.found) else 0.0
    return f'<div class="chips">{chips}</div>' + _line(
        f'{overall}best score {best:.2f} · searched in {session.seconds:.2f} s'
    )


def export(session: Session, score_thr: float) -> bytes | None:
    """Write what is above the threshold in all searched scenes as a COCO file; None if nothing was searched."""
    searched = [scene for scene in session.scenes if scene.found is not None]
    if not searched:
        return None
    records = [describe_image(scene.name, scene.image.shape[:2], scene.found, score_thr) for scene in searched]
    return json.dumps(to_coco(records, session.bank.names)).encode()


def _chip(name: str, colour: tuple[int, int, int], number: int) -> str:
    style = f'background: rgb{colour}'
    return f'<span class="chip"><i style="{style}"></i>{escape(name)} <b>{number}</b></span>'


def _line(text: str) -> str:
    return f'<div class="line">{escape(text)}</div>'
