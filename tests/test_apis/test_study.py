"""Tables and book-keeping of studies; a complete one is run in test_tools."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmosis.apis import run_study, study
from mmosis.apis.study_tables import study_table, table_of_splits

BOX = dict(plain=[0.30, 0.32, 0.34], margin=[0.5])


def result(config: str, seed: int, box: float, **setting) -> dict:
    return dict(config=config, phase=None, num_references=None, seed=seed, box=box, mask=box / 2) | setting


def test_table_has_mean_standard_deviation_and_difference() -> None:
    results = [result(config, seed, box) for config, boxes in BOX.items() for seed, box in enumerate(boxes)]
    lines = [[cell.strip() for cell in line.strip('|').split('|')] for line in study_table(results).splitlines()]
    assert lines[0] == ['config', 'seeds', 'box', '+-', 'mask', '+-']
    assert lines[2] == ['plain', '3', '32.0 ± 2.0', '+0.0', '16.0 ± 1.0', '+0.0']
    assert lines[3] == ['margin', '1', '50.0', '+18.0', '25.0', '+9.0']


def test_table_has_a_row_for_each_phase_and_number_of_references() -> None:
    settings = [dict(phase=phase, num_references=number) for phase in ('one-shot', 'background') for number in (1, 5)]
    lines = study_table([result('plain', 0, 0.1, **setting) for setting in settings]).splitlines()
    assert 'categories' in lines[0]
    assert 'references' in lines[0]
    assert len(lines) == 2 + len(settings)


def test_boxes_alone_have_no_figure_for_masks() -> None:
    boxes = result('faster', 0, 0.5)
    del boxes['mask']
    assert study_table([boxes]).splitlines()[2].endswith('| 50.0 | +0.0 | -    | -  |')


def test_splits_have_a_row_a_matcher_and_a_column_each() -> None:
    figures = dict(a_s1=[0.1, 0.3], a_s2=[0.4], b_s1=[0.5], b_s3=[0.6], c_s1=[0.7], plain=[0.8])
    results = [result(config, seed, box) for config, boxes in figures.items() for seed, box in enumerate(boxes)]
    lines = [[cell.strip() for cell in line.strip('|').split('|')] for line in table_of_splits(results).splitlines()]
    assert lines[0] == ['config', 'S1', 'S2', 'S3', 'mean']
    assert lines[2] == ['a', '20.0 / 10.0', '40.0 / 20.0', '-', '-']
    assert lines[3] == ['b', '50.0 / 25.0', '-', '60.0 / 30.0', '-']
    assert len(lines) == 4, 'what has one split is in the other table'


def test_the_last_column_is_the_mean_of_the_splits() -> None:
    row = table_of_splits([result(f'a_s{split}', 0, split / 10) for split in (1, 2, 3, 4)]).splitlines()[-1]
    assert row.endswith('| 25.0 / 12.5 |')
    assert table_of_splits([result('a_s1', 0, 0.5)]) == ''


def test_splits_have_a_row_for_each_phase_and_number_of_references() -> None:
    settings = [dict(phase=phase, num_references=number) for phase in ('one-shot', 'background') for number in (1, 5)]
    results = [result(f'a_s{split}', 0, 0.1, **setting) for setting in settings for split in (1, 2)]
    lines = [[cell.strip() for cell in line.strip('|').split('|')] for line in table_of_splits(results).splitlines()]
    assert lines[0][:3] == ['config', 'categories', 'references']
    assert [line[1:3] for line in lines[2:]] == [[each['phase'], str(each['num_references'])] for each in settings]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Replace training and testing; the list tells what was done."""
    done = []

    def run_training(cfg: Config) -> str:
        done.append(
            ('train', Path(cfg.filename).stem, cfg.randomness.seed, cfg.work_dir, cfg.visualizer.name, cfg.get('split'))
        )
        Path(cfg.work_dir).mkdir(parents=True, exist_ok=True)
        torch.save(dict(meta=dict(time='20260101_000000')), Path(cfg.work_dir, 'iter_1.pth'))
        return str(Path(cfg.work_dir, 'iter_1.pth'))

    def run_test(cfg: Config, checkpoint: str, **dataset) -> dict:
        done.append(('test', checkpoint, dataset))
        return dict(box=0.5, mask=0.25)

    monkeypatch.setattr(study, 'run_training', run_training)
    monkeypatch.setattr(study, 'run_test', run_test)
    return done


def make_config(folder: Path, name: str, text: str = '') -> Config:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"randomness = dict(seed=0)\nvisualizer = dict(name='visualizer')\n{text}")
    return Config.fromfile(file)


def test_results_that_are_there_are_kept(runs: list, tmp_path: Path) -> None:
    configs = [make_config(tmp_path, 'a.py')]
    run_study(configs, [0, 1], tmp_path / 'out', phases=['one-shot'])
    assert [step[2] for step in runs if step[0] == 'train'] == [0, 1]
    runs.clear()
    table = run_study(configs, [0, 1], tmp_path / 'out', phases=['one-shot'], num_references=[None, 5])
    checkpoints = [str(tmp_path / f'out/a/seed{seed}/iter_1.pth') for seed in (0, 1)]
    assert runs == [('test', path, dict(phase='one-shot', num_references=5)) for path in checkpoints]
    assert table == (tmp_path / 'out/table.md').read_text().rstrip()
    rows = json.loads((tmp_path / 'out/study.json').read_text())
    assert [(row['seed'], row['num_references']) for row in rows] == [(0, None), (0, 5), (1, None), (1, 5)]


def test_each_config_holds_out_each_split(runs: list, tmp_path: Path) -> None:
    loader = 'test_dataloader = dict(dataset=dict(split=split))\n'
    configs = [make_config(tmp_path, name, f'split = 1\n{loader}') for name in ('a.py', 'b_s1.py')]
    table = run_study(configs, [0], tmp_path / 'out', splits=[1, 2])
    done = [(Path(step[3]).relative_to(tmp_path), step[5]) for step in runs if step[0] == 'train']
    expected = [('a_s1', 1), ('a_s2', 2), ('b_s1', 1), ('b_s2', 2)]
    assert done == [(Path(f'out/{name}/seed0'), split) for name, split in expected]
    assert [cfg.split for cfg in configs] == [1, 1], 'the configs that are given stay as they are'
    assert [row.split('|')[1].strip() for row in table.splitlines()[-2:]] == ['a', 'b'], 'a row for the splits of each'
    with pytest.raises(ValueError, match=r"different file names, got \['a_s2', 'a_s2'\]"):
        run_study([configs[0], make_config(tmp_path, 'a_s1.py')], [0], tmp_path / 'out', splits=[2])


def test_a_copied_study_goes_on_with_its_own_checkpoints(runs: list, tmp_path: Path) -> None:
    configs = [make_config(tmp_path, 'a.py')]
    run_study(configs, [0], tmp_path / 'out', phases=['one-shot'])
    shutil.copytree(tmp_path / 'out', tmp_path / 'copy')
    runs.clear()
    run_study(configs, [0], tmp_path / 'copy', phases=['one-shot', 'background'])
    assert runs == [('test', str(tmp_path / 'copy/a/seed0/iter_1.pth'), dict(phase='background'))]


def test_results_without_their_checkpoint_train_again(runs: list, tmp_path: Path) -> None:
    configs = [make_config(tmp_path, 'a.py')]
    run_study(configs, [0], tmp_path / 'out', phases=['one-shot'])
    (tmp_path / 'out/a/seed0/iter_1.pth').unlink()
    runs.clear()
    run_study(configs, [0], tmp_path / 'out', phases=['one-shot'])
    assert runs == [], 'nothing is missing'
    run_study(configs, [0], tmp_path / 'out', phases=['one-shot', 'background'])
    assert [step[0] for step in runs] == ['train', 'test']


def test_a_study_of_several_splits_has_both_tables(runs: list, tmp_path: Path) -> None:
    table = run_study([make_config(tmp_path, name) for name in ('a_s1.py', 'a_s2.py')], [0], tmp_path / 'out')
    of_seeds, of_splits = table.split('\n\n')
    assert 'seeds' in of_seeds
    assert of_splits.splitlines()[-1].startswith('| a ')


def test_every_run_has_a_folder_and_a_visualizer_of_its_own(runs: list, tmp_path: Path) -> None:
    configs = [make_config(tmp_path, name) for name in ('a.py', 'b.py')]
    run_study(configs, [3], tmp_path / 'out')
    trained = [step for step in runs if step[0] == 'train']
    assert [step[3] for step in trained] == [str(tmp_path / f'out/{name}/seed3') for name in 'ab']
    assert len({step[4] for step in trained}) == 2
    assert {cfg.visualizer.name for cfg in configs} == {'visualizer'}, "the caller's configs stay as they are"


def test_configs_of_one_name_are_refused(tmp_path: Path) -> None:
    configs = [make_config(tmp_path / folder, 'a.py') for folder in ('x', 'y')]
    with pytest.raises(ValueError, match=r"must have different file names, got \['a', 'a'\]"):
        run_study(configs, [0], tmp_path / 'out')


def test_the_figures_are_written_before_the_tables(runs: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(study, 'study_table', fail)
    with pytest.raises(ZeroDivisionError):
        run_study([make_config(tmp_path, 'a.py')], [0], tmp_path / 'out')
    assert [row['box'] for row in json.loads((tmp_path / 'out/study.json').read_text())] == [0.5]
