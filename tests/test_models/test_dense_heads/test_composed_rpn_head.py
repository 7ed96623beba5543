"""ComposedRPNHead finds what RPNHead finds, with a part of the work done once an image."""

from collections.abc import Callable

import pytest
import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmosis.models import ComposedMatcher, ComposedRPNHead, SiameseTwoStageDetector
from mmosis.search.mixed_precision import to_half_precision
from mmosis.structures import EncodedReferences
from projects.published import PublishedRPNHead

IN, OUT, FEAT = 8, 16, 12
MakeModel = Callable[..., SiameseTwoStageDetector]


@pytest.fixture
def make(make_model: MakeModel) -> MakeModel:
    """Build the tiny detector with more matched channels than the image's, and biases that are not zero."""

    def make(rpn: str | type = 'ComposedRPNHead', **changes: dict) -> SiameseTwoStageDetector:
        roi_head = dict(bbox_roi_extractor=dict(out_channels=OUT), bbox_head=dict(in_channels=OUT))
        roi_head.update(mask_roi_extractor=dict(out_channels=OUT), mask_head=dict(in_channels=OUT))
        roi_head.update(changes.pop('roi_head', {}))
        parts = dict(
            match_neck=dict(out_channels=OUT, **changes.pop('match_neck', {})),
            rpn_head=dict(type=rpn, in_channels=OUT, feat_channels=FEAT, **changes.pop('rpn_head', {})),
        )
        model = make_model(**parts, roi_head=roi_head, **changes)
        torch.manual_seed(1)
        for module in model.modules():
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                nn.init.normal_(module.bias)
        return model

    return make


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Listen to the composed matcher: the references of each chunk."""
    chunks, match = [], ComposedMatcher.__call__

    def listen(self, references: EncodedReferences) -> tuple[Tensor, ...]:
        chunks.append(len(references))
        return match(self, references)

    monkeypatch.setattr(ComposedMatcher, '__call__', listen)
    return chunks


def as_double(model: SiameseTwoStageDetector, data: dict) -> dict:
    """Convert a detector, and a batch as the preprocessor hands it on, to float64."""
    for name, part in model.named_children():
        if name != 'data_preprocessor':
            part.double()
    return dict(data, inputs=data['inputs'].double(), ref_inputs=[refs.double() for refs in data['ref_inputs']])


@torch.no_grad()
def search(model: SiameseTwoStageDetector, data: dict, double: bool = False) -> list[InstanceData]:
    """Search the images of a batch."""
    data = model.data_preprocessor(dict(data))
    if double:
        data = as_double(model, data)
    samples = [sample.clone() for sample in data['data_samples']]
    return [sample.pred_instances for sample in model.predict(data['inputs'], samples, data['ref_inputs'])]


def assert_same(found: list[InstanceData], expected: list[InstanceData], tolerance: float) -> None:
    """The same boxes in pixels, and the same scores."""
    for got, wanted in zip(found, expected, strict=True):
        assert len(wanted) > 0
        assert got.episode_ids.tolist() == wanted.episode_ids.tolist()
        torch.testing.assert_close(got.bboxes, wanted.bboxes, atol=tolerance, rtol=0)
        torch.testing.assert_close(got.scores, wanted.scores, atol=tolerance, rtol=0)


def with_masks(data: dict) -> dict:
    """Lay masks of anything beside the references of a batch."""
    rng = torch.Generator().manual_seed(2)
    masked = []
    for refs in data['ref_inputs']:
        mask = 255 * torch.randint(0, 2, (*refs.shape[:2], 1, *refs.shape[3:]), generator=rng)
        masked.append(torch.cat([refs, mask.to(refs)], dim=2))
    return dict(data, ref_inputs=masked)


@pytest.mark.parametrize(('chunk', 'masked'), [(1, False), (3, True), (100, False)])
def test_detections_are_the_same(
    make: MakeModel, test_data: Callable, composed: list[int], chunk: int, masked: bool
) -> None:
    data = test_data(31, 12, runs=2, num_references=2)
    data = with_masks(data) if masked else data
    expected = search(make('RPNHead', episodes_per_chunk=chunk), data)
    assert composed == []
    found = search(make(episodes_per_chunk=chunk), data)
    assert sum(composed) == sum(len(refs) for refs in data['ref_inputs'])
    assert max(composed) <= chunk
    assert_same(found, expected, 1e-3)
    for got, wanted in zip(found, expected, strict=True):
        assert (got.masks.numpy() != wanted.masks.numpy()).mean() < 1e-4


def test_but_for_rounding_they_are_equal(make: MakeModel, test_data: Callable) -> None:
    boxes = dict(roi_head=dict(mask_roi_extractor=None, mask_head=None))  # mmdet pastes masks in float32
    expected, found = (search(make(rpn, **boxes), test_data(31), double=True) for rpn in ('RPNHead', 'ComposedRPNHead'))
    assert_same(found, expected, 1e-9)


def test_the_published_head_composes_too(
    make: MakeModel, test_data: Callable, composed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = search(make(PublishedRPNHead), test_data(31))
    assert composed == [4]
    monkeypatch.setattr(ComposedRPNHead, 'pays', lambda *_: False)
    assert_same(found, search(make(PublishedRPNHead), test_data(31)), 1e-3)
    assert composed == [4]


@torch.no_grad()
def test_maps_are_equal_to_the_border(make: MakeModel) -> None:
    model = make().double()
    feats = [torch.randn(1, IN, size, size + 1, dtype=torch.double) for size in (9, 7, 5, 3, 1)]
    references = EncodedReferences(vectors=[torch.randn(4, IN, dtype=torch.double) for _ in feats])
    matched, features = (
        model.match_neck(feats, references),
        ComposedMatcher(model.match_neck, model.rpn_head, feats)(references),
    )
    for got, wanted in zip(features, matched, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-12, rtol=0)
    for got, wanted in zip(model.rpn_head(features), model.rpn_head(matched), strict=True):
        for got_level, wanted_level in zip(got, wanted, strict=True):
            torch.testing.assert_close(got_level, wanted_level, atol=1e-9, rtol=0)


@torch.no_grad()
def test_searches_in_half_precision(make: MakeModel, test_data: Callable, composed: list[int]) -> None:
    """Maps are as near to those in float32 as those of RPNHead, and anchors are laid in float32."""
    scores = {}
    for rpn in ('RPNHead', 'ComposedRPNHead'):
        model = make(rpn)
        data = model.data_preprocessor(test_data(31))
        feats = model.encode_images(data['inputs'])
        exact = model.rpn_head(model.match_neck(feats, references := model.encode_references(data['ref_inputs'][0])))
        to_half_precision(model, torch.bfloat16)
        with torch.autocast('cpu', torch.bfloat16):
            half = model.rpn_head(model.make_matcher([feat.bfloat16() for feat in feats], len(references))(references))
            assert len(model.predict(data['inputs'], data['data_samples'], data['ref_inputs'])[0].pred_instances) > 0
        assert half[0][0].dtype == torch.float32
        scores[rpn] = max((a - b).abs().max() / b.abs().max() for a, b in zip(half[0], exact[0], strict=True)).item()
    assert sum(composed) == 2 * len(references)
    assert scores['ComposedRPNHead'] < 2 * scores['RPNHead'] < 0.1


@pytest.mark.parametrize(('size', 'least'), [(1024, 3), (256, 4), (64, 25)])
def test_it_pays_from_so_many_references_at_the_papers_channels(make: MakeModel, size: int, least: int) -> None:
    """256 channels of 384: two thirds once an image, one third saved each time; and kernels, the same at any size."""
    model = make()
    neck, head = model.match_neck, model.rpn_head
    feats = [torch.empty(1, 256, size // stride, size // stride, device='meta') for stride in (4, 8, 16, 32, 64)]
    neck.in_channels, head.in_channels = 256, 384
    positions = sum(feat[0, 0].numel() for feat in feats)
    work = [384 * number * positions for number in range(30)]
    composed = [256 * (1 + number) * positions + 5 * 384 * (256 + 1 + 256) for number in range(30)]
    assert [head.pays(neck, feats, number) for number in range(30)] == [
        a < b for a, b in zip(composed, work, strict=True)
    ]
    assert [head.pays(neck, feats, number) for number in (least - 1, least)] == [False, True]
    head.in_channels = 256
    assert not head.pays(neck, feats, 100)


@torch.no_grad()
def test_the_work_of_an_image_and_of_its_references(make: MakeModel) -> None:
    """Multiply-adds by hand; of the first reference alone, and of one more."""
    model = make()
    feats = [torch.randn(1, IN, 4, 4) for _ in range(5)]
    references = EncodedReferences(vectors=[torch.randn(4, IN) for _ in feats])
    match = ComposedMatcher(model.match_neck, model.rpn_head, feats)
    with FlopCounterMode(display=False) as counter:
        match(references)
    assert counter.get_total_flops() // 2 == 4 * 5 * 16 * (IN * OUT + 9 * IN * FEAT)


@pytest.mark.parametrize(
    'changes',
    [dict(match_neck=dict(type='ConcatMatchNeck')), dict(rpn_head=dict(num_convs=2))],
    ids=['another comparison', 'two convolutions'],
)
def test_elsewhere_it_is_mmdets_head(make: MakeModel, test_data: Callable, composed: list[int], changes: dict) -> None:
    (found,) = search(make(**changes), test_data(31))
    (expected,) = search(make('RPNHead', **changes), test_data(31))
    assert composed == []
    assert torch.equal(found.bboxes, expected.bboxes)


def test_it_trains_as_mmdets_head(make: MakeModel, train_data: dict) -> None:
    totals = []
    for rpn in ('RPNHead', 'ComposedRPNHead'):
        model = make(rpn).train()
        totals.append(model.parse_losses(model(**model.data_preprocessor(train_data, True), mode='loss'))[0])
    assert torch.equal(*totals)


def test_weights_are_those_of_mmdets_head(make: MakeModel) -> None:
    assert isinstance(make().rpn_head, ComposedRPNHead)
    make().load_state_dict(make('RPNHead').state_dict(), strict=True)
