"""Form: the fields and files of a request, each checked when it is asked for."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import numpy as np
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mmosis.search import ReferenceBank
from mmosis.search.images import decode_checked

MAX_FILES = 200
MAX_FIELDS = 50
MAX_TEXT = 2**25  # bytes of a field that is no file
FLAGS = {'true': True, '1': True, 'false': False, '0': False}


class UploadLimits(NamedTuple):
    """What a request may bring.

    Attributes:
        max_upload_mb: Largest file, in MB.
        max_pixels: Of an image.
    """

    max_upload_mb: int
    max_pixels: int

    @property
    def max_bytes(self) -> int:
        """Of a file."""
        return self.max_upload_mb * 2**20


class Form:
    """Fields and files of a request.

    Args:
        data: As Starlette read them.
        limits: Of the files.
    """

    def __init__(self, data: FormData, limits: UploadLimits) -> None:
        self.data, self.limits = data, limits
        self._images: dict[tuple[str, bool], np.ndarray] = {}

    @classmethod
    @asynccontextmanager
    async def read(cls, request: Request, limits: UploadLimits) -> AsyncIterator['Form']:
        """Read the form of a request; its files are there until the context ends.

        Raises:
            HTTPException: If the request has no form, a broken one, or one of too many parts.
        """
        content_type = request.headers.get('content-type', '')
        if content_type.partition(';')[0].strip().lower() != 'multipart/form-data':
            raise HTTPException(415, f'a form is sent as multipart/form-data, got {content_type[:100] or "nothing"!r}')
        async with request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_TEXT) as data:
            yield cls(data, limits)

    def check_names(self, known: Collection[str], several: Collection[str] = (), files: Collection[str] = ()) -> None:
        """Refuse fields that a request does not have, and those that come twice.

        Args:
            known: Fields that there are.
            several: Those of them that may come more than once.
            files: Other names that files may have.

        Raises:
            ValueError: If there is another one.
        """
        seen = set()
        for name, value in self.data.multi_items():
            if name not in known and not (isinstance(value, UploadFile) and name in files):
                raise ValueError(f'there is no field {name[:100]!r}; there are {", ".join(known)}')
            if name in seen and name not in several:
                raise ValueError(f'{name} is given twice')
            seen.add(name)

    def __contains__(self, name: str) -> bool:
        return name in self.data

    def text(self, name: str, default: str = '') -> str:
        """Text of a field, which may also come as a file.

        Raises:
            HTTPException: If the file is too large.
            ValueError: If it is no text in UTF-8.
        """
        value = self.data.get(name, default)
        if not isinstance(value, UploadFile):
            return value
        try:
            return self._content(value).decode()
        except UnicodeDecodeError as error:
            raise ValueError(f'{name} must be text in UTF-8') from error

    def flag(self, name: str, default: bool = False) -> bool:
        """Value of a field that says yes or no.

        Raises:
            ValueError: If it says something else.
        """
        text = self.text(name) or str(default)
        if text.lower() not in FLAGS:
            raise ValueError(f'{name} is true or false, got {text[:100]!r}')
        return FLAGS[text.lower()]

    def json(self, name: str) -> Any:
        """Content of a field that is JSON.

        Raises:
            ValueError: If it is missing, or no JSON.
        """
        try:
            return json.loads(self.text(name))
        except (ValueError, RecursionError) as error:
            raise ValueError(f'{name} must be JSON: {error}') from error

    def image(self, name: str, alpha: bool = False) -> np.ndarray:
        """Image of a file; each is decoded once.

        Args:
            name: The field.
            alpha: As in :func:`~mmosis.search.images.decode_checked`.

        Raises:
            HTTPException: If the file is too large.
            ValueError: If there is no such file, there are several, or it is no image that is taken.
        """
        if (name, alpha) not in self._images:
            (file,) = self.files(name)
            self._images[name, alpha] = self.decode(self._content(file), self.file_name(name), alpha)
        return self._images[name, alpha]

    def decode(self, content: bytes, name: str, alpha: bool = False) -> np.ndarray:
        """Decode the content of an image file of this name."""
        return decode_checked(content, name, self.limits.max_pixels, alpha)

    def bank(self, file: UploadFile) -> ReferenceBank:
        """Bank of a file.

        Raises:
            HTTPException: If the file is too large.
            ValueError: If it is no bank, or a broken one.
        """
        return ReferenceBank.from_bytes(self._content(file), file.filename or 'the bank')

    def files(self, name: str) -> Sequence[UploadFile]:
        """Files of a field.

        Raises:
            ValueError: If it is missing, or text.
        """
        values = self.data.getlist(name)
        if not values or not all(isinstance(value, UploadFile) for value in values):
            raise ValueError(f'{name[:100]} must be a file of the form, got {"text" if values else "none"}')
        return values

    def file_name(self, name: str) -> str:
        """Name of the file of a field, for messages."""
        return self.files(name)[0].filename or name

    def _content(self, file: UploadFile) -> bytes:
        self.check_size(file)
        file.file.seek(0)
        return file.file.read()

    def check_size(self, file: UploadFile) -> None:
        """Refuse a file that is too large."""
        check_size(file.filename or 'a file', file.size or 0, self.limits)


def check_size(name: str, size: int, limits: UploadLimits) -> None:
    """Refuse a file that is too large.

    Raises:
        HTTPException: If it is.
    """
    if size > limits.max_bytes:
        raise HTTPException(413, f'{name} has {size / 2**20:.1f} MB; a file may have {limits.max_upload_mb} MB')
