"""SiameseTwoStageDetector: one path of three steps, whatever way it is called."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from mmosis.models import SiameseTwoStageDetector
from mmosis.structures import EncodedReferences, RLEMasks

MakeModel = Callable[..., SiameseTwoStageDetector]
LOSSES = {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls', 'loss_bbox', 'loss_mask'}


def prepare(model: SiameseTwoStageDetector, data: dict, training: bool = False) -> dict:
    return model.data_preprocessor(data, training)


@torch.no_grad()
def predict(model: SiameseTwoStageDetector, data: dict) -> list[InstanceData]:
    return [sample.pred_instances for sample in model(**prepare(model, data), mode='predict')]


def assert_same(got: InstanceData, expected: InstanceData, tolerance: float = 0.0) -> None:
    """Same detections; with a tolerance, boxes are compared relative to their size."""
    assert len(expected) > 0
    assert got.labels.tolist() == expected.labels.tolist()
    assert got.episode_ids.tolist() == expected.episode_ids.tolist()
    torch.testing.assert_close(got.bboxes, expected.bboxes, atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(got.scores, expected.scores, atol=tolerance, rtol=tolerance)
    differing = got.masks.numpy() != expected.masks.numpy()
    assert differing.mean() <= tolerance


class TestLoss:
    def test_all_losses_are_there_and_train_everything(self, make_model: MakeModel, train_data: dict) -> None:
        model = make_model().train()
        losses = model(**prepare(model, train_data, True), mode='loss')
        assert {name for name in losses if 'loss' in name} == LOSSES
        total, _ = model.parse_losses(losses)
        assert total.isfinite()
        total.backward()
        without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
        assert without == []
        for part in ('backbone', 'neck', 'match_neck', 'rpn_head', 'roi_head'):
            assert any(parameter.grad.abs().sum() > 0 for parameter in getattr(model, part).parameters()), part

    def test_a_step_lowers_the_loss(self, make_model: MakeModel, train_data: dict) -> None:
        model = make_model().train()
        data = prepare(model, train_data, True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        totals = []
        for _ in range(4):
            total, _ = model.parse_losses(model(**data, mode='loss'))
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            totals.append(total.item())
        assert totals[-1] < totals[0]

    def test_the_reference_alone_trains_the_backbone(self, make_model: MakeModel, train_data: dict) -> None:
        model = make_model().train()
        data = prepare(model, train_data, True)
        feats = tuple(feat.detach() for feat in model.encode_images(data['inputs']))
        matched = model.match_neck(feats, model.encode_references(data['ref_inputs']))
        total, _ = model.parse_losses(model.loss(matched, data['data_samples']))
        total.backward()
        assert model.backbone.conv1.weight.grad.abs().sum() > 0

    def test_encoded_references_give_the_same_losses_as_pixels(self, make_model: MakeModel, train_data: dict) -> None:
        model = make_model()
        data = prepare(model, train_data, True)
        from_pixels = model(**data, mode='loss')
        references = model.encode_references(data['ref_inputs'])
        assert isinstance(references, EncodedReferences)
        from_encoded = model(**{**data, 'ref_inputs': references}, mode='loss')
        assert model.parse_losses(from_pixels)[0] == model.parse_losses(from_encoded)[0]


class TestTensor:
    def test_it_gives_the_heads_raw_outputs(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        data = prepare(model, test_data(7))
        references = model.encode_references(data['ref_inputs'][0])[:1]
        with torch.no_grad():
            ((cls_score, bbox_pred, mask_preds),) = model(data['inputs'], data['data_samples'], ref_inputs=references)
        num_proposals = len(cls_score)
        assert num_proposals > 0
        assert cls_score.shape == (num_proposals, 2)  # match and non-match
        assert bbox_pred.shape == (num_proposals, 4)  # one box, whatever the class
        assert mask_preds.shape == (num_proposals, 1, 28, 28)


class TestPredict:
    def test_detections_belong_to_their_episodes(self, make_model: MakeModel, test_data: Callable) -> None:
        data = test_data(31, runs=2)
        (sample,) = data['data_samples']
        (found,) = predict(make_model(), data)
        assert [(e.cat_id, e.run) for e in sample.episodes] == [
            (10, 0), (10, 1), (30, 0), (30, 1), (50, 0), (50, 1), (80, 0), (80, 1),
        ]  # fmt: skip
        assert found.episode_ids.unique().tolist() == list(range(8))
        assert found.labels.tolist() == [sample.episodes[i].label for i in found.episode_ids.tolist()]
        assert found.labels.unique().tolist() == [0, 2, 4, 7]  # person, car, airplane and truck of the file

    def test_results_read_as_those_of_any_mmdet_detector(self, make_model: MakeModel, test_data: Callable) -> None:
        """What ``supervision.Detections.from_mmdetection`` reads."""
        (found,) = predict(make_model(), test_data(12))
        num = len(found)
        assert num > 0
        bboxes, scores, labels = (found[key].cpu().numpy() for key in ('bboxes', 'scores', 'labels'))
        masks = found.masks.cpu().numpy()
        assert bboxes.shape == (num, 4)
        assert (bboxes >= 0).all()
        assert (bboxes <= [70, 100, 70, 100]).all()  # Original image, 100x70 (h x w), not the padded input of 64x64.
        assert scores.shape == (num,)
        assert ((scores >= 0) & (scores <= 1)).all()
        assert labels.dtype == np.int64
        assert masks.shape == (num, 100, 70)
        assert masks.dtype == bool
        assert isinstance(found.masks, RLEMasks)

    def test_in_the_networks_frame_without_rescale(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        data = prepare(model, test_data(7))
        with torch.no_grad():
            (original,) = model.predict(**rename(data))
            original = original.pred_instances
            (sample,) = model.predict(**rename(data), rescale=False)
        width_scale, height_scale = sample.scale_factor
        scale = torch.tensor([width_scale, height_scale] * 2)
        torch.testing.assert_close(sample.pred_instances.bboxes / scale, original.bboxes)

    def test_another_reference_changes_the_result(self, make_model: MakeModel, test_data: Callable) -> None:
        model, data = make_model(), test_data(9)
        (before,) = predict(model, data)
        (refs,) = data['ref_inputs']
        (after,) = predict(model, dict(data, ref_inputs=[refs.flip(0)]))
        assert not torch.equal(before.scores, after.scores)
        assert_same(by_episode(after, 0), relabelled(by_episode(before, len(refs) - 1), 0, before.labels[0]), 1e-5)

    def test_the_three_steps_called_apart_are_predict(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        data = test_data(31, 9)
        expected = predict(model, data)
        data = prepare(model, data)
        with torch.no_grad():
            feats = model.encode_images(data['inputs'])
            for i, sample in enumerate(data['data_samples']):
                references = model.encode_references(data['ref_inputs'][i])
                image = [feat[i : i + 1] for feat in feats]
                assert_same(model.match_and_detect(image, references, sample), expected[i])

    def test_encoded_references_give_the_same_as_pixels(self, make_model: MakeModel, test_data: Callable) -> None:
        model, data = make_model(), test_data(31)
        (expected,) = predict(model, data)
        references = model.encode_references(prepare(model, data)['ref_inputs'][0])
        (found,) = predict(model, dict(data, ref_inputs=[references]))
        assert_same(found, expected)

    def test_kept_references_can_be_joined(self, make_model: MakeModel, test_data: Callable) -> None:
        model, data = make_model(), test_data(31)
        (expected,) = predict(model, data)
        refs = prepare(model, data)['ref_inputs'][0]
        bank = EncodedReferences.cat([model.encode_references(refs[i : i + 1]) for i in range(len(refs))])
        (found,) = predict(model, dict(data, ref_inputs=[bank]))
        assert_same(found, expected, 1e-5)

    def test_shots_belong_to_their_episode(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        refs = prepare(model, test_data(31, num_references=3))['ref_inputs'][0]
        assert refs.shape[:2] == (4, 3)
        together = model.encode_references(refs)
        for i in range(4):
            shots = [model.encode_references(refs[i : i + 1, k : k + 1]) for k in range(3)]
            for level, tensor in enumerate(together.tensors):
                torch.testing.assert_close(tensor[i : i + 1], sum(shot.tensors[level] for shot in shots) / 3)

    @pytest.mark.parametrize('chunk', [1, 2, 3])
    def test_chunks_do_not_change_the_result(self, make_model: MakeModel, test_data: Callable, chunk: int) -> None:
        data = test_data(31)
        (expected,) = predict(make_model(episodes_per_chunk=100), data)
        (found,) = predict(make_model(episodes_per_chunk=chunk), data)
        assert_same(found, expected, 1e-5)

    def test_many_episodes_equal_separate_calls(self, make_model: MakeModel, test_data: Callable) -> None:
        model, data = make_model(), test_data(31)
        (together,) = predict(model, data)
        (refs,), (sample,) = data['ref_inputs'], data['data_samples']
        for i, episode in enumerate(sample.episodes):
            alone = sample.clone()
            alone.set_metainfo(dict(episodes=[episode]))
            (found,) = predict(model, dict(data, data_samples=[alone], ref_inputs=[refs[i : i + 1]]))
            assert_same(relabelled(found, i, episode.label), by_episode(together, i), 1e-5)

    def test_images_of_a_batch_keep_their_own_episodes(self, make_model: MakeModel, test_data: Callable) -> None:
        model, data = make_model(), test_data(31, 12, 9)
        numbers = [len(refs) for refs in data['ref_inputs']]
        assert len(set(numbers)) > 1
        together = predict(model, data)
        for img_id, number, found in zip((31, 12, 9), numbers, together, strict=True):
            assert found.episode_ids.max() == number - 1
            (alone,) = predict(model, test_data(img_id))
            assert_same(found, alone, 1e-5)

    def test_images_of_a_batch_may_have_different_sizes(self, make_model: MakeModel, test_data: Callable) -> None:
        """The batch is padded to its largest, which must not change what is found in the others."""
        model = make_model()

        def load(*img_ids: int) -> dict:
            data = test_data(*img_ids)
            for number, img_id in enumerate(img_ids):
                if img_id == 12:
                    data['inputs'][number] = data['inputs'][number][:, :32]
                    data['data_samples'][number].set_metainfo(dict(img_shape=(32, 64), ori_shape=(32, 64)))
            return data

        together = predict(model, load(31, 12, 9))
        for img_id, found in zip((31, 12, 9), together, strict=True):
            (alone,) = predict(model, load(img_id))
            assert_same(found, alone, 1e-5)

    def test_an_image_is_encoded_once(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model(episodes_per_chunk=1)
        seen = []
        model.backbone.register_forward_hook(lambda module, inputs, output: seen.append(tuple(inputs[0].shape)))
        data = test_data(31, 12)
        predict(model, data)
        num_episodes = sum(len(refs) for refs in data['ref_inputs'])
        assert seen.count((2, 3, 64, 64)) == 1
        assert seen.count((1, 3, 32, 32)) == num_episodes == len(seen) - 1

    def test_without_episodes_in_the_sample_labels_are_zero(self, make_model: MakeModel, test_data: Callable) -> None:
        data = test_data(31)
        metainfo = {key: value for key, value in data['data_samples'][0].metainfo.items() if key != 'episodes'}
        (found,) = predict(make_model(), dict(data, data_samples=[DetDataSample(metainfo=metainfo)]))
        assert found.labels.unique().tolist() == [0]
        assert found.episode_ids.unique().tolist() == [0, 1, 2, 3]


class TestMessages:
    @pytest.mark.parametrize('mode', ['loss', 'predict', 'tensor'])
    def test_no_references(self, make_model: MakeModel, test_data: Callable, mode: str) -> None:
        model = make_model()
        data = prepare(model, test_data(12))
        with pytest.raises(ValueError, match=r'references of \d (images|episodes) must come as ref_inputs, got none'):
            model(data['inputs'], data['data_samples'], mode=mode)

    def test_references_of_another_number_of_images(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        data = prepare(model, test_data(7))
        with pytest.raises(ValueError, match='references of 1 images must come as ref_inputs, got those of 2'):
            model(**{**data, 'ref_inputs': data['ref_inputs'] * 2}, mode='predict')

    def test_references_of_another_number_of_episodes(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        data = prepare(model, test_data(31))
        with pytest.raises(ValueError, match='image 31 lists 4 episodes, but references of 3 came'):
            model(**{**data, 'ref_inputs': [data['ref_inputs'][0][:3]]}, mode='predict')

    def test_an_image_without_references(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        data = prepare(model, test_data(31))
        with pytest.raises(ValueError, match='image 31 came without references'):
            model(**{**data, 'ref_inputs': [data['ref_inputs'][0][:0]]}, mode='predict')

    @pytest.mark.parametrize(
        'shape', [(2, 3, 32, 32), (0, 1, 3, 32, 32), (2, 0, 3, 32, 32), (2, 1, 2, 32, 32), (2, 1, 5, 32, 32)]
    )
    def test_references_of_another_shape(self, make_model: MakeModel, shape: tuple[int, ...]) -> None:
        message = r'must be \(E, K, 3, h, w\), or with masks \(E, K, 4, h, w\), with E and K > 0, got \(\d, '
        with pytest.raises(ValueError, match=message):
            make_model().encode_references(torch.zeros(shape))

    def test_references_of_another_type(self, make_model: MakeModel) -> None:
        with pytest.raises(TypeError, match=r'must be a tensor \(E, K, 3, h, w\) or EncodedReferences, got list'):
            make_model().encode_references([torch.zeros(1, 3, 32, 32)])

    def test_encoded_references_that_are_not_given_image_by_image(
        self, make_model: MakeModel, test_data: Callable
    ) -> None:
        model = make_model()
        data = prepare(model, test_data(7))
        references = model.encode_references(data['ref_inputs'][0])[:1]
        with pytest.raises(TypeError, match=r'list with the references of each image.*give \[references\]'):
            model(**{**data, 'ref_inputs': references}, mode='predict')

    def test_unknown_mode(self, make_model: MakeModel, test_data: Callable) -> None:
        model = make_model()
        with pytest.raises(ValueError, match="mode must be 'loss', 'predict' or 'tensor', got 'test'"):
            model(**prepare(model, test_data(7)), mode='test')

    def test_a_match_neck_that_is_none(self, make_model: MakeModel) -> None:
        with pytest.raises(TypeError, match='a match neck must be a BaseMatchNeck, got FPN'):
            make_model(match_neck=dict(_delete_=True, type='FPN', in_channels=[8], out_channels=8, num_outs=1))

    def test_no_episode_in_a_chunk(self, make_model: MakeModel) -> None:
        with pytest.raises(ValueError, match='episodes_per_chunk must be at least 1, got 0'):
            make_model(episodes_per_chunk=0)


def rename(data: dict) -> dict:
    """Name a prepared batch as ``predict`` does."""
    return dict(batch_inputs=data['inputs'], batch_data_samples=data['data_samples'], ref_inputs=data['ref_inputs'])


def by_episode(instances: InstanceData, episode_id: int) -> InstanceData:
    return instances[instances.episode_ids == episode_id]


def relabelled(instances: InstanceData, episode_id: int, label: int | Tensor) -> InstanceData:
    instances.episode_ids = torch.full_like(instances.episode_ids, episode_id)
    instances.labels = torch.full_like(instances.labels, int(label))
    return instances
