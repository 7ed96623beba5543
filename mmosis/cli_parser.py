"""The parser of the command: errors are reported in one line, with what may have been meant."""

import argparse
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from mmosis.utils.format_names import check_format
from mmosis.utils.web_address import is_web_address, refuse_web_address

MAX_PORT = 65535
ANNOTATIONS = ('.json', '.jsonl', '.xml', '.csv', '.yaml', '.yml')


class OneLineParser(argparse.ArgumentParser):
    """A parser that prints no usage before an error, which would hide it."""

    def error(self, message: str) -> NoReturn:
        """End with status 2 and one line."""
        self.exit(2, f'{self.prog}: error: {message}{self._suggest(message)}; {self.prog} --help tells more\n')

    def parse_args(
        self, args: list[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Read the command line; unknown arguments are reported by the command's own parser."""
        parsed, left = self.parse_known_args(args, namespace)
        if left:
            parser = self._commands().get(getattr(parsed, 'command', None), self)
            parser.error(f'unrecognized arguments: {" ".join(left)}')
        return parsed

    def _commands(self) -> dict[str, argparse.ArgumentParser]:
        groups = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return dict(groups[0].choices) if groups else {}

    def _suggest(self, message: str) -> str:
        """Say which option or command is nearest to one that is unknown."""
        unknown = message.partition(': ')[2].split()
        if message.startswith('unrecognized arguments: '):
            known = [name for action in self._actions for name in action.option_strings]
        elif 'invalid choice: ' in message and self._commands():
            unknown, known = [message.split("'")[1]], list(self._commands())
        else:
            return ''
        near = get_close_matches(unknown[0].partition('=')[0], known, 1)
        return f'; did you mean {near[0]}?' if near else ''


def parse_text(text: str) -> str:
    """Read a text.

    Raises:
        argparse.ArgumentTypeError: If it is empty, as a variable of a shell is that was never set.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(f'it is empty, got {text!r}; give it, or omit the option')
    return text


def parse_path(text: str) -> str:
    """Read a path.

    Raises:
        argparse.ArgumentTypeError: If it is empty, or an address on the network, which nothing here fetches.
    """
    parse_text(text)
    if is_web_address(text):
        raise argparse.ArgumentTypeError(refuse_web_address(text))
    return text


def parse_image(text: str) -> str:
    """Read the path of an image, of a folder or of a list of images.

    Raises:
        argparse.ArgumentTypeError: If it is empty, an address, or a file of annotations.
    """
    if Path(text).suffix.lower() in ANNOTATIONS and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f'{text} is no image: give images, their folder, or a .txt with their paths')
    return parse_path(text)


def is_number(text: str) -> bool:
    """Whether it is one."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse_number(text: str) -> float:
    """Read a number.

    Raises:
        argparse.ArgumentTypeError: If it is something else.
    """
    if not is_number(text):
        raise argparse.ArgumentTypeError(f'a number is written like 0.5, got {text!r}')
    return float(text)


def parse_format(text: str) -> str:
    """Read the name of a format.

    Raises:
        argparse.ArgumentTypeError: If there is no such format.
    """
    try:
        check_format(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def parse_port(text: str) -> int:
    """Read the number of a port.

    Raises:
        argparse.ArgumentTypeError: If it is none.
    """
    if not text.isascii() or not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f'a port is a number up to {MAX_PORT}, got {text!r}')
    return int(text)


def parse_box(text: str) -> tuple[float, ...]:
    """Read x1,y1,x2,y2.

    Raises:
        argparse.ArgumentTypeError: If it is something else.
    """
    try:
        box = tuple(float(value) for value in text.split(','))
    except ValueError:
        box = ()
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f'a box is x1,y1,x2,y2 in pixels, got {text!r}')
    return box
