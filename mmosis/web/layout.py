"""Layout of the page: its components and their places."""

import html
from collections.abc import Sequence
from types import SimpleNamespace

import gradio as gr

from mmosis.search import SearchOptions

from .canvas import make_canvas
from .examples import Example
from .results import summarise
from .session import MAX_NAME, Session

SCORE_THR = SearchOptions.score_thr
MODES = [('Best match wins', False), ('Keep all', True)]


def lay_out(examples: Sequence[Example]) -> SimpleNamespace:
    """Lay out the page inside an open ``gr.Blocks``.

    Args:
        examples: What to offer to start with.

    Returns:
        SimpleNamespace: The components that do something, by name.
    """
    ui = SimpleNamespace()
    with gr.Row(equal_height=True):
        with gr.Column(scale=4, min_width=320):
            gr.HTML('<h1>mmosis</h1><p>Show one, find every one like it.</p>', elem_classes='head', padding=False)
        with gr.Column(scale=7, min_width=320):
            credit = html.escape('; '.join(f'{example.title}: {example.credit}' for example in examples))
            gr.HTML(f'<p title="{credit}">Try an example</p>', elem_classes='head examples', padding=False)
            images = [(example.image, example.title) for example in examples]
            ui.examples = _strip('Examples', 'examples', images)
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320, elem_classes='card'):
            _lay_out_references(ui)
        with gr.Column(scale=7, min_width=320, elem_classes='card'):
            _lay_out_scenes(ui)
            _lay_out_found(ui)
    return ui


def _lay_out_references(ui: SimpleNamespace) -> None:
    _title('1 · What to look for', 'One image of it or several, or one in the scene itself.')
    ui.add_references = _drop_zone('reference', 'add-references')
    ui.references = _strip('References', 'references')
    with gr.Column(visible=False, elem_id='reference-editor') as ui.reference_editor:
        _hint('Draw a box around the object, or type its corners.')
        ui.reference_box = make_canvas('reference-box')
        ui.name = gr.Textbox('', label='Name', max_lines=1, max_length=MAX_NAME, elem_id='reference-name')
        ui.negative = gr.Checkbox(label='Negative: not like this', elem_id='reference-negative', container=False)
        ui.remove_reference = gr.Button('Remove this reference', size='sm', elem_id='remove-reference')


def _lay_out_scenes(ui: SimpleNamespace) -> None:
    _title('2 · Where to look', 'One image or several.')
    ui.add_scenes = _drop_zone('scene', 'add-scenes')
    ui.scenes = _strip('Scenes', 'scenes')


def _lay_out_found(ui: SimpleNamespace) -> None:
    with gr.Row(elem_classes='bar'):
        ui.search = gr.Button('Search', variant='primary', scale=3, min_width=140, elem_id='search')
        ui.stop = gr.Button('Stop', scale=1, min_width=80, elem_id='stop')
        ui.score_thr = gr.Slider(
            0, 1, SCORE_THR, step=0.01, label='Score at least', scale=4, min_width=220, buttons=[], elem_id='threshold'
        )
    with gr.Tabs(selected='result') as ui.tabs:
        with gr.Tab('Result', id='result'):
            ui.result = gr.Image(
                show_label=False, interactive=False, format='jpeg', buttons=['fullscreen'], elem_id='result'
            )
            ui.summary = gr.HTML(summarise(Session(), SCORE_THR), elem_id='summary', padding=False)
        with gr.Tab('This one here', id='scene'), gr.Column(visible=False) as ui.scene_editor:
            _hint('Draw a box around one of the objects, or type its corners: Search takes it as a reference.')
            ui.scene_box = make_canvas('scene-box')
            with gr.Row():
                ui.pick = gr.Button('Use as reference', elem_id='pick')
                ui.remove_scene = gr.Button('Remove this image', elem_id='remove-scene')
    with gr.Row(elem_classes='bar'):
        ui.keep_all = gr.Radio(MODES, value=False, label='If several categories match a region', elem_id='mode')
        ui.download = gr.DownloadButton('Download COCO JSON', interactive=False, elem_id='download')


def _title(title: str, hint: str) -> None:
    gr.HTML(f'<h2>{title}</h2><div class="hint">{hint}</div>', padding=False)


def _hint(text: str) -> None:
    gr.HTML(f'<div class="hint">{text}</div>', padding=False)


def _drop_zone(shown: str, elem_id: str) -> gr.File:
    """Take files as they are: whether they are images is for the server to say."""
    return gr.File(label=f'Drop {shown} images', file_count='multiple', height=56, elem_id=elem_id, elem_classes='drop')


def _strip(label: str, elem_id: str, images: Sequence[tuple] = ()) -> gr.Gallery:
    """A row of thumbnails to choose from; hidden as long as it is empty."""
    return gr.Gallery(
        images,
        label=label,
        show_label=False,
        visible=bool(images),
        allow_preview=False,
        interactive=False,
        buttons=[],
        elem_id=elem_id,
        elem_classes='strip',
    )
