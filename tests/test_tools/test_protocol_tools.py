"""The protocol on the command line: test, replay, evaluate again, join, report."""

import json
import re
from pathlib import Path

import pytest
from tools_runner import DEMO, STEPS, run, run_processes

from mmosis.evaluation import Dump
from mmosis.structures import load_episodes

PREDICTIONS = {'predictions_run0.json', 'predictions_run1.json'}


@pytest.fixture(scope='module')
def tested(trained: Path, options: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A dump of two runs on all categories, and what was printed."""
    root = tmp_path_factory.mktemp('tested')
    output = run(
        *('tools/test.py', DEMO, trained / f'iter_{STEPS}.pth', '--work-dir', root / 'work'),
        *('--classes', 'all', '--runs', '2', '--seed', '3', '--absent', '1', '--dump', root / 'dump', *options),
    )
    return root / 'dump', output


@pytest.fixture
def ann_file(scenes: Path) -> Path:
    return scenes / 'test/annotations.json'


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_test_prints_the_runs_and_dumps_them(tested: tuple[Path, str]) -> None:
    dump, output = tested
    assert set(contents(dump)) == {'data.json', 'episodes.json', 'metrics.json', *PREDICTIONS}
    metrics = json.loads((dump / 'metrics.json').read_text())
    assert metrics['info'] == dict(
        phase='all',
        split=1,
        runs=2,
        seed=3,
        num_references=1,
        reference_sampler=dict(type='ReferenceSampler'),
        num_absent=1,
    )
    for run_number, result in enumerate(metrics['bbox']['runs']):
        assert re.search(rf'run {run_number} +\| {100 * result["mAP_50"]:.1f} ', output)
    assert '±' in output
    assert 'with absent' in output
    _, episodes = load_episodes(dump / 'episodes.json')
    assert {episode.run for episode in episodes} == {0, 1}
    assert any(episode.absent for episode in episodes)


@pytest.mark.parametrize('processes', [1, pytest.param(2, marks=pytest.mark.slow)])
def test_replay_gives_the_same_bytes(
    tested: tuple[Path, str], trained: Path, options: list[str], tmp_path: Path, processes: int
) -> None:
    checkpoint = trained / f'iter_{STEPS}.pth'
    arguments = (
        '--work-dir',
        tmp_path / 'work',
        '--episodes',
        tested[0] / 'episodes.json',
        '--dump',
        tmp_path / 'dump',
    )
    if processes == 1:
        run('tools/test.py', DEMO, checkpoint, *arguments, *options)
    else:
        run_processes('tools/dist_test.sh', DEMO, checkpoint, '2', *arguments, *options)
    assert contents(tmp_path / 'dump') == contents(tested[0])


def test_what_was_found_outlives_an_error_of_the_evaluation(
    trained: Path, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError('what nobody foresaw')

    arguments = ('--work-dir', tmp_path / 'work', '--dump', tmp_path / 'dump', '--out', tmp_path / 'new' / 'out.pkl')
    with monkeypatch.context() as patch:
        patch.setattr(Dump, 'evaluate', fail)
        with pytest.raises(RuntimeError, match=r'what nobody foresaw\)\. All that was found is kept in .*dump: python'):
            run('tools/test.py', DEMO, trained / f'iter_{STEPS}.pth', *arguments, *options)
    assert (tmp_path / 'new' / 'out.pkl').is_file()
    output = run('tools/analysis_tools/eval_predictions.py', tmp_path / 'dump')
    assert '| run 0' in output


def test_other_rules_and_more_references(trained: Path, options: list[str], tmp_path: Path) -> None:
    dumps = {}
    for rule, sampler in dict(paper='ReferenceSampler', shuffled='ShuffledReferenceSampler').items():
        run(
            *('tools/test.py', DEMO, trained / f'iter_{STEPS}.pth', '--work-dir', tmp_path / 'work'),
            *('--reference-rule', rule, '--num-references', '2', '--dump', tmp_path / rule, *options),
        )
        info, dumps[rule] = load_episodes(tmp_path / rule / 'episodes.json')
        assert info['reference_sampler']['type'] == sampler
        assert all(len(episode.reference_ids) == 2 for episode in dumps[rule])
    assert dumps['paper'] != dumps['shuffled']


def test_arguments_that_do_not_fit_are_refused(trained: Path, options: list[str], tmp_path: Path) -> None:
    checkpoint = trained / f'iter_{STEPS}.pth'
    with pytest.raises(
        ValueError, match="the config has no reference rule 'mine'; it has paper, published, filtered, sh"
    ):
        run('tools/test.py', DEMO, checkpoint, '--reference-rule', 'mine', *options)
    with pytest.raises(ValueError, match=r'--episodes replays a file as it is; omit what would change it: runs'):
        run('tools/test.py', DEMO, checkpoint, '--episodes', 'a.json', '--runs', '2', *options)
    with pytest.raises(ValueError, match=r'there is no file of episodes a\.json'):
        run('tools/test.py', DEMO, checkpoint, '--episodes', 'a.json', '--work-dir', tmp_path, *options)
    config = 'configs/demo/mask_rcnn_demo_full.py'
    with pytest.raises(ValueError, match='is not tested under the one-shot protocol but by CocoFileMetric'):
        run('tools/test.py', config, checkpoint, '--runs', '2', '--work-dir', tmp_path)


def test_evaluating_a_dump_gives_its_metrics(tested: tuple[Path, str], tmp_path: Path) -> None:
    dump, printed = tested
    again = tmp_path / 'metrics.json'
    output = run('tools/analysis_tools/eval_predictions.py', dump, '--out', again)
    assert again.read_bytes() == (dump / 'metrics.json').read_bytes()
    assert '| run 1' in output
    (mean,) = (line for line in printed.splitlines() if line.startswith('| mean'))
    assert mean in output


def test_random_boxes_of_splits_are_joined_beside_the_published_ones(ann_file: Path, tmp_path: Path) -> None:
    for split in ('1', '2'):
        run(
            *('tools/analysis_tools/random_boxes.py', ann_file, tmp_path / split, '--split', split, '--runs', '2'),
        )
    output = run(
        *('tools/analysis_tools/eval_predictions.py', tmp_path / '1', tmp_path / '2'),
        *('--ann-file', ann_file, '--metric', 'bbox'),
    )
    assert re.search(r'random boxes +\| +\d+\.\d ± \d+\.\d \| +\d+\.\d ± \d+\.\d \| - +\| - +\| - ', output)
    assert re.search(r'random boxes, published \(COCO\) \| 2\.3 +\| 2\.0 +\| 1\.7 +\| 2\.7 +\| 2\.2', output)
    assert 'mask' not in output


def test_random_boxes_where_some_objects_have_no_mask(ann_file: Path, tmp_path: Path) -> None:
    dataset = json.loads(ann_file.read_text())
    for annotation in dataset['annotations'][::5]:
        del annotation['segmentation']
    (tmp_path / 'mixed.json').write_text(json.dumps(dataset))
    output = run('tools/analysis_tools/random_boxes.py', tmp_path / 'mixed.json', tmp_path / 'dump', '--runs', '1')
    assert re.search(r'\| run 0 \| +\d+\.\d \| +\d+\.\d +\|', output)
    assert 'segm' in json.loads((tmp_path / 'dump' / 'metrics.json').read_text())


def test_the_metrics_of_several_dumps_go_to_no_single_file() -> None:
    with pytest.raises(ValueError, match='--out takes the metrics of one dump'):
        run('tools/analysis_tools/eval_predictions.py', 'a', 'b', '--ann-file', 'c', '--out', 'd')


def test_report_is_one_page_that_needs_nothing_else(tested: tuple[Path, str], tmp_path: Path) -> None:
    run('tools/analysis_tools/report.py', tested[0], '-o', tmp_path, '--title', 'Mugs & <jugs>')
    page = (tmp_path / 'report.html').read_text()
    assert '<h1>Mugs &amp; &lt;jugs&gt;</h1>' in page
    assert not re.findall(r'(?:src|href)="(?!data:image/|#)', page)
    anchors = re.findall(r'<section id="([^"]+)"', page)
    assert anchors == [
        'overview',
        'categories',
        'clutter',
        'errors',
        'confusion',
        'references',
        'calibration',
        'examples',
    ]
    assert set(json.loads((tmp_path / 'report.json').read_text())) == set(anchors)
    drawn = {path.stem for path in tmp_path.glob('*.png')}
    assert drawn == set(anchors) - {'overview', 'examples'}
    assert page.count('data:image/jpeg') > 3


def test_report_without_images_and_with_one_run(ann_file: Path, tmp_path: Path) -> None:
    run('tools/analysis_tools/random_boxes.py', ann_file, tmp_path / 'dump', '--runs', '1')
    run('tools/analysis_tools/report.py', tmp_path / 'dump', '-o', tmp_path / 'report')
    anchors = re.findall(r'<section id="([^"]+)"', (tmp_path / 'report/report.html').read_text())
    assert not {'references', 'examples'} & set(anchors)
