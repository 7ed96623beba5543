"""The page: which button does what. All that one user has is in a ``gr.State``, so users do not meet."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from html import escape
from types import SimpleNamespace
from typing import Any

import gradio as gr

from mmosis.search.base import SearchBase

from . import refresh, results
from . import session as actions
from .examples import Example, make_examples
from .layout import lay_out
from .refresh import Show
from .session import Desk, Session

KEPT = 3600  # seconds: sessions and files of people who are gone
QUIET = dict(api_visibility='private', show_progress='hidden')
TO_RESULT = "() => document.getElementById('result').scrollIntoView({behavior: 'smooth', block: 'nearest'})"


def build_page(inferencer: SearchBase) -> gr.Blocks:
    """Build the page.

    Args:
        inferencer: The model that searches, one search at a time.

    Returns:
        gr.Blocks: To launch, as :func:`mmosis.web.serve` does.
    """
    examples = make_examples()
    with gr.Blocks(title='mmosis', analytics_enabled=False, delete_cache=(KEPT, KEPT)) as page:
        ui = lay_out(examples)
        ui.desk = gr.State(Desk(), time_to_live=KEPT)
        _connect_references(ui)
        _connect_scenes(ui)
        _connect_search(ui, inferencer, examples)
    return page


def _connect_references(ui: SimpleNamespace) -> None:
    changed = [refresh.references, refresh.scenes, refresh.result]
    replaced = [*changed, refresh.reference_form]
    _on(ui, ui.add_references.upload, _add(actions.add_references), [ui.add_references], replaced, [ui.add_references])
    _on(ui, ui.reference_box.change, actions.draw_on_reference, [ui.reference_box], changed)
    for event in (ui.name.submit, ui.name.blur):
        _on(ui, event, actions.rename, [ui.name], changed)
    _on(ui, ui.negative.input, actions.set_negative, [ui.negative], changed)
    _on(ui, ui.remove_reference.click, actions.remove_reference, [], replaced)
    _on_select(ui, ui.references, actions.select_reference, [refresh.references, refresh.reference_form])


def _connect_scenes(ui: SimpleNamespace) -> None:
    changed = [refresh.scenes, refresh.scene_form, refresh.result]
    _on(ui, ui.add_scenes.upload, _add(actions.add_scenes), [ui.add_scenes], changed, [ui.add_scenes])
    _on(ui, ui.remove_scene.click, actions.remove_scene, [], changed)
    _on_select(ui, ui.scenes, actions.select_scene, changed)
    picked = [*changed, refresh.references, refresh.reference_form]
    _on(ui, ui.pick.click, actions.pick_from_scene, [ui.scene_box], picked)


def _connect_search(ui: SimpleNamespace, inferencer: SearchBase, examples: Sequence[Example]) -> None:
    def search(desk: Desk, score_thr: float, name: str, told: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        desk.change(actions.rename, name)
        before = desk.session
        after = results.search(before, inferencer, lambda done, what: told(done, desc=what))
        return _change(ui, desk, score_thr, found, results.keep, before, after)

    def search_again(desk: Desk, score_thr: float, name: str, keep_all: bool) -> dict:
        searched = results.is_searched(desk.session)
        shown = _change(ui, desk, score_thr, found, actions.set_keep_all, keep_all)
        return search(desk, score_thr, name) if searched else shown

    found = [refresh.references, refresh.scenes, refresh.result, refresh.to_result]
    model = dict(concurrency_id='model', concurrency_limit=1, api_visibility='private', show_progress_on=ui.result)
    given = [ui.desk, ui.score_thr, ui.name]
    shown = [ui.desk, *refresh.components(ui, found)]
    ui.search.click(_tell(search), given, shown, **model).success(fn=None, js=TO_RESULT)
    ui.keep_all.input(_tell(search_again), [*given, ui.keep_all], shown, **model)
    everything = [*found, refresh.reference_form, refresh.scene_form]

    def load(session: Session, index: int) -> Session:
        return actions.set_keep_all(examples[index].session, session.keep_all)

    chosen = _on_select(ui, ui.examples, load, everything)
    chosen.success(_tell(search), given, shown, **model).success(fn=None, js=TO_RESULT)
    _on(ui, ui.score_thr.change, replace, [], [refresh.scenes, refresh.result])


# ---------------------------------------------------------------- from an event to a function of the session


def _on(
    ui: SimpleNamespace,
    event: Callable,
    action: Callable[..., Session],
    inputs: Sequence[gr.components.Component],
    shows: Sequence[Show],
    emptied: Sequence[gr.components.Component] = (),
) -> None:
    """Let an event change the session by an action on it and the inputs, show parts anew and empty inputs."""

    def handle(desk: Desk, score_thr: float, *values: Any) -> dict:
        return _change(ui, desk, score_thr, shows, action, *values) | dict.fromkeys(emptied)

    outputs = [ui.desk, *refresh.components(ui, shows), *emptied]
    event(_tell(handle), [ui.desk, ui.score_thr, *inputs], outputs, trigger_mode='always_last', **QUIET)


def _on_select(
    ui: SimpleNamespace, gallery: gr.Gallery, action: Callable[[Session, int], Session], shows: Sequence[Show]
) -> gr.events.Dependency:
    """The same for the choice of a picture of a gallery."""

    def handle(desk: Desk, score_thr: float, event: gr.SelectData) -> dict:
        return _change(ui, desk, score_thr, shows, action, event.index)

    return gallery.select(_tell(handle), [ui.desk, ui.score_thr], [ui.desk, *refresh.components(ui, shows)], **QUIET)


def _change(
    ui: SimpleNamespace,
    desk: Desk,
    score_thr: float,
    shows: Sequence[Show],
    action: Callable[..., Session],
    *values: Any,
) -> dict:
    """Change the session and show parts anew.

    One event after the other, and nothing if nothing has changed: what is shown late must not hide what is new.
    """
    with desk.lock:
        if not desk.change(action, *values):
            return {ui.desk: desk}
        updates = {name: update for show in shows for name, update in show(desk.session, score_thr).items()}
        return {ui.desk: desk} | {getattr(ui, name): update for name, update in updates.items()}


def _add(action: Callable) -> Callable[[Session, list[str] | None], Session]:
    """Add the files that can be read; tell of the others."""

    def add(session: Session, paths: list[str] | None) -> Session:
        session, problems = action(session, paths or [])
        for problem in problems:
            gr.Warning(escape(problem))
        return session

    return add


def _tell(handle: Callable) -> Callable:
    """Tell what is wrong in words; a traceback helps nobody on a page."""

    @wraps(handle)
    def told(*values: Any) -> dict:
        try:
            return handle(*values)
        except (ValueError, TypeError, FileNotFoundError) as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error

    return told
