"""Start the page: on this machine alone, nothing from outside."""

import os
import signal
import tempfile
from collections.abc import Sequence

import gradio as gr
from starlette.middleware import Middleware

from mmosis.search.base import SearchBase

from .page import build_page
from .request_filter import RequestFilter
from .style import CSS, make_theme
from .uploads import UploadLimits


def serve(
    inferencer: SearchBase,
    host: str = '127.0.0.1',
    port: int = 7860,
    max_upload_mb: int = 20,
    allowed_hosts: Sequence[str] = (),
) -> None:
    """Serve the page until it is interrupted or terminated; to be called in the main thread.

    Uploads are kept in a temporary folder, which goes with the server.

    Args:
        inferencer: The model that searches.
        host: Address to listen at; by default this machine alone can reach it.
        port: Port to listen at.
        max_upload_mb: Largest file that may be uploaded, in MB.
        allowed_hosts: Names that this server has for its users beside the machine's own, e.g. that of a proxy.

    Raises:
        OSError: If the port cannot be listened at.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix='mmosis-web-') as folder:
        os.environ['GRADIO_TEMP_DIR'] = folder
        page = build_page(inferencer)
        print(
            f'The page is at {launch(page, host, port, max_upload_mb, allowed_hosts)} - stop it with Ctrl+C', flush=True
        )
        page.block_thread()


def launch(page: gr.Blocks, host: str, port: int, max_upload_mb: int, allowed_hosts: Sequence[str] = ()) -> str:
    """Start the server of a page in the background; arguments and errors are those of :func:`serve`.

    Returns:
        str: Where the page is.
    """
    host = host.strip('[]')  # of an IPv6 address
    try:
        _, address, _ = page.launch(
            server_name=f'[{host}]' if ':' in host else host,
            server_port=port,
            max_file_size=f'{max_upload_mb}mb',
            prevent_thread_lock=True,
            share=False,
            quiet=True,
            ssr_mode=False,
            footer_links=[],
            enable_monitoring=False,
            run_history=False,  # which a browser would keep when its user is gone
            theme=make_theme(),
            css=CSS,
            app_kwargs=dict(
                middleware=[
                    Middleware(RequestFilter, host=host, allowed_hosts=allowed_hosts),
                    Middleware(UploadLimits, max_upload_mb=max_upload_mb),
                ]
            ),
        )
    except OSError as error:
        raise OSError(
            f'cannot listen at {host}:{port}; another program may have the port, so give another one'
        ) from error
    return address
