"""A report as one self-contained HTML page."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

DPI = 130
STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: #1f2933; background: #f5f7fa; }
header, main { max-width: 62rem; margin: 0 auto; padding: 1.2rem; }
header h1 { margin: .4rem 0; font-size: 1.7rem; }
header p { margin: .2rem 0; color: #52606d; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .8rem; }
nav a { padding: .15rem .7rem; border-radius: 1rem; background: #e4e7eb; color: inherit; text-decoration: none;
  font-size: .85rem; }
section { margin: 0 0 1.2rem; padding: 1.1rem 1.2rem; background: #fff; border-radius: .6rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / .12); }
section h2 { margin: 0 0 .4rem; font-size: 1.2rem; }
section h3 { margin: 1rem 0 .4rem; font-size: 1rem; }
section p { margin: 0 0 .8rem; color: #52606d; }
img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.scroll { overflow-x: auto; margin-top: .8rem; }
.scroll img { min-width: 36rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid #e4e7eb; }
th:first-child, td:first-child { text-align: left; }
details summary { cursor: pointer; color: #2563eb; margin-top: .6rem; }
.pictures { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); }
.small { grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); align-items: end; }
.small img { margin: 0; }
figure { margin: 0; }
figcaption { font-size: .82rem; color: #52606d; overflow-wrap: anywhere; }
"""
TABLE_SHOWN = 12  # longer tables are folded


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        header: Names of the columns.
        rows: Cells.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A picture with a caption.

    Attributes:
        jpeg: The encoded file.
        caption: A line of text.
    """

    jpeg: bytes
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: Heading.
        text: What is to be seen, in a sentence or two.
        figure: A drawing, or None.
        tables: Tables below it.
        pictures: Photographs below those, in groups by heading; '' is none.
        small: Whether the photographs are small ones.
    """

    title: str
    text: str
    figure: Figure | None = None
    tables: Sequence[Table] = ()
    pictures: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    small: bool = False

    @property
    def anchor(self) -> str:
        """Name for links to it."""
        return ''.join(letter if letter.isalnum() else '-' for letter in self.title.lower())


def render_page(title: str, facts: str, sections: Sequence[Section]) -> str:
    """Write the page; nothing in it is loaded from elsewhere.

    Args:
        title: Heading.
        facts: What was tested, in a line.
        sections: Its parts.
    """
    links = ''.join(f'<a href="#{section.anchor}">{_text(section.title)}</a>' for section in sections)
    body = '\n'.join(_render_section(section) for section in sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>{_text(title)}</h1><p>{_text(facts)}</p><nav>{links}</nav></header>
<main>
{body}
</main>
</body>
</html>
"""


def png_of(figure: Figure) -> bytes:
    """Render a figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=DPI, facecolor='white', metadata=dict(Software=None))
    return buffer.getvalue()


def _render_section(section: Section) -> str:
    parts = [f'<h2>{_text(section.title)}</h2>', f'<p>{_text(section.text)}</p>']
    if section.figure is not None:
        image = f'<img alt="{_text(section.title)}" src="{_data_uri(png_of(section.figure), "png")}">'
        parts.append(f'<div class="scroll">{image}</div>')
    parts += [_render_table(table) for table in section.tables]
    for heading, pictures in section.pictures.items():
        parts += [f'<h3>{_text(heading)}</h3>'] * bool(heading)
        parts.append(_render_pictures(pictures, section.small))
    return f'<section id="{section.anchor}">' + '\n'.join(parts) + '</section>'


def _render_pictures(pictures: Sequence[Picture], small: bool) -> str:
    items = ''.join(
        f'<figure><img alt="{_text(picture.caption)}" loading="lazy" src="{_data_uri(picture.jpeg, "jpeg")}">'
        f'<figcaption>{_text(picture.caption)}</figcaption></figure>'
        for picture in pictures
    )
    return f'<div class="pictures{" small" if small else ""}">{items}</div>'


def _render_table(table: Table) -> str:
    head = ''.join(f'<th>{_text(cell)}</th>' for cell in table.header)
    rows = ''.join('<tr>' + ''.join(f'<td>{_text(cell)}</td>' for cell in row) + '</tr>' for row in table.rows)
    markup = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    if len(table.rows) <= TABLE_SHOWN:
        return markup
    return f'<details><summary>Table, {len(table.rows)} rows</summary>{markup}</details>'


def _data_uri(data: bytes, kind: str) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'


def _text(text: str) -> str:
    return html.escape(text)
