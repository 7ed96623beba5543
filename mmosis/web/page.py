"""The page: events and their actions. The state of a user is in a ``gr.State``, so users are kept apart."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from html import escape
from inspect import isgeneratorfunction
from threading import Lock
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio.components import Component

from mmosis.search.base import SearchBase

from . import refresh, results
from . import session as actions
from .examples import Example, make_examples
from .layout import lay_out
from .refresh import Show
from .session import Session
from .session_holder import PixelBudget, SessionHolder

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
    with gr.Blocks(title='mmosis', analytics_enabled=False, delete_cache=(KEPT // 6, KEPT)) as page:
        ui = lay_out(examples)
        ui.holder = gr.State(SessionHolder(PixelBudget()), time_to_live=KEPT)
        _connect_references(ui)
        _connect_scenes(ui)
        _connect_search(ui, inferencer, examples)
    return page


def _connect_references(ui: SimpleNamespace) -> None:
    changed = [refresh.references, refresh.scenes, refresh.result]
    replaced = [*changed, refresh.reference_form]
    _on_upload(ui, ui.add_references, actions.add_references, replaced)
    _on(ui, ui.reference_box.input, actions.draw_on_reference, [ui.reference_box], changed)
    for event in (ui.name.submit, ui.name.blur):
        _on(ui, event, actions.rename, [ui.name], changed)
    _on(ui, ui.negative.input, actions.set_negative, [ui.negative], changed)
    _on(ui, ui.remove_reference.click, actions.remove_reference, [], replaced)
    _on_select(ui, ui.references, actions.select_reference, [refresh.references, refresh.reference_form])


def _connect_scenes(ui: SimpleNamespace) -> None:
    changed = [refresh.scenes, refresh.scene_form, refresh.result]
    _on_upload(ui, ui.add_scenes, actions.add_scenes, changed)
    _on(ui, ui.remove_scene.click, actions.remove_scene, [], changed)
    _on_select(ui, ui.scenes, actions.select_scene, changed)
    _on(ui, ui.scene_box.input, actions.draw_on_scene, [ui.scene_box], [])
    picked = [*changed, refresh.references, refresh.reference_form]
    _on(ui, ui.pick.click, actions.use_as_reference, [ui.scene_box], picked)


def _connect_search(ui: SimpleNamespace, inferencer: SearchBase, examples: Sequence[Example]) -> None:
    model = Lock()
    found = [refresh.references, refresh.scenes, refresh.result]
    everything = [*found, refresh.reference_form, refresh.scene_form, refresh.to_result]

    def search(holder: SessionHolder, score_thr: float, progress: gr.Progress = gr.Progress()) -> Iterator[dict]:  # noqa: B008
        progress(0, desc='Searching')
        goes_on = holder.start_search()
        steps = results.search(holder.session, inferencer)
        while goes_on() and (after := _next(steps, model)) and holder.change(results.keep, after):
            searched = sum(scene.found is not None for scene in after.scenes)
            progress((searched, len(after.scenes)), desc=results.describe_progress(after), unit='images')
            yield {ui.holder: holder}
        yield {ui.holder: holder} | _change(ui, holder, score_thr, found, replace)

    def load(session: Session, index: int) -> Session:
        return actions.set_keep_all(examples[index].session, session.keep_all)

    def search_after(event: gr.events.Dependency) -> gr.events.Dependency:
        shown = [ui.holder, *refresh.components(ui, found)]
        model = dict(concurrency_id='model', concurrency_limit=1, show_progress_on=ui.result)
        given = [ui.holder, ui.score_thr]
        searched = event.success(
            _with_messages(search), given, shown, trigger_mode='always_last', api_visibility='private', **model
        )
        searched.success(fn=None, js=TO_RESULT)
        return searched

    begun = _on(ui, ui.search.click, _begin, [ui.name, ui.reference_box, ui.scene_box, ui.holder], everything)
    chosen = _on_select(ui, ui.examples, load, everything, begins_search=True)
    settled = _on(ui, ui.keep_all.input, _keep_all, [ui.keep_all, ui.holder], [*found, refresh.to_result])
    searches = [search_after(event) for event in (begun, chosen, settled)]
    _on(ui, ui.stop.click, _stop, [ui.holder], found, cancels=searches)
    _on(ui, ui.score_thr.change, replace, [], [refresh.scenes, refresh.result])


def _begin(
    session: Session, name: str, reference_box: dict | None, scene_box: dict | None, holder: SessionHolder
) -> Session:
    """Take what is drawn and typed by now, and see that there is something to search for and to search."""
    session = actions.rename(session, name)
    session = actions.draw_on_reference(session, reference_box)
    session = actions.draw_on_scene(session, scene_box)
    session = results.check(replace(actions.pick_from_scenes(session)))  # shown also if it is as it was
    holder.ask_search()
    return session


def _keep_all(session: Session, keep_all: bool, holder: SessionHolder) -> Session:
    """Settle whether several categories may match a region; what was searched is searched anew."""
    if results.is_searched(session):
        holder.ask_search()
    return actions.set_keep_all(session, keep_all)


def _stop(session: Session, holder: SessionHolder) -> Session:
    """Stop the search; what it has found by now is shown."""
    holder.stop_search()
    return replace(session)


def _next(steps: Iterator[Session], model: Lock) -> Session | None:
    """One step of a search; those of a stopped search and of the next one do not meet."""
    with model:
        return next(steps, None)


# ---------------------------------------------------------------- from an event to a function of the session


def _on(
    ui: SimpleNamespace,
    event: Callable,
    action: Callable[..., Session],
    inputs: Sequence[Component],
    shows: Sequence[Show],
    emptied: Sequence[Component] = (),
    **options: Any,
) -> gr.events.Dependency:
    """Let an event change the session by an action on it and the inputs, show parts anew and empty inputs."""

    def handle(holder: SessionHolder, score_thr: float, *values: Any) -> dict:
        return _change(ui, holder, score_thr, shows, action, *values) | dict.fromkeys(emptied)

    outputs = [ui.holder, *refresh.components(ui, shows), *emptied]
    return event(
        _with_messages(handle),
        [ui.holder, ui.score_thr, *inputs],
        outputs,
        trigger_mode='always_last',
        **QUIET,
        **options,
    )


def _on_upload(ui: SimpleNamespace, zone: gr.File, action: Callable, shows: Sequence[Show]) -> None:
    """Let dropped files change the session: those that can be read are added, the others are reported."""

    def add(session: Session, paths: list[str] | None, holder: SessionHolder) -> Session:
        session, problems = action(session, paths or [], holder.max_pixels)
        for problem in problems:
            gr.Warning(escape(problem))
        return session

    _on(ui, zone.upload, add, [zone, ui.holder], shows, emptied=[zone])


def _on_select(
    ui: SimpleNamespace,
    gallery: gr.Gallery,
    action: Callable[[Session, int], Session],
    shows: Sequence[Show],
    begins_search: bool = False,
) -> gr.events.Dependency:
    """The same for the choice of an image of a gallery."""

    def handle(holder: SessionHolder, score_thr: float, event: gr.SelectData) -> dict:
        if begins_search:
            holder.ask_search()
        return _change(ui, holder, score_thr, shows, action, event.index)

    return gallery.select(
        _with_messages(handle), [ui.holder, ui.score_thr], [ui.holder, *refresh.components(ui, shows)], **QUIET
    )


def _change(
    ui: SimpleNamespace,
    holder: SessionHolder,
    score_thr: float,
    shows: Sequence[Show],
    action: Callable[..., Session],
    *values: Any,
) -> dict:
    """Change the session and show parts anew.

    One event after the other, and nothing if nothing has changed: what is shown late must not hide what is new.
    """
    with holder.lock:
        if not holder.change(action, *values):
            return {ui.holder: holder}
        updates = {name: update for show in shows for name, update in show(holder.session, score_thr).items()}
        return {ui.holder: holder} | {getattr(ui, name): update for name, update in updates.items()}


def _with_messages(handle: Callable) -> Callable:
    """Show what is wrong as a message of the page."""

    @wraps(handle)
    def with_messages(*values: Any) -> dict:
        with _messages():
            return handle(*values)

    @wraps(handle)
    def with_messages_stepwise(*values: Any) -> Iterator[dict]:
        with _messages():
            yield from handle(*values)

    return with_messages_stepwise if isgeneratorfunction(handle) else with_messages


@contextmanager
def _messages() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, FileNotFoundError) as error:
        raise gr.Error(escape(str(error)), print_exception=False) from error
