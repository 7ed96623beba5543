"""browse_dataset.py: which images it makes, and that they show what the network gets."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.structures import DetDataSample
from tools_runner import DEMO, run

from mmosis.datasets import OneShotCocoDataset
from mmosis.visualization import OneShotLocalVisualizer

TOOL = 'tools/analysis_tools/browse_dataset.py'
Drawn = list[tuple[np.ndarray, DetDataSample, dict]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """What the visualizer was given to draw."""
    calls, add = [], OneShotLocalVisualizer.add_datasample

    def add_datasample(self, name: str, image: np.ndarray, sample: DetDataSample, **arguments) -> None:
        calls.append((image, sample, arguments))
        add(self, name, image, sample, **{**arguments, 'show': False})

    monkeypatch.setattr(OneShotLocalVisualizer, 'add_datasample', add_datasample)
    return calls


def dataset_of(scenes: Path, part: str, **settings) -> OneShotCocoDataset:
    """A dataset of the demo's scenes, without pipelines."""
    return OneShotCocoDataset(
        data_root=str(scenes),
        ann_file=f'{part}/annotations.json',
        data_prefix=dict(img=f'{part}/images/'),
        split=1,
        **settings,
    )


def test_training_draws_come_as_in_a_run(scenes: Path, options: list[str], tmp_path: Path, drawn: Drawn) -> None:
    run(TOOL, DEMO, '--not-show', '--output-dir', tmp_path, '--number', '3', *options, 'randomness.seed=5')
    dataset = dataset_of(scenes, 'train', phase='background', seed=5)
    sampled = [dataset.draw_episodes(index) for index in range(3)]
    assert [sample.episodes for _, sample, _ in drawn] == [episodes for _, episodes in sampled]
    names = [f'{index:05}_{Path(info["img_path"]).stem}.png' for index, (info, _) in enumerate(sampled)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for (image, sample, arguments), (info, _) in zip(drawn, sampled, strict=True):
        assert image.shape == (160, 160, 3)
        assert sample.ref_inputs.shape == (1, 3, 96, 96)
        assert len(sample.gt_instances) == sum(not instance['ignore_flag'] for instance in info['instances'])
        assert arguments['show'] is False
    # The image is RGB, as the visualizer takes it.
    scene = cv2.cvtColor(cv2.imread(sampled[0][0]['img_path']), cv2.COLOR_BGR2RGB)
    image, sample, _ = drawn[0]
    seen = image[:, ::-1] if sample.flip else image
    assert np.abs(seen.mean(axis=(0, 1)) - scene.mean(axis=(0, 1))).max() < 1


def test_a_test_image_has_the_truth_of_its_episodes(
    scenes: Path, options: list[str], tmp_path: Path, drawn: Drawn
) -> None:
    shots = 'test_dataloader.dataset.num_references=2'
    run(TOOL, DEMO, '--loader', 'test', '--not-show', '--output-dir', tmp_path, *options, shots)
    assert len(drawn) == len(list(tmp_path.iterdir())) == 3  # The options leave three test images.
    dataset = dataset_of(scenes, 'test', phase='one-shot', test_mode=True)
    for index, (image, sample, _) in enumerate(drawn):
        info = dataset.get_data_info(index)
        assert sample.img_id == info['img_id']
        assert sample.ref_inputs.shape == (len(sample.episodes), 2, 3, 96, 96)
        kept = [instance for instance in info['instances'] if not instance['ignore_flag']]
        assert sample.gt_instances.labels.tolist() == [instance['bbox_label'] for instance in kept]
        boxes = np.array([instance['bbox'] for instance in kept]) * image.shape[0] / info['height']
        np.testing.assert_allclose(sample.gt_instances.bboxes.tensor, boxes, atol=1e-3)
        labels = {instance['bbox_label'] for instance in kept}
        assert {episode.label for episode in sample.episodes} <= labels


def test_a_mixture_names_each_category_as_its_data_set_does(
    scenes: Path, tmp_path: Path, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second data set has the categories of the first in reverse; one of its episodes is without truth."""
    content = json.loads((scenes / 'train' / 'annotations.json').read_text())
    content['categories'].reverse()
    (tmp_path / 'reversed.json').write_text(json.dumps(content))
    config = tmp_path / 'mixture.py'
    config.write_text(
        f"""_base_ = '{Path(DEMO).resolve()}'
part = dict(_base_.train_dataloader.dataset, data_root='{scenes}/')
other = dict(part, ann_file='{tmp_path}/reversed.json', absent_prob=1.0)
dataset = dict(_delete_=True, type='EpisodeMixture', datasets=[part, other], weights=[1, 1])
train_dataloader = dict(dataset=dataset)
"""
    )
    names = []
    write = OneShotLocalVisualizer.draw_texts
    monkeypatch.setattr(
        OneShotLocalVisualizer,
        'draw_texts',
        lambda self, text, *a, **k: names.append(text) or write(self, text, *a, **k),
    )
    run(TOOL, config, '--not-show', '--output-dir', tmp_path / 'drawn', '--number', '6')
    by_id = {category['id']: category['name'] for category in content['categories']}
    episodes = [sample.episodes[0] for _, sample, _ in drawn]
    assert [name for name in names if isinstance(name, str) and name] == [by_id[episode.cat_id] for episode in episodes]
    assert {episode.absent for episode in episodes} == {True, False}
    assert all(bool(len(sample.gt_instances)) != sample.episodes[0].absent for _, sample, _ in drawn)


def test_windows_by_default(options: list[str], drawn: Drawn) -> None:
    run(TOOL, DEMO, '--number', '1', '--show-interval', '0.5', *options)
    ((_, _, arguments),) = drawn
    assert arguments == dict(draw_pred=False, show=True, wait_time=0.5, out_file=None)


def test_refusals(options: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'--not-show needs --output-dir, or nobody sees the images'):
        run(TOOL, DEMO, '--not-show')
    with pytest.raises(ValueError, match=r'the config has no val_dataloader; choose another one by --loader'):
        run(TOOL, DEMO, '--loader', 'val', '--output-dir', tmp_path)
    config = tmp_path / 'coco.py'
    config.write_text("train_dataloader = dict(dataset=dict(type='CocoDataset'))")
    with pytest.raises(ValueError, match=r"CocoDataset makes no episodes; .* there is mmdet's tool of the same name"):
        run(TOOL, config)
