"""Updates of the page's components: functions of session and threshold that return them by name."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import gradio as gr
from gradio.components import Component
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from mmosis.search.references import make_thumbnail

from . import results
from .canvas import to_value
from .session import Session

Show = Callable[[Session, float], dict]


def components(ui: SimpleNamespace, shows: Sequence[Show]) -> list[Component]:
    """List the components that functions of this module set."""
    return [getattr(ui, name) for show in shows for name in show(Session(), 0.5)]


def references(session: Session, score_thr: float) -> dict:
    """Thumbnails of the references."""
    images = [
        (reference.load()[1], f'not: {reference.name}' if reference.negative else reference.name)
        for reference in session.references
    ]
    shown = bool(images)
    return dict(references=_strip(images, session.reference), reference_editor=gr.update(visible=shown))


def reference_form(session: Session, score_thr: float) -> dict:
    """The reference that is shown, with its box, name and sign."""
    shown = session.shown_reference
    if shown is None:
        return dict(reference_box=None, name='', negative=False)
    shown_part = 'the whole image' if shown.img.shape[2] == 3 else 'the opaque part of the image'
    without_box = f'No box: {shown_part} is the reference.'
    box = to_value(shown.img, session.reference_key, f'reference {shown.name}', without_box, shown.bbox)
    return dict(reference_box=box, name=shown.name, negative=shown.negative)


def scenes(session: Session, score_thr: float) -> dict:
    """Thumbnails of the scenes, with how many objects were found."""
    captions = [
        scene.name if scene.found is None else f'{len(results.above(scene, score_thr))} · {scene.name}'
        for scene in session.scenes
    ]
    images = [(make_thumbnail(scene.image), caption) for scene, caption in zip(session.scenes, captions, strict=True)]
    return dict(scenes=_strip(images, session.scene))


def scene_form(session: Session, score_thr: float) -> dict:
    """The scene that is shown, to draw on."""
    shown = session.shown_scene
    box = None if shown is None else to_value(shown.image, shown.key, shown.name, 'No box yet.', shown.box)
    return dict(scene_box=box, scene_editor=gr.update(visible=shown is not None))


def result(session: Session, score_thr: float) -> dict:
    """Result of the scene that is shown, and the file with the results of all."""
    content = results.export(session, score_thr)
    path = None if content is None else save_bytes_to_cache(content, 'found.json', get_upload_folder())
    return dict(
        result=gr.update(value=results.draw(session, score_thr), alt_text=results.describe(session, score_thr)),
        summary=results.summarise(session, score_thr),
        download=gr.update(value=path, interactive=path is not None),
    )


def to_result(session: Session, score_thr: float) -> dict:
    """The tab with what was found."""
    return dict(tabs=gr.update(selected='result'))


def _strip(images: list[tuple], selected: int) -> dict:
    return gr.update(value=images, selected_index=selected if images else None, visible=bool(images))
