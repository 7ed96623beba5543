import base64
import re

import numpy as np
from matplotlib.figure import Figure

from analysis import report_figures as figures
from analysis.report_page import CaptionedImage, Section, Table, png_of, render_page

PNG = b'\x89PNG'


def test_everything_is_in_the_page_and_escaped() -> None:
    section = Section(
        'Errors & more',
        'a < b',
        Figure(),
        [Table(['name', 'n'], [['<mug>', '1']])],
        {'Best': [CaptionedImage(b'jpeg', 'one "two"')]},
    )
    page = render_page('A & B', 'seed <0>', [section])
    for text in (
        '<h1>A &amp; B</h1>',
        'seed &lt;0&gt;',
        '<td>&lt;mug&gt;</td>',
        'alt="one &#34;two&#34;"',
        '<h3>Best</h3>',
    ):
        assert text in page
    assert '<a href="#errors---more">' in page
    assert '<section id="errors---more">' in page
    assert base64.b64encode(b'jpeg').decode() in page
    assert not re.search(r'(src|href)="(?!data:image|#)', page)
    assert 'name="viewport"' in page


def test_long_tables_are_folded() -> None:
    short, long = (Section('s', '', tables=[Table(['a'], [['1']] * rows)]) for rows in (12, 13))
    assert '<details>' not in render_page('', '', [short])
    assert '<details><summary>Table, 13 rows</summary>' in render_page('', '', [long])


def test_a_figure_gives_the_same_bytes_again() -> None:
    def render() -> bytes:
        return png_of(figures.calibration_figure(dict(bins=[dict(count=3, score=0.5, precision=0.4)], error=0.1)))

    assert render().startswith(PNG)
    assert render() == render()


def test_sums_of_the_confusion_matrix_omit_its_own_row() -> None:
    figure = figures.confusion_figure(['mug', 'jug'], ['mug', 'jug', 'cup'], np.array([[90.0, 10, 5], [20, 80, 0]]))
    bars = figure.axes[1].patches
    assert [bar.get_height() for bar in bars] == [20, 10, 5]


def test_categories_are_plotted_best_first_and_without_a_figure_last() -> None:
    figure = figures.category_figure(dict(box=dict(mug=10.0, jug=50.0, cup=float('nan'))))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ['cup', 'mug', 'jug']


def test_all_figures_are_plotted() -> None:
    made = [
        figures.clutter_figure(dict(box={'1': dict(mean=0.5, interval=None, num_images=3)})),
        figures.spread_figure(dict(mug=dict(mean=50.0, min=40.0, max=60.0))),
        figures.errors_figure(dict(missed=dict(gain=0.1, count=1234.5))),
    ]
    assert all(png_of(figure).startswith(PNG) for figure in made)
    (label,) = made[2].axes[0].texts
    assert label.get_text() == '1,234'
