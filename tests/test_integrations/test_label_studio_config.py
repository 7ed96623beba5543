"""Label configs of Label Studio."""

import pytest

from mmosis.integrations.label_studio_config import Control, find_control, read_label_config

CONFIG = """
<View>
  <Header value="Mugs"/>
  <Image name="photo" value="$image" zoom="true"/>
  <RectangleLabels name="box" toName="photo" model_score_threshold="0.3">
    <Label value="mug"/><Label value="cup"/>
  </RectangleLabels>
  <View><PolygonLabels name="outline" toName="photo"><Label value="cup" alias="tea cup"/></PolygonLabels></View>
  <BrushLabels name="brush" toName="photo"><Label value="mug" background="red"/></BrushLabels>
  <Choices name="good" toName="photo"><Choice value="yes"/></Choices>
  <KeyPointLabels name="point" toName="photo" smart="true"><Label value="mug"/></KeyPointLabels>
  <RectangleLabels name="sound" toName="audio"><Label value="mug"/></RectangleLabels>
</View>
"""
BOMB = """<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"> <!ENTITY b "&a;&a;&a;&a;"> <!ENTITY c SYSTEM "file:///etc/passwd">]>
<View><Image name="i" value="$image"/><RectangleLabels name="&b;&c;" toName="i"/></View>"""


def test_tags_that_draw_on_images_are_found() -> None:
    assert read_label_config(CONFIG) == [
        Control('brush', 'photo', 'brushlabels', ('mug',), 'image', None),
        Control('outline', 'photo', 'polygonlabels', ('tea cup',), 'image', None),
        Control('box', 'photo', 'rectanglelabels', ('mug', 'cup'), 'image', 0.3),
    ]


@pytest.mark.parametrize(('label', 'expected'), [('mug', 'brush'), ('tea cup', 'outline'), ('cup', 'box')])
def test_brush_comes_before_polygon_and_rectangle(label: str, expected: str) -> None:
    assert find_control(read_label_config(CONFIG), label).name == expected
    assert find_control(read_label_config(CONFIG), 'plate') is None


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (BOMB, 'has no document type'),
        ('<!DOCTYPE View SYSTEM "http://169.254.169.254/x"><View/>', 'has no document type'),
        ('<View>', 'is no XML: no element found'),
        ('<View>&a;</View>', 'is no XML: undefined entity'),
        ('', 'is no XML'),
        ('\ud800', 'is no XML'),
        (None, 'is a text of at most'),
        ('<View/>' + ' ' * 2**20, 'is a text of at most'),
        ('<View><Image name="i" value="$image"/></View>', 'has no RectangleLabels, PolygonLabels or BrushLabels'),
        (CONFIG.replace('0.3', '30'), "model_score_threshold must be a number from 0 to 1, got '30'"),
        (CONFIG.replace('0.3', 'x'), 'model_score_threshold must be'),
    ],
    ids=range(11),
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_label_config(text)
