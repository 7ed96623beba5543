"""The tools that measure a search and calibrate its scores, run as a user runs them."""

import re
from pathlib import Path

import pytest
from search_model import write_weights
from tools_runner import DEMO, run

from mmosis.search import OneShotInferencer
from mmosis.search.score_calibration import Calibration
from mmosis.utils.json_file import read_json
from projects.scenes.synthetic import make_scenes


@pytest.fixture(scope='module')
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fewer test scenes than other tools get, since each is searched for each of its categories."""
    root = tmp_path_factory.mktemp('data')
    make_scenes(root / 'test', num_images=24, seed=1, image_size=64)
    return root


@pytest.fixture(scope='module')
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_weights(tmp_path_factory.mktemp('model') / 'weights.pth')


def test_a_search_is_measured_and_dumped(scenes: Path, weights: str, tmp_path: Path) -> None:
    output = run(
        *('tools/analysis_tools/test_search.py', scenes / 'test', '--model', DEMO, '--weights', weights),
        *('--device', 'cpu', '--image-scale', '64', '--split', '1', '--seeds', '0', '1', '--absent', '3'),
        *('--dump', tmp_path / 'dump'),
    )
    assert re.search(r'nothing found at 0\.5 where there is nothing: \d+ % of 3 searches', output)
    assert re.search(
        r'\d\.\d\d s a search, .* \(medians\), for \d\.\d categories \(mean\); runtime torch; peak', output
    )
    assert re.search(r'\| searches \| objects \| found \| false \| recall \| precision \| F1 +\|', output)
    assert re.search(r'\| 0\.9 +\| (?:\d\.\d{3}|nan) .*\|\n', output)
    info = read_json(tmp_path / 'dump' / 'metrics.json')['info']
    assert (info['phase'], info['split'], info['seed']) == ('one-shot', 1, [0, 1])
    again = run('tools/analysis_tools/eval_predictions.py', tmp_path / 'dump')
    table = re.search(r'\| run 0 .*?\n\| run 1 .*?\n\| mean .*?\n', output).group()
    assert table in again


def test_a_search_by_boxes_on_the_searched_images_is_measured(scenes: Path, weights: str, tmp_path: Path) -> None:
    output = run(
        *('tools/analysis_tools/test_search.py', scenes / 'test', '--model', DEMO, '--weights', weights),
        *('--runtime', 'torch', '--image-scale', '64', '--same', '--dump', tmp_path / 'dump'),
    )
    assert '| F1    | self-found |' in output
    assert 'of the processor (medians), for 1.0 categories (mean); runtime torch' in output
    assert read_json(tmp_path / 'dump' / 'metrics.json')['info']['boxed'] is True
    table = re.search(r'\| run 0 .*?\n', output).group()
    assert table in run('tools/analysis_tools/eval_predictions.py', tmp_path / 'dump')


def test_the_recall_of_proposals(scenes: Path, weights: str) -> None:
    output = run(
        *('tools/analysis_tools/proposal_recall.py', scenes / 'test', '--model', DEMO, '--weights', weights),
        *('--device', 'cpu', '--image-scale', '64', '--seed', '1'),
    )
    assert len(re.findall(r'\| of (?:the|any) category +\| (?:all|below|from|\d+ to)', output)) == 10


def test_scores_are_calibrated(scenes: Path, weights: str) -> None:
    """The line that is printed is one that a config takes."""
    output = run(
        *('tools/analysis_tools/calibrate_scores.py', scenes / 'test', '--model', DEMO, '--weights', weights),
        *('--device', 'cpu', '--image-scale', '64', '--absent', '20'),
    )
    assert re.search(r'test, other +\| before +\| 0\.\d{3} .*\| +\| \d\.\d{3}', output)
    assert re.search(r'test, same +\| before +\| 0\.\d{3} .*\| \d\.\d{3} +\| +\|', output)
    assert re.search(r'expected calibration error 0\.\d{3} before, 0\.\d{3} after', output)
    numbers = r'slope=\d+\.\d{3}, offset=-?\d+\.\d{3}'
    sized = rf'dict\({numbers}, weight=\d+\.\d{{3}}\)'
    printed = re.search(
        rf'In search of the config: calibration=(dict\({numbers}, by_size={sized}, boxed={sized}\))', output
    )
    settings = eval(printed.group(1), dict(dict=dict))
    assert Calibration.from_config(dict(calibration=settings)).boxed.slope == settings['boxed']['slope']


def test_the_recall_of_an_index(scenes: Path, weights: str, tmp_path: Path) -> None:
    images = sorted((scenes / 'test' / 'images').iterdir())[:3]
    inferencer = OneShotInferencer(str(DEMO), weights, 'cpu')
    inferencer.encode(dict(img=str(images[0]), bbox=(5, 5, 40, 40), name='mug')).save(tmp_path / 'bank')
    output = run(
        *('tools/analysis_tools/index_recall.py', *images, '--bank', tmp_path / 'bank', '--out', tmp_path / 'out'),
        *('--model', DEMO, '--weights', weights, '--device', 'cpu', '--score-thr', '0.3'),
    )
    found = read_json(tmp_path / 'out' / 'full' / 'annotations.json')['annotations']
    saved = read_json(tmp_path / 'out' / 'recall.json')
    assert saved['num_objects'] == len(found) > 0
    assert [point['num_pictures'] for point in saved['curve']] == [1, 1, 1, 1, 1, 2]
    assert re.search(r'\d+ objects of 1 categories in 3 images; 0\.\d{3} s a ranking, \d+ bytes an image', output)
