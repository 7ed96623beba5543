"""OneShotCocoMetric: the protocol of the paper, equal to pycocotools by hand."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.evaluation import DumpDetResults
from mmdet.structures import DetDataSample
from mmengine.evaluator import Evaluator
from mmengine.fileio import load
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils
from torch import nn
from two_ranks import run_two_ranks

from mmosis.datasets import OneShotCocoDataset
from mmosis.evaluation import DataPaths, Dump, OneShotCocoMetric
from mmosis.structures import RLEMasks, save_episodes
from mmosis.utils.coco_file import load_coco
from mmosis.utils.rng import generator

PERSON = 10


def read(dataset: OneShotCocoDataset) -> dict:
    return json.loads(Path(dataset.ann_file).read_text())


def detect(dataset: dict, sample: DetDataSample, noise: float, runs: tuple[int, ...] | None = None) -> DetDataSample:
    """Predict the truth of every episode, shifted by ``noise`` of its size, and a false positive.

    It is a function of image, category and run. Runs that are not named find nothing.
    """
    boxes, scores, episode_ids = [], [], []
    for episode_id, episode in enumerate(sample.episodes):
        rng = generator(0, sample.img_id, episode.cat_id, episode.run)
        truth = [
            a['bbox']
            for a in dataset['annotations']
            if (a['image_id'], a['category_id'], a['iscrowd']) == (sample.img_id, episode.cat_id, 0)
        ]
        if runs is not None and episode.run not in runs:
            continue
        for x, y, width, height in [*truth, *([[1.0, 1, 20, 20]] if noise else [])]:
            dx, dy = rng.normal(0, noise, 2) * (width, height) if noise else (0, 0)
            boxes.append([x + dx, y + dy, x + dx + width, y + dy + height])
            scores.append(rng.random())
            episode_ids.append(episode_id)
    sample.pred_instances = make_predictions(boxes, scores, episode_ids, sample)
    return sample


def make_predictions(boxes: list, scores: list, episode_ids: list, sample: DetDataSample) -> InstanceData:
    masks = np.zeros((len(boxes), *sample.ori_shape), dtype=bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[max(0, round(y1)) : round(y2), max(0, round(x1)) : round(x2)] = True
    return InstanceData(
        bboxes=torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4),
        scores=torch.tensor(scores, dtype=torch.float64),
        labels=torch.tensor([sample.episodes[i].label for i in episode_ids], dtype=torch.long),
        episode_ids=torch.tensor(episode_ids, dtype=torch.long),
        masks=RLEMasks.encode(masks),
    )


def evaluate(dataset: OneShotCocoDataset, samples: list[DetDataSample], **settings) -> dict[str, float]:
    evaluator = Evaluator(OneShotCocoMetric(**settings))
    evaluator.dataset_meta = dataset.metainfo
    evaluator.process(samples)
    return evaluator.evaluate(len(dataset))


def samples_of(dataset: OneShotCocoDataset) -> list[DetDataSample]:
    return [dataset[i]['data_samples'] for i in range(len(dataset))]


@pytest.fixture
def dataset(tiny_dataset: Callable) -> OneShotCocoDataset:
    return tiny_dataset(test_mode=True, phase='one-shot', runs=2)


def test_prediction_equal_to_truth_is_perfect(dataset: OneShotCocoDataset) -> None:
    metrics = evaluate(dataset, [detect(read(dataset), sample, 0) for sample in samples_of(dataset)])
    for name in ('bbox', 'segm'):
        assert metrics[f'one-shot/{name}_mAP'] == metrics[f'one-shot/{name}_mAP_50'] == pytest.approx(1)


def test_runs_are_evaluated_apart_and_averaged(dataset: OneShotCocoDataset) -> None:
    """Run 0 finds all, run 1 nothing: together in one evaluation AP would be 1, doubled detections aside."""
    metrics = evaluate(dataset, [detect(read(dataset), sample, 0, runs=(0,)) for sample in samples_of(dataset)])
    assert metrics['one-shot/bbox_mAP_50'] == metrics['one-shot/segm_mAP_50'] == pytest.approx(0.5)
    assert [metrics[f'one-shot/bbox_mAP_50/run{run}'] for run in range(2)] == pytest.approx([1, 0])


@pytest.mark.parametrize('phase', ['background', 'one-shot', 'all'])
def test_equals_pycocotools_called_by_hand(tiny_dataset: Callable, score_by_hand: Callable, phase: str) -> None:
    dataset = tiny_dataset(test_mode=True, phase=phase, runs=2)
    truth, samples = read(dataset), samples_of(dataset)
    metrics = evaluate(dataset, [detect(truth, sample, 0.1) for sample in samples], classwise=True)
    results = [results_by_hand(samples, run) for run in range(2)]
    # The image with a car too thin to be found is not searched for cars: that one is not missed.
    truth['annotations'] = [a for a in truth['annotations'] if a['bbox'][2] >= 1]
    cat_ids, img_ids = dataset.metainfo['eval_cat_ids'], [sample.img_id for sample in samples]
    for name in ('bbox', 'segm'):
        by_hand = [score_by_hand(truth, result, name, cat_ids, img_ids) for result in results]
        for key in by_hand[0]:
            expected = np.mean([run[key] for run in by_hand])
            np.testing.assert_allclose(metrics[f'{phase}/{name}_{key}'], expected, atol=1e-12, err_msg=key)
        assert 0.2 < metrics[f'{phase}/{name}_mAP_50'] < 1
        for run in range(2):
            assert metrics[f'{phase}/{name}_mAP_50/run{run}'] == pytest.approx(by_hand[run]['mAP_50'])
        for cat_id in cat_ids:
            alone = [score_by_hand(truth, result, name, [cat_id], img_ids)['mAP_50'] for result in results]
            category = next(c['name'] for c in truth['categories'] if c['id'] == cat_id)
            assert metrics[f'{phase}/{name}_mAP_50/{category}'] == pytest.approx(np.mean(alone))


def results_by_hand(samples: list[DetDataSample], run: int) -> list[dict]:
    """COCO results of one run."""
    results = []
    for sample in samples:
        found = sample.pred_instances
        for box, score, episode_id, mask in zip(
            found.bboxes.numpy(), found.scores.numpy(), found.episode_ids.numpy(), found.masks.numpy(), strict=True
        ):
            episode = sample.episodes[episode_id]
            if episode.run == run:
                x1, y1, x2, y2 = box
                segmentation = mask_utils.encode(np.asfortranarray(mask.astype(np.uint8)))
                results.append(
                    dict(
                        image_id=sample.img_id,
                        category_id=episode.cat_id,
                        bbox=[x1, y1, x2 - x1, y2 - y1],
                        score=score,
                        segmentation=segmentation,
                    )
                )
    return results


def test_detections_count_for_the_category_of_their_reference(dataset: OneShotCocoDataset) -> None:
    """The label is not read: person detections under an airplane's reference are false."""
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    (both,) = [sample for sample in samples if sample.img_id == 20]  # Person and airplane, two runs each.
    both.pred_instances.episode_ids = 3 - both.pred_instances.episode_ids
    metrics = evaluate(dataset, samples)
    assert metrics['one-shot/bbox_mAP_50'] < 0.8


def test_without_any_detection_everything_is_zero(dataset: OneShotCocoDataset) -> None:
    metrics = evaluate(dataset, [detect(read(dataset), sample, 0, runs=()) for sample in samples_of(dataset)])
    assert metrics['one-shot/bbox_mAP_50'] == metrics['one-shot/segm_mAP_50'] == metrics['one-shot/bbox_AR@100'] == 0


def test_each_category_is_logged(dataset: OneShotCocoDataset, mmengine_log: pytest.LogCaptureFixture) -> None:
    evaluate(dataset, [detect(read(dataset), sample, 0) for sample in samples_of(dataset)], metric='bbox')
    (table,) = [
        record.getMessage() for record in mmengine_log.records if 'AP50 of each category' in record.getMessage()
    ]
    assert [line.split('|')[1:3] for line in table.splitlines() if line.startswith('| ')][1:] == [
        [' person   ', ' 100.0 '],
        [' airplane ', ' 100.0 '],
    ]
    assert 'segm' not in table


def test_only_the_metric_asked_for(dataset: OneShotCocoDataset) -> None:
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    assert all(key.startswith('one-shot/bbox_') for key in evaluate(dataset, samples, metric='bbox'))
    for sample in samples:
        del sample.pred_instances.masks
    assert evaluate(dataset, samples, metric='bbox')['one-shot/bbox_mAP_50'] == pytest.approx(
        1
    )  # A detector without masks.


def test_the_prefix_is_the_phase_unless_given(dataset: OneShotCocoDataset, tiny_dataset: Callable) -> None:
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    assert evaluate(dataset, samples, prefix='mine', metric='bbox')['mine/bbox_mAP_50'] == pytest.approx(1)
    evaluator = Evaluator(OneShotCocoMetric(metric='bbox'))
    for phase in ('one-shot', 'all'):
        other = tiny_dataset(test_mode=True, phase=phase)
        evaluator.dataset_meta = other.metainfo
        evaluator.process([detect(read(other), sample, 0) for sample in samples_of(other)])
        assert {key.split('/')[0] for key in evaluator.evaluate(len(other))} == {phase}


def test_another_annotation_file_can_be_named(dataset: OneShotCocoDataset, tiny_coco: Callable) -> None:
    half = tiny_coco(annotations=lambda annotations: [a for a in annotations if a['category_id'] != PERSON])
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    metrics = evaluate(dataset, samples, ann_file=str(half / 'annotations.json'), metric='bbox', classwise=True)
    assert np.isnan(metrics['one-shot/bbox_mAP_50/person'])
    assert metrics['one-shot/bbox_mAP_50/airplane'] == pytest.approx(1)


def test_detections_of_images_that_are_not_in_the_file_are_refused(
    dataset: OneShotCocoDataset, tiny_coco: Callable
) -> None:
    other = tiny_coco(
        images=lambda images: [image for image in images if image['id'] != 20],
        annotations=lambda annotations: [a for a in annotations if a['image_id'] != 20],
    )
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    with pytest.raises(ValueError, match=r'images that the annotation file does not have: \[20\]'):
        evaluate(dataset, samples, ann_file=str(other / 'annotations.json'))


def test_categories_that_are_not_in_the_file_are_refused_with_the_first_image(
    dataset: OneShotCocoDataset, tiny_coco: Callable
) -> None:
    other = tiny_coco(
        categories=lambda rows: [row for row in rows if row['id'] != PERSON],
        annotations=lambda rows: [row for row in rows if row['category_id'] != PERSON],
    )
    metric = OneShotCocoMetric(ann_file=str(other / 'annotations.json'))
    metric.dataset_meta = dataset.metainfo
    (sample,) = [detect(read(dataset), sample, 0) for sample in samples_of(dataset) if sample.img_id == 20]
    with pytest.raises(ValueError, match=r'categories that the annotation file does not have: \[10\]'):
        metric.process({}, [sample.to_dict()])


def test_masks_of_a_file_without_any_are_refused_with_the_first_image(
    tiny_dataset: Callable, tiny_coco: Callable
) -> None:
    root = tiny_coco(annotations=lambda rows: [_unmasked(row) for row in rows])
    dataset = tiny_dataset(root, test_mode=True, phase='one-shot')
    metric = OneShotCocoMetric()
    metric.dataset_meta = dataset.metainfo
    sample = detect(read(dataset), dataset[0]['data_samples'], 0)
    with pytest.raises(ValueError, match=r'no annotation has a segmentation; judge boxes alone: --cfg-options test_'):
        metric.process({}, [sample.to_dict()])


def _unmasked(annotation: dict) -> dict:
    return {key: value for key, value in annotation.items() if key != 'segmentation'}


def test_objects_without_a_mask_are_ignored_for_masks(
    tiny_dataset: Callable, tiny_coco: Callable, mmengine_log: pytest.LogCaptureFixture
) -> None:
    """One person has none: perfect answers still have AP 1, and the log says so."""
    spoilt = (31, PERSON)
    root = tiny_coco(
        annotations=lambda rows: [
            _unmasked(row) if (row['image_id'], row['category_id']) == spoilt else row for row in rows
        ]
    )
    dataset = tiny_dataset(root, test_mode=True, phase='one-shot')
    metrics = evaluate(dataset, [detect(read(dataset), sample, 0) for sample in samples_of(dataset)], classwise=True)
    assert metrics['one-shot/segm_mAP_50/person'] == metrics['one-shot/bbox_mAP_50/person'] == pytest.approx(1)
    warning = '1 of 24 objects have no segmentation: they are ignored where masks are judged'
    assert mmengine_log.messages.count(warning) == 2  # with the first image, and beside the figures


def _fail(*_: object) -> None:
    raise ZeroDivisionError('what nobody foresaw')


@pytest.mark.parametrize('named', [True, False])
def test_an_error_of_the_evaluation_loses_nothing(
    dataset: OneShotCocoDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """The dump has been written, or is now; it gives what the evaluation would have given."""
    samples = [detect(read(dataset), sample, 0.1) for sample in samples_of(dataset)]
    expected = evaluate(dataset, samples)
    monkeypatch.chdir(tmp_path)
    settings = dict(dump_dir=str(tmp_path / 'dump')) if named else {}
    with monkeypatch.context() as patch:
        patch.setattr(Dump, 'evaluate', _fail)
        with pytest.raises(RuntimeError, match=r'\(ZeroDivisionError: what nobody foresaw\)\. .* kept in') as error:
            evaluate(dataset, samples, **settings)
    command = re.search(r'eval_predictions\.py (\S+) evaluates it', str(error.value))
    dump = Dump.load(command[1])
    assert not Path(command[1], 'metrics.json').exists()
    coco = load_coco(DataPaths.find(command[1]).ann_file)
    for iou_type, result in dump.evaluate(coco).items():
        assert result['mean']['mAP'] == pytest.approx(expected[f'one-shot/{iou_type}_mAP'])


def test_an_older_tests_figures_do_not_stay_beside_a_failed_ones(
    dataset: OneShotCocoDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    evaluate(dataset, samples, dump_dir=str(tmp_path))
    assert (tmp_path / 'metrics.json').is_file()
    monkeypatch.setattr(Dump, 'evaluate', _fail)
    with pytest.raises(RuntimeError, match='the evaluation failed'):
        evaluate(dataset, samples, dump_dir=str(tmp_path))
    assert not (tmp_path / 'metrics.json').exists()


def test_a_dump_that_cannot_be_written_is_refused_with_the_first_image(
    dataset: OneShotCocoDataset, tmp_path: Path
) -> None:
    (tmp_path / 'taken').write_text('')
    metric = OneShotCocoMetric(dump_dir=str(tmp_path / 'taken'))
    metric.dataset_meta = dataset.metainfo
    with pytest.raises(FileExistsError, match='taken'):
        metric.process({}, [detect(read(dataset), dataset[0]['data_samples'], 0).to_dict()])


def test_a_replay_of_one_run(dataset: OneShotCocoDataset, tiny_dataset: Callable, tmp_path: Path) -> None:
    """The second alone: its figures keep their number."""
    records = sorted(record for record in dataset.episode_records() if record.run == 1)
    save_episodes(tmp_path / 'episodes.json', dataset.metainfo['protocol'], records)
    replay = tiny_dataset(test_mode=True, episodes_file=str(tmp_path / 'episodes.json'))
    samples = [detect(read(replay), sample, 0) for sample in samples_of(replay)]
    metrics = evaluate(replay, samples, dump_dir=str(tmp_path / 'dump'))
    assert metrics['one-shot/bbox_mAP'] == metrics['one-shot/segm_mAP'] == pytest.approx(1)
    assert {key[-4:] for key in metrics if '/run' in key} == {'run1'}
    dump = Dump.load(tmp_path / 'dump')
    assert (dump.run_numbers, dump.episodes) == ([1], records)
    assert json.loads((tmp_path / 'dump' / 'metrics.json').read_text())['bbox']['runs'][0] is None


@pytest.mark.parametrize('metric', ['proposal', ['bbox', 'proposal']])
def test_unknown_metrics_are_refused(metric: str | list[str]) -> None:
    with pytest.raises(ValueError, match=r"metric must be among \('bbox', 'segm'\), got \['proposal'\]"):
        OneShotCocoMetric(metric=metric)


def test_mmdets_dump_can_stand_beside_it(dataset: OneShotCocoDataset, tmp_path: Path) -> None:
    """``tools/test.py --out``."""
    samples = [detect(read(dataset), sample, 0) for sample in samples_of(dataset)]
    evaluator = Evaluator([OneShotCocoMetric(metric='segm'), DumpDetResults(str(tmp_path / 'out.pkl'))])
    evaluator.dataset_meta = dataset.metainfo
    evaluator.process(samples)
    assert evaluator.evaluate(len(dataset))['one-shot/segm_mAP_50'] == pytest.approx(1)
    dumped = load(tmp_path / 'out.pkl')
    assert [sample['img_id'] for sample in dumped] == [sample.img_id for sample in samples]
    assert len(dumped[0]['pred_instances']['masks']) == len(samples[0].pred_instances)


# ---------------------------------------------------------------- through the Runner, in one and in two processes


class NoisyTruth(BaseModel):
    """Stands for a detector: a function of image and episode, whatever the process."""

    def __init__(self, ann_file: str) -> None:
        super().__init__()
        self.truth = json.loads(Path(ann_file).read_text())
        self.weight = nn.Parameter(torch.zeros(1))  # DDP wants one.

    def forward(self, inputs: list, data_samples: list, ref_inputs: list, mode: str) -> list[DetDataSample]:
        assert mode == 'predict'
        return [detect(self.truth, sample, 0.1) for sample in data_samples]


class CountingMetric(OneShotCocoMetric):
    """Tells how many images and episodes it was given."""

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        episodes = [episode for result in results for episode in result['episodes']]
        counts = dict(images=len(results), episodes=len(episodes), unique_episodes=len(set(episodes)))
        return {**super().compute_metrics(results), **counts}


def run_test(work_dir: Path, dataset: dict, launcher: str = 'pytorch') -> dict[str, float]:
    """What each process does."""
    init_default_scope('mmdet')
    runner = Runner(
        NoisyTruth(f'{dataset["data_root"]}/{dataset["ann_file"]}'),
        str(work_dir),
        test_dataloader=dict(
            batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False), dataset=dataset
        ),
        test_cfg=dict(),
        test_evaluator=[CountingMetric()],
        default_scope='mmdet',
        launcher=launcher,
        experiment_name=str(work_dir),
        log_level='WARNING',
        cfg=dict(model_wrapper_cfg=dict(type='MMDistributedDataParallel', device_ids=None)),
    )
    return runner.test()


def test_two_processes_lose_no_episode(tiny_dataset_cfg: Callable, tmp_path: Path) -> None:
    """Five images of 3 or 6 episodes: the second process gets one image twice, to fill up."""
    cfg = tiny_dataset_cfg(test_mode=True, phase='one-shot', runs=3)
    (tmp_path / 'one').mkdir()
    (tmp_path / 'two').mkdir()
    one = run_test(tmp_path / 'one', cfg, launcher='none')
    assert (one['images'], one['episodes'], one['unique_episodes']) == (5, 21, 21)
    assert 0.2 < one['one-shot/bbox_mAP_50'] < 1
    for metrics in run_two_ranks(run_test, tmp_path / 'two', cfg):
        np.testing.assert_equal(metrics, one)
