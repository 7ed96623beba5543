"""Start the page: on this machine alone, nothing from outside."""

import os
import signal
import tempfile

import gradio as gr
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmosis.search.base import SearchBase

from .page import build_page
from .style import CSS, make_theme

# The browser asks nobody else, whatever a script of the page tries.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'; form-action 'self'; "
    "object-src 'none'"
)


class _Headers:
    """Adds the content security policy to each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [*message['headers'], (b'content-security-policy', POLICY.encode())]
            await send(message)

        await self.app(scope, receive, send_with_policy)


def serve(inferencer: SearchBase, host: str = '127.0.0.1', port: int = 7860, max_upload_mb: int = 20) -> None:
    """Serve the page until it is interrupted or terminated; to be called in the main thread.

    Uploads are kept in a temporary folder, which goes with the server.

    Args:
        inferencer: The model that searches.
        host: Address to listen at; by default this machine alone can reach it.
        port: Port to listen at.
        max_upload_mb: Largest file that may be uploaded, in MB.

    Raises:
        OSError: If the port cannot be listened at.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix='mmosis-web-') as folder:
        os.environ['GRADIO_TEMP_DIR'] = folder
        page = build_page(inferencer)
        print(f'The page is at {launch(page, host, port, max_upload_mb)} - stop it with Ctrl+C', flush=True)
        page.block_thread()


def launch(page: gr.Blocks, host: str, port: int, max_upload_mb: int) -> str:
    """Start the server of a page in the background.

    Args:
        page: The page.
        host: Address to listen at.
        port: Port to listen at.
        max_upload_mb: Largest file that may be uploaded, in MB.

    Returns:
        str: Where the page is.

    Raises:
        OSError: If the port cannot be listened at.
    """
    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            max_file_size=f'{max_upload_mb}mb',
            prevent_thread_lock=True,
            share=False,
            quiet=True,
            ssr_mode=False,
            footer_links=[],
            enable_monitoring=False,
            theme=make_theme(),
            css=CSS,
            app_kwargs=dict(middleware=[Middleware(_Headers)]),
        )
    except OSError as error:
        raise OSError(
            f'cannot listen at {host}:{port}; another program may have the port, so give another one'
        ) from error
    return address
