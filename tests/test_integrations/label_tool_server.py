"""What the tests of label tools' routes share: a client of the server, images in its requests, and a label config."""

import base64

import cv2
import numpy as np
from starlette.testclient import TestClient

from mmosis.search.service import SearchService
from mmosis.web import make_app

CONFIG = """<View><Image name="photo" value="$image"/>
<RectangleLabels name="box" toName="photo" smart="true"><Label value="mug"/><Label value="plate"/></RectangleLabels>
{more}</View>"""


def make_config(more: str = '') -> str:
    """A config with rectangles of mugs and plates, and more tags."""
    return CONFIG.format(more=more)


def make_client(service: SearchService, **settings) -> TestClient:
    """A client of the server with the routes of label tools."""
    app = make_app(service, label_tools=True, **settings)
    return TestClient(app, base_url='http://127.0.0.1:9090', raise_server_exceptions=False)


def as_address(image: np.ndarray) -> str:
    """An image (H, W, 3) BGR as a data: address."""
    return 'data:image/png;base64,' + base64.b64encode(cv2.imencode('.png', image)[1].tobytes()).decode()
