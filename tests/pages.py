"""Read the documentation pages: their code blocks, their commands and their tables."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
# With pages, or with a README.md in some of their folders.
FOLDERS = ('docs', 'analysis', 'benchmarks', 'configs', 'projects')
PAGES = [
    'README.md',
    'CONTRIBUTING.md',
    *sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob('*.md')),
]


def read(page: str) -> str:
    """Read a page, named from the root of the repository."""
    return (ROOT / page).read_text()


def blocks(text: str, language: str) -> list[str]:
    """List the fenced code blocks of a language."""
    return re.findall(rf'^```{language}\n(.*?)^```', text, flags=re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    """List the command lines of all bash blocks; what a backslash continues is one line."""
    lines = [line for block in blocks(text, 'bash') for line in block.replace('\\\n', ' ').splitlines()]
    return [line for line in lines if line.strip()]


def table(text: str, heading: str) -> list[list[str]]:
    """List the rows of the table below a heading, each a list of its cells, without the header."""
    section = re.split(rf'^#+ {re.escape(heading)}\n', text, flags=re.MULTILINE)[1].split('\n#')[0]
    lines = [line for line in section.splitlines() if line.startswith('|')]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines[2:]]


def prose(text: str) -> str:
    """Leave out the fenced blocks."""
    return re.sub(r'^```.*?^```', '', text, flags=re.DOTALL | re.MULTILINE)


def code(cell: str) -> list[str]:
    """List what a cell or a sentence has in backticks."""
    return re.findall(r'`([^`]+)`', cell)


def anchors(text: str) -> set[str]:
    """Name the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r'^#+ (.+)$', prose(text), flags=re.MULTILINE)
    return {re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-') for heading in headings}
