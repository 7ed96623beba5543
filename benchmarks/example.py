"""The image that is searched, an example of the page, and the reference in it."""

from pathlib import Path

IMAGE = Path(__file__).parents[1] / 'mmosis/web/photographs/pizza.jpg'
BOX = (287, 147, 381, 198)
"""xyxy in pixels."""
