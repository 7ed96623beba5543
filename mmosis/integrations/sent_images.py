"""Images that label tools send: as data: addresses, or as addresses of the one Label Studio that is known."""

import base64
import binascii
import json
import posixpath
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

SECONDS = 20  # to fetch an image
CHUNK = 2**16  # bytes
IMAGES = '/data/'  # below it Label Studio has uploads and local files
SAFE = "/%:@!$&'()*+,;=~?"


def read_data_address(address: str, max_bytes: int) -> bytes:
    """Read ``data:image/...;base64,...``, or what stands after the comma.

    Raises:
        ValueError: If it is no such address, or too large.
    """
    head, comma, text = address.partition(',') if address.startswith('data:') else ('data:;base64', ',', address)
    if not comma or not head.endswith(';base64'):
        raise ValueError('an image in the request is data:image/...;base64,...')
    if len(text) > max_bytes * 4 / 3 + 4:
        raise ValueError(f'an image has more than {max_bytes} bytes; make it smaller, or start with --max-upload-mb')
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError('an image in the request is not base64') from error


class LabelStudioHost:
    """Images of one Label Studio: nothing is fetched from anywhere else, whatever a task says.

    Addresses are put together from the known one; redirects are not followed.

    Args:
        url: Its address, which may have a path; None for no images but those in requests.
        api_key: Key of a user there: a legacy token, or a personal access token.
        max_bytes: Of an image.
        seconds: In which an image must have come.

    Raises:
        ValueError: If the address is none of http or https.
    """

    def __init__(
        self, url: str | None, api_key: str | None = None, max_bytes: int = 20 * 2**20, seconds: float = SECONDS
    ) -> None:
        self._base = None if url is None else _check_base(url)
        self._key, self._bearer = api_key, None
        self.max_bytes, self.seconds = max_bytes, seconds
        self._opener = build_opener(_NoRedirect)

    def read(self, address: str) -> bytes:
        """Read an image.

        Raises:
            ValueError: If it is not of this Label Studio, too large, or does not come.
        """
        if address.startswith('data:'):
            return read_data_address(address, self.max_bytes)
        url = self._locate(address)
        if not self._key or self._key.count('.') != 2:
            return self._fetch(url, f'Token {self._key}' if self._key else None)
        try:
            return self._fetch(url, f'Bearer {self._bearer or self._refresh()}')
        except PermissionError:  # it is valid for some minutes
            return self._fetch(url, f'Bearer {self._refresh()}')

    def _locate(self, address: str) -> str:
        """Put the address of an image together, or refuse it."""
        if self._base is None:
            raise ValueError('images of Label Studio are fetched if mmosis serve has --label-studio URL')
        parts, base = urlsplit(address), self._base
        own = f'{base.scheme}://{base.netloc}{base.path}'
        at_host = not parts.scheme and not parts.netloc
        if not at_host and (parts.scheme, parts.netloc.lower()) != (base.scheme, base.netloc.lower()):
            raise ValueError(f'{address[:200]} is not fetched: only images of {own} are')
        path = parts.path.removeprefix(base.path)
        clean = posixpath.normpath(unquote(path))
        if not path.startswith(IMAGES) or not clean.startswith(IMAGES) or '\\' in clean:
            raise ValueError(f'{address[:200]} is not fetched: images of Label Studio are below {own}{IMAGES}')
        return own + quote(path, SAFE) + (f'?{quote(parts.query, SAFE)}' if parts.query else '')

    def _refresh(self) -> str:
        """Get an access token for the personal one."""
        url = f'{self._base.scheme}://{self._base.netloc}{self._base.path}/api/token/refresh'
        answer = self._fetch(url, None, json.dumps(dict(refresh=self._key)).encode())
        try:
            self._bearer = str(json.loads(answer)['access'])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f'{url} gave no access token for LABEL_STUDIO_API_KEY') from error
        return self._bearer

    def _fetch(self, url: str, authorization: str | None, content: bytes | None = None) -> bytes:
        headers = dict(Authorization=authorization) if authorization else {}
        if content is not None:
            headers['Content-Type'] = 'application/json'
        try:
            return self._receive(Request(url, content, headers))
        except HTTPError as error:
            error.close()
            if error.code == 401 and authorization and authorization.startswith('Bearer'):
                raise PermissionError(_refusal(url, error)) from error
            raise ValueError(_refusal(url, error)) from error
        except (URLError, OSError) as error:
            raise ValueError(f'{url} cannot be fetched: {getattr(error, "reason", error)}') from error

    def _receive(self, request: Request) -> bytes:
        end, received = monotonic() + self.seconds, b''
        with self._opener.open(request, timeout=self.seconds) as response:
            while chunk := response.read1(CHUNK):
                received += chunk
                if len(received) > self.max_bytes:
                    raise ValueError(f'{request.full_url} has more than {self.max_bytes} bytes')
                if monotonic() > end:
                    raise ValueError(f'{request.full_url} did not come in {self.seconds:g} seconds')
        return received


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs) -> None:
        """Follow none; it then is an error."""


def _check_base(url: str) -> SplitResult:
    parts = urlsplit(url.rstrip('/'))
    if parts.scheme not in ('http', 'https') or not parts.hostname or '@' in parts.netloc or parts.query:
        raise ValueError(f'the address of Label Studio is like http://localhost:8080, got {url!r}')
    return parts


def _refusal(url: str, error: HTTPError) -> str:
    if 300 <= error.code < 400:
        return f'{url} leads elsewhere, where nothing is fetched; is LABEL_STUDIO_API_KEY that of a user there?'
    return f'{url} is refused with status {error.code}; is LABEL_STUDIO_API_KEY that of a user there?'
