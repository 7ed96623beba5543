"""AtomicLocalBackend: MMEngine's local file backend with atomic writes."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from mmosis.utils.atomic import write_atomic


@register_backend('atomic')
class AtomicLocalBackend(LocalBackend):
    """Write under another name, flush to the disk and rename: a kill or a full disk leaves the old file, or none.

    ``backend_args=dict(backend='atomic')`` chooses it wherever MMEngine writes files.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes.

        Raises:
            OSError: If it cannot be written; nothing half-written is left.
        """
        write_atomic(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text; errors as in :meth:`put`."""
        write_atomic(filepath, obj.encode(encoding))
