"""Options that are refused, keywords of other libraries, and misspelt ones."""

import inspect

import pytest
from mmdet.apis import DetInferencer

from mmosis.search import LightInferencer, OneShotInferencer
from mmosis.search.onnx.light_inferencer import CALL, CALL_OF_TORCH
from mmosis.search.options import OTHERS


@pytest.fixture(scope='module')
def light() -> LightInferencer:
    return LightInferencer(show_progress=False)


@pytest.mark.parametrize(
    ('name', 'meant'),
    [
        ('conf', 'did you mean pred_score_thr?'),
        ('threshold', 'did you mean pred_score_thr?'),
        ('pred_score_th', 'did you mean pred_score_thr?'),
        ('outdir', 'did you mean out_dir?'),
        ('save_dir', 'did you mean out_dir?'),
        ('batch', 'did you mean batch_size?'),
        ('qqqqqq', 'keep_all, '),
    ],
)
def test_unknown_ones_are_refused(name: str, meant: str, light: LightInferencer, inferencer: OneShotInferencer) -> None:
    for each in (light, inferencer):
        with pytest.raises(TypeError, match=f'a search has no argument {name}[;:] .*{meant}'.replace('?', '[?]')):
            each('none.jpg', references='none.jpg', **{name: 0.3})


def test_what_is_meant_can_be_given(light: LightInferencer, inferencer: OneShotInferencer) -> None:
    takes = set(inspect.signature(DetInferencer.__call__).parameters) | {'keep_all'}
    assert {*OTHERS.values(), *CALL, *CALL_OF_TORCH} <= takes
    assert set(CALL) <= set(inspect.signature(LightInferencer.__call__).parameters)
    for each, names in ((light, CALL), (inferencer, (*CALL, *CALL_OF_TORCH))):
        with pytest.raises(FileNotFoundError):
            each('none.jpg', references='none.jpg', **dict.fromkeys(names, 1))
