"""A report as one self-contained HTML page."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment
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
.images { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); }
.small { grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); align-items: end; }
.small img { margin: 0; }
figure { margin: 0; }
figcaption { font-size: .82rem; color: #52606d; overflow-wrap: anywhere; }
"""
TABLE_SHOWN = 12  # longer tables are folded
PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""
{%- macro image(file, type, caption, lazy=False) -%}
<img alt="{{ caption }}"{% if lazy %} loading="lazy"{% endif %} src="data:image/{{ type }};base64,{{ base64(file) }}">
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style|safe }}</style>
</head>
<body>
<header><h1>{{ title }}</h1><p>{{ facts }}</p>
<nav>{% for section in sections %}<a href="#{{ section.anchor }}">{{ section.title }}</a>{% endfor %}</nav></header>
<main>
{% for section in sections %}
<section id="{{ section.anchor }}"><h2>{{ section.title }}</h2>
<p>{{ section.text }}</p>
{% if section.figure %}<div class="scroll">{{ image(png_of(section.figure), 'png', section.title) }}</div>{% endif %}
{% for table in section.tables %}
{% set folded = table.rows|length > shown %}
{% if folded %}<details><summary>Table, {{ table.rows|length }} rows</summary>{% endif %}
<div class="scroll"><table>
<thead><tr>{% for cell in table.header %}<th>{{ cell }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
{% if folded %}</details>{% endif %}
{% endfor %}
{% for heading, images in section.images.items() %}
{% if heading %}<h3>{{ heading }}</h3>{% endif %}
<div class="images{{ ' small' if section.small }}">
{% for each in images %}
<figure>{{ image(each.jpeg, 'jpeg', each.caption, lazy=True) }}<figcaption>{{ each.caption }}</figcaption></figure>
{% endfor %}
</div>
{% endfor %}
</section>
{% endfor %}
</main>
</body>
</html>
""")


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
class CaptionedImage:
    """An image with a caption.

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
        figure: A plot, or None.
        tables: Tables below it.
        images: Images below those, in groups by heading; '' is none.
        small: Whether the images are small ones.
    """

    title: str
    text: str
    figure: Figure | None = None
    tables: Sequence[Table] = ()
    images: Mapping[str, Sequence[CaptionedImage]] = field(default_factory=dict)
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
    return PAGE.render(
        title=title,
        facts=facts,
        sections=sections,
        style=STYLE,
        shown=TABLE_SHOWN,
        png_of=png_of,
        base64=lambda file: base64.b64encode(file).decode(),
    )


def png_of(figure: Figure) -> bytes:
    """Render a figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=DPI, facecolor='white', metadata=dict(Software=None))
    return buffer.getvalue()
