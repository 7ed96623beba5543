"""Parts of a step: what they take and what they multiply, and that they are left as they were."""

from collections.abc import Callable

import pytest
from mmdet.registry import MODELS
from mmengine.optim import OptimWrapper
from torch.optim import SGD

from benchmarks.noise import make_batch
from benchmarks.parts import Parts
from benchmarks.variants import Variant, measure_variants
from mmosis.models import SiameseTwoStageDetector

FORWARD = {'backbone and neck', 'match', 'RPN', 'RoI pooling', 'box head', 'mask head'}


@pytest.fixture
def model(tiny_model_cfg: Callable) -> SiameseTwoStageDetector:
    return MODELS.build(tiny_model_cfg())


@pytest.fixture
def search(model: SiameseTwoStageDetector) -> Callable:
    model.eval()
    return lambda: model.test_step(make_batch(model, 1, 64, 32))


def test_multiply_adds_by_hand(model: SiameseTwoStageDetector, search: Callable) -> None:
    counts = {part: count.item() for part, count in Parts(model).count(search).items()}
    positions = sum(side**2 for side in (16, 8, 4, 2, 1))
    assert set(counts) == {*FORWARD, 'rest', 'total'}
    assert counts['match'] == 16 * 8 * positions  # [P, |P - r|] to matched features
    assert counts['RPN'] == (9 * 8 * 8 + 8 * 3 * (2 + 4)) * positions  # three anchors, two logits and four deltas
    assert counts['RoI pooling'] == 0
    assert counts['total'] == sum(counts.values()) - counts['total']


def test_seconds_add_up_to_the_total(model: SiameseTwoStageDetector, search: Callable) -> None:
    seconds = Parts(model).time(search)
    assert all(taken.shape == (2,) and (taken[0] > 0) for taken in seconds.values())
    total = seconds.pop('total')
    assert sum(seconds.values()) == pytest.approx(total)


def test_of_a_training_step_backward_pass_and_update_are_parts(model: SiameseTwoStageDetector) -> None:
    optim_wrapper = OptimWrapper(SGD(model.parameters(), lr=0.01))
    counts = Parts(model.train(), optim_wrapper).count(
        lambda: model.train_step(make_batch(model, 2, 64, 32), optim_wrapper)
    )
    assert set(counts) == {*FORWARD, 'backward', 'optimizer', 'rest', 'total'}
    forward = sum(counts[part].item() for part in FORWARD)
    # Each product has two more, but that of the pixels, whose gradient nobody wants.
    assert 1.5 * forward < counts['backward'].item() < 2 * forward


def test_a_model_is_left_as_it_was(model: SiameseTwoStageDetector, search: Callable) -> None:
    before = {name: dict(vars(part)) for name, part in model.named_modules()}
    Parts(model).time(search)
    assert all('forward' not in vars(part) for part in model.modules())
    assert {name: set(vars(part)) for name, part in model.named_modules()} == {k: set(v) for k, v in before.items()}


def test_detectors_are_compared_with_the_first_in_the_same_precision(
    model: SiameseTwoStageDetector, search: Callable
) -> None:
    parts = Parts(model)
    variants = [
        Variant('one', 'fp32', search, parts),
        Variant('one', 'bf16', search, parts),
        Variant('other', 'bf16', search, parts, num_images=2),
    ]
    peak = {'convolution, fp32': 1.0, 'matrices, fp32': 2.0, 'convolution, bf16': 3.0}
    steps, by_part = measure_variants('a title', variants, 2, peak, 'cpu')
    assert [row['ratio'] for row in steps.rows[:2]] == [1, 1]
    assert steps.rows[2]['ratio'] == steps.rows[2]['s'] / steps.rows[1]['s']
    assert steps.rows[2]['images/s'] == 2 / steps.rows[2]['s']
    match = next(row for row in by_part.rows if row['part'] == 'match')
    fraction = match['multiply-adds, G'] / match['processor s'] / 2
    assert match['of the peak'] == f'{fraction:.0%}'
    assert by_part.rows[-1]['part'] == 'total'
    total = by_part.rows[-1]
    assert steps.rows[2]['bound, s'] == pytest.approx(total['multiply-adds, G'] / 3)
    assert steps.rows[2]['times the bound'] == pytest.approx(steps.rows[2]['processor s'] / steps.rows[2]['bound, s'])
    assert steps.rows[0]['bound, s'] == pytest.approx(total['multiply-adds, G'] / 2)
