"""Search the scenes of a session, and summarise, draw and export the results above a threshold."""

import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from html import escape
from time import perf_counter

import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.exports.coco_export import describe_image, to_coco
from mmosis.search.overlay import category_colours, draw_search
from mmosis.search.view_search import Searched, Step
from mmosis.search.views import describe_plans
from mmosis.structures import FoundObjects

from .page_images import show
from .session import Scene, Session


def check(session: Session) -> Session:
    """Refuse to search a session that lacks something.

    Raises:
        ValueError: If there is no reference or no scene.
    """
    if not session.references:
        raise ValueError('there is no reference: drop an image of what to look for, or draw a box on the scene')
    if not session.scenes:
        raise ValueError('there is no image to search: drop one under "Where to look"')
    if all(reference.negative for reference in session.references):
        raise ValueError('all references say "not like this"; give at least one of what to look for')
    return session


def search(session: Session, inferencer: SearchBase) -> Iterator[Session]:
    """Search the scenes that are not searched yet; references are encoded if they have changed.

    Args:
        session: The session.
        inferencer: The model.

    Yields:
        Session: After each view of a scene, with what was found in whole scenes by then: who reads no further stops the
        search.

    Raises:
        ValueError: If there is no reference or no scene, or a reference cannot be used.
    """
    check(session)
    started = perf_counter()
    bank = session.bank or inferencer.encode(list(session.references))
    options = replace(inferencer.options, score_thr=0.0, keep_all=session.keep_all)
    scenes = list(session.scenes)
    for i, scene in enumerate(scenes):
        if scene.found is None:
            steps = inferencer.search_batch([scene.image], bank, options)
            searched = yield from _view_by_view(steps, replace(session, bank=bank, scenes=tuple(scenes)))
            scenes[i] = replace(scene, found=searched.found, plans=searched.plans)
            yield replace(session, bank=bank, scenes=tuple(scenes), seconds=perf_counter() - started)


def _view_by_view(steps: Generator[Step, None, list[Searched]], session: Session) -> Generator[Session, None, Searched]:
    """Search a scene; between its views the session has the number that is done."""
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            return end.value[0]
        if done < total:
            yield replace(session, views=(done, total))


def describe_progress(session: Session) -> str:
    """Say what a search is at."""
    return 'Searching' if session.views is None else 'Searching, view {}/{}'.format(*session.views)


def keep(session: Session, after: Session) -> Session:
    """Keep what a search found in what the user has by now.

    Args:
        session: What the user has by now.
        after: What was searched, with what was found.

    Returns:
        Session: The same if it has other references by now.
    """
    if session.references is not after.references or session.keep_all != after.keep_all:
        return session
    searched = {scene.key: dict(found=scene.found, plans=scene.plans) for scene in after.scenes}
    scenes = tuple(
        replace(scene, **searched.get(scene.key, {})) if scene.found is None else scene for scene in session.scenes
    )
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
    """Detections of a searched scene with at least this score."""
    return scene.found[scene.found.scores >= score_thr]


def count(scene: Scene, score_thr: float, num_categories: int) -> list[int]:
    """Count what was found of each category."""
    return np.bincount(above(scene, score_thr).labels, minlength=num_categories).tolist()


def summarise(session: Session, score_thr: float) -> str:
    """Summarise in HTML how many of each category were found: in the scene that is shown, and in all."""
    if session.shown_scene is None:
        return _line('Drop an image to search, or start with an example.')
    if not is_searched(session):
        return _line(
            'Not searched yet.'
            if session.references
            else 'Give a reference, what to look for: drop an image of it, or draw a box under "This one here".'
        )
    names = session.bank.names
    searched = [scene for scene in session.scenes if scene.found is not None]
    counts = count(session.shown_scene, score_thr, len(names))
    rows = zip(names, category_colours(len(names)), counts, strict=True)
    chips = ''.join(
        f'<span class="chip"><i style="background: rgb{colour}"></i>{escape(name)} <b>{number}</b></span>'
        for name, colour, number in rows
    )
    best_score = session.shown_scene.found.scores.max(initial=0).item()
    facts = []
    if not len(session.shown_scene.found):
        facts.append('Nothing like it is here: give another reference, or draw its box closer')
    elif not sum(counts):
        facts.append(f'Nothing has a score of {score_thr:.2f}: lower "Score at least", or give another reference')
    if len(session.scenes) > 1:
        total = sum(sum(count(scene, score_thr, len(names))) for scene in searched)
        facts.append(f'{total} in all, {len(searched)} of {len(session.scenes)} images searched')
    how = describe_plans(plan.describe() for plan in session.shown_scene.plans)
    spent = f'searched in {session.seconds:.2f} s'
    facts += [f'best score {best_score:.2f}', f'{spent}, {how}' if how else spent]
    return f'<div class="chips">{chips}</div>' + _line(' · '.join(facts))


def describe(session: Session, score_thr: float) -> str:
    """Describe in a sentence what the image of the result shows, for those who do not see it."""
    scene = session.shown_scene
    if scene is None:
        return ''
    if not is_searched(session):
        return f'{scene.name}, not searched yet'
    names = session.bank.names
    found = zip(count(scene, score_thr, len(names)), names, strict=True)
    return (
        f'{scene.name}, searched for {", ".join(names)}; found with a score of at least {score_thr:.2f}: '
        f'{", ".join(f"{number} {name}" for number, name in found)}'
    )


def export(session: Session, score_thr: float) -> bytes | None:
    """Write what is above the threshold in all searched scenes as a COCO file; None if nothing was searched."""
    searched = [scene for scene in session.scenes if scene.found is not None]
    if not searched:
        return None
    records = [describe_image(scene.name, scene.image.shape[:2], scene.found, score_thr) for scene in searched]
    return json.dumps(to_coco(records, session.bank.names)).encode()


def _line(text: str) -> str:
    return f'<div class="line">{escape(text)}</div>'
