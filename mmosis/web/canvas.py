"""Component with an image on which a box is drawn: by mouse or finger, by keys, or by typing its corners."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import FileData
from gradio.processing_utils import save_img_array_to_cache
from gradio.utils import get_upload_folder

from mmosis.search.images import MIN_SIDE

from .page_images import Box, show

CORNERS = ('x1', 'y1', 'x2', 'y2')
SCRIPT = Path(__file__).with_name('canvas.js').read_text()
KEYS = 'Arrow keys move the box, with Shift its lower right corner; Enter makes one, Delete removes it.'
_FIELDS = ''.join(f'<label>{corner} <input type="number" min="0" step="1"></label>' for corner in CORNERS)
TEMPLATE = f"""
<div class="stage" tabindex="0" role="application" aria-label="Box on the image. {KEYS}">
  <img alt="" draggable="false"><div class="box" hidden><i></i><i></i><i></i><i></i></div>
</div>
<div class="corners" role="group" aria-label="Corners of the box, in pixels of the image">
  {_FIELDS}<button type="button">Remove box</button>
</div>
<div class="hint" role="status"></div>
"""


def make_canvas(elem_id: str) -> gr.HTML:
    """Make the component; its ``input`` event comes when a box is done, not while it is drawn.

    Its value is what :func:`to_value` makes, with the box as it is drawn by then.

    Args:
        elem_id: Id of its element.
    """
    return gr.HTML(
        html_template=TEMPLATE,
        js_on_load=SCRIPT,
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes='canvas',
        min_side=MIN_SIDE,
    )


def to_value(image: np.ndarray, key: str, name: str, without_box: str, box: Box | None = None) -> dict[str, Any]:
    """Make the value of the component.

    Args:
        image: (H, W, 3) BGR, or (H, W, 4) BGRA.
        key: Identifies this image; it comes back with the box.
        name: What the image is, for those who do not see it.
        without_box: What it says when there is no box.
        box: xyxy, pixels of the image.
    """
    path = save_img_array_to_cache(show(image), get_upload_folder(), format='jpeg')
    height, width = image.shape[:2]
    return dict(
        picture=FileData(path=path).model_dump(),
        key=key,
        name=name,
        without_box=without_box,
        width=width,
        height=height,
        box=box,
    )
