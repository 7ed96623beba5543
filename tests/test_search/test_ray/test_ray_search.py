"""Searches on a Ray cluster: the bytes of one process, whatever dies, and what is reported."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmosis import cli
from mmosis.search import LightInferencer, ReferenceBank, SearchOptions, SearchReport, search_images
from mmosis.search.folders.folder_search import Executor, search_file
from mmosis.search.model_zoo import DEFAULT_MODEL
from mmosis.search.ray import ray_search
from mmosis.search.ray.ray_search import ATTEMPTS, Attempts, Worker, describe_model, ray_workers
from mmosis.utils.install import install_hint

pytestmark = pytest.mark.skipif(find_spec('ray') is None, reason='Ray is not installed')

NUM_PICTURES = 20
SETTINGS = SearchOptions(score_thr=0.05, overlays=False)


@pytest.fixture(scope='module')
def light() -> LightInferencer:
    """The default model on ONNX Runtime, which starts at once."""
    return LightInferencer(show_progress=False)


@pytest.fixture(scope='module')
def bank(light: LightInferencer, scene: object) -> ReferenceBank:
    return light.encode(dict(img=scene.image, mask=scene.instances[0].mask, name='mug'))


@pytest.fixture(scope='module')
def photos(tmp_path_factory: pytest.TempPathFactory, scene: object) -> Path:
    """Parts of a scene, and a file that is no image."""
    folder = tmp_path_factory.mktemp('photos')
    for i in range(NUM_PICTURES):
        part = scene.image[4 * i : 4 * i + 96, 3 * i : 3 * i + 112]
        cv2.imwrite(str(folder / f'{i:02}.png'), np.ascontiguousarray(part))
    (folder / '05_text.jpg').write_text('no image')
    return folder


@pytest.fixture(scope='module')
def cluster(light: LightInferencer) -> Iterator[Executor]:
    """One cluster for all tests."""
    with ray_workers(describe_model(light, DEFAULT_MODEL, None)) as executor:
        yield executor


@pytest.fixture(scope='module')
def run(light: LightInferencer, bank: ReferenceBank, photos: Path) -> Callable[..., SearchReport]:
    """Search the photos, or other images."""

    def run(out: Path, executor: Executor | None = None, inputs: object = photos, **options: object) -> SearchReport:
        return search_images(light, inputs, bank, out, **(dict(options=SETTINGS, executor=executor) | options))

    return run


@pytest.fixture(scope='module')
def whole(run: Callable, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, SearchReport]:
    """What one process gives."""
    report = run(tmp_path_factory.mktemp('whole'))
    assert report.num_found > NUM_PICTURES
    return report.annotations.read_bytes(), report


def here(light: LightInferencer) -> Executor:
    return lambda todo, *how: (search_file(light, *task, *how) for task in todo)


def journal(folder: Path) -> list[str]:
    """Names in the order in which they were done."""
    lines = map(json.loads, (folder / 'journal.jsonl').read_text().splitlines())
    return [line['file_name'] for line in lines if 'file_name' in line]


def pids_of_workers() -> list[int]:
    """Processes of Ray below this one that search."""
    parents, named = {}, []
    for path in Path('/proc').glob('[0-9]*'):
        try:
            parents[int(path.name)] = int((path / 'stat').read_text().rpartition(')')[2].split()[1])
            if (path / 'cmdline').read_bytes().startswith(b'ray::MapWorker'):
                named.append(int(path.name))
        except OSError:
            continue

    def is_ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and is_ours(parents[pid]))

    return [pid for pid in named if is_ours(pid)]


class TestCluster:
    """Before the cluster of the other tests starts."""

    def test_ray_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ray_search, 'find_spec', lambda _: None)
        message = f'a search on a cluster is run by Ray, which is not installed: {install_hint("ray")}'
        with pytest.raises(ImportError, match=re.escape(message)), ray_workers({}):
            pass

    @pytest.mark.parametrize('address', ['nonsense', '127.0.0.1:1', 'ray://127.0.0.1:1', '127.0.0.1:99999'])
    def test_a_bad_address(self, address: str) -> None:
        message = rf'there is no Ray cluster at {address} \(.+\); give HOST:PORT as ray start --head tells it, or --ray'
        with pytest.raises(ConnectionError, match=message), ray_workers({}, address):
            pass

    @pytest.mark.slow
    def test_ray_was_imported_before(self) -> None:
        """Then it has settled that it listens to the network."""
        lines = (
            'import ray; from mmosis.search.ray.ray_search import ray_workers\nwith ray_workers({}): print("entered")'
        )
        done = subprocess.run([sys.executable, '-c', lines], capture_output=True, text=True, check=False)
        assert 'ConnectionError: Ray was imported before and would listen to the network; enter ray_' in done.stderr
        assert 'entered' not in done.stdout

    @pytest.mark.slow
    def test_the_command_and_what_it_leaves(self, photos: Path, scene: object, tmp_path: Path) -> None:
        """A local cluster listens on the loopback address alone, and keeps its settings out of the home folder."""
        cv2.imwrite(str(tmp_path / 'mug.png'), scene.image[:80, :80])
        (tmp_path / 'home').mkdir()
        words = ['search', str(photos), '--reference', 'mug.png', '--no-overlays', '--score-thr', '0.05']
        assert cli.main([*words[:3], str(tmp_path / 'mug.png'), *words[4:], '--out', str(tmp_path / 'one')]) == 1
        environment = {key: value for key, value in os.environ.items() if not key.startswith('RAY_')}
        listening = 'import threading, time\n' + LISTENING.format(words=[*words, '--out', 'ray', '--ray'])
        done = subprocess.run(
            [sys.executable, '-c', listening],
            cwd=tmp_path,
            env=environment | dict(HOME=str(tmp_path / 'home')),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert 'not searched: 05_text.jpg: ' in done.stderr
        assert 'Search: 21/21' in done.stdout
        addresses = set(json.loads(done.stdout.splitlines()[-1]))
        assert addresses
        assert all(address.endswith('0100007F') for address in addresses)
        assert not (tmp_path / 'home' / '.ray').exists()
        one, other = (json.loads((tmp_path / name / 'annotations.json').read_text()) for name in ('one', 'ray'))
        assert one == other

    @pytest.mark.slow
    def test_sigterm_to_all_processes(self, photos: Path, scene: object, tmp_path: Path) -> None:
        """As Slurm and timeout send it, also to Ray's processes, which set a handler of their own in this one."""
        cv2.imwrite(str(tmp_path / 'mug.png'), scene.image[:80, :80])
        words = ['search', str(photos), '--reference', 'mug.png', '--no-overlays', '--out', 'out', '--ray']
        done = subprocess.run(
            [sys.executable, '-c', STOPPED.format(words=words)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        assert done.returncode == 143, done.stderr
        assert done.stderr.splitlines()[-1] == 'mmosis: stopped; --resume goes on'
        written = json.loads((tmp_path / 'out' / 'annotations.json').read_text())
        assert len(written['images']) == 1
        assert len(set(journal(tmp_path / 'out')) - {'05_text.jpg'}) == 1


class TestSameBytes:
    def test_as_one_process(self, run: Callable, cluster: Executor, whole: tuple, tmp_path: Path) -> None:
        report = run(tmp_path, cluster)
        assert report.annotations.read_bytes() == whole[0]
        assert (report.num_images, report.num_found) == (NUM_PICTURES, whole[1].num_found)
        assert report.errors == whole[1].errors
        assert list(report.errors) == ['05_text.jpg']
        assert len(journal(tmp_path)) == len(set(journal(tmp_path))) == NUM_PICTURES + 1

    def test_nothing_to_do(self, cluster: Executor, bank: ReferenceBank, tmp_path: Path) -> None:
        assert list(cluster([], bank, tmp_path, SETTINGS)) == []

    @pytest.mark.slow
    def test_parquet_overlays_crops_and_an_export(
        self, run: Callable, cluster: Executor, photos: Path, tmp_path: Path
    ) -> None:
        """A path that no worker can read is reported like any other bad image."""
        (tmp_path / 'list.txt').write_text(f'{photos}/00.png\n\n{photos}/none.png\n{photos}/01.png\n')
        for name, executor in (('one', None), ('ray', cluster)):
            options = SearchOptions(score_thr=0.05, crops=True)
            asked = dict(inputs=tmp_path / 'list.txt', options=options, format='coco')
            report = run(tmp_path / name / 'found.parquet', executor, **asked)
            assert report.errors == {'none.png': f'there is no image file {photos}/none.png'}
        one, ray = (
            {path.relative_to(tmp_path / name): path for path in (tmp_path / name).rglob('*') if path.is_file()}
            for name in ('one', 'ray')
        )
        assert one.keys() == ray.keys()
        assert {'.parquet', '.json', '.jpg', '.png'} < {path.suffix for path in one}
        for file in one.keys() - {Path('journal.jsonl')}:  # in any order
            assert one[file].read_bytes() == ray[file].read_bytes(), file

    @pytest.mark.slow
    @pytest.mark.parametrize('first', ['one', 'ray'])
    def test_one_goes_on_with_what_the_other_began(
        self, first: str, run: Callable, light: LightInferencer, cluster: Executor, whole: tuple, tmp_path: Path
    ) -> None:
        order, left = dict(one=(here(light), cluster), ray=(cluster, here(light)))[first], []

        def stop(*task: object) -> Iterator[dict]:
            yield from islice(order[0](*task), 9)
            raise KeyboardInterrupt

        def go_on(todo: list, *how: object) -> Iterator[dict]:
            left.extend(todo)
            return order[1](todo, *how)

        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, stop)
        done = set(journal(tmp_path)) - {'05_text.jpg'}
        report = run(tmp_path, go_on, resume=True)
        assert len(done) + len(left) == NUM_PICTURES + 1
        assert not done & {name for _, name in left}
        assert report.annotations.read_bytes() == whole[0]
        assert report.errors == whole[1].errors


class Poisoned(Worker):
    """Dies whenever it begins a certain image."""

    def _is_hopeless(self, what: str) -> bool:
        hopeless = super()._is_hopeless(what)
        if what == '03.png' and not hopeless:
            os.kill(os.getpid(), signal.SIGKILL)
        return hopeless


class TestDeaths:
    @pytest.mark.slow
    def test_a_killed_worker(self, run: Callable, cluster: Executor, whole: tuple, tmp_path: Path) -> None:
        """Nothing is lost, and nothing comes twice."""
        killed = []

        def kill(*task: object) -> Iterator[dict]:
            for record in cluster(*task):
                if not killed:
                    killed.extend(pids_of_workers()[:1])
                    os.kill(killed[0], signal.SIGKILL)
                yield record

        report = run(tmp_path, kill)
        assert killed
        assert report.annotations.read_bytes() == whole[0]
        assert report.errors == whole[1].errors
        assert len(journal(tmp_path)) == len(set(journal(tmp_path))) == NUM_PICTURES + 1

    @pytest.mark.slow
    def test_a_picture_that_kills_its_worker_is_told(
        self, run: Callable, cluster: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ray import cloudpickle

        cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers know no modules of tests
        monkeypatch.setattr(ray_search, 'Worker', Poisoned)
        report = run(tmp_path, cluster)
        assert list(report.errors) == ['03.png', '05_text.jpg']
        assert report.errors['03.png'] == 'its search killed the worker 3 times; is the memory enough?'
        assert report.num_images == NUM_PICTURES - 1

    def test_a_model_that_cannot_be_loaded(
        self, run: Callable, cluster: Executor, light: LightInferencer, tmp_path: Path
    ) -> None:
        with (
            ray_workers(describe_model(light, 'none', None)) as executor,
            pytest.raises(
                ChildProcessError, match='the workers cannot go on: ValueError: there is no config file or folder none'
            ),
        ):
            run(tmp_path, executor)
        assert (tmp_path / 'annotations.json').is_file()


class TestWorker:
    """Made in this process, what it raises is seen as it is."""

    @pytest.fixture
    def make(
        self, cluster: Executor, light: LightInferencer, bank: ReferenceBank, tmp_path: Path, monkeypatch
    ) -> Callable[..., Worker]:
        import ray

        monkeypatch.chdir(tmp_path)
        self.attempts = ray.remote(Attempts).options(num_cpus=0).remote()

        def make(bank: ReferenceBank = bank, working_folder: str = str(tmp_path)) -> Worker:
            model = describe_model(light, DEFAULT_MODEL, None)
            return Worker(model, bank.to_bytes(), (tmp_path, SETTINGS), working_folder, self.attempts)

        return make

    def test_a_picture(self, make: Callable, photos: Path, whole: tuple) -> None:
        task = json.dumps([str(photos / '00.png'), '00.png'])
        (record,) = make()(dict(task=np.array([task])))['record']
        image = json.loads(whole[0])['images'][0]
        assert {key: json.loads(record)[key] for key in ('file_name', 'width', 'height')}.items() <= image.items()

    def test_no_shared_folder(self, make: Callable, tmp_path: Path) -> None:
        message = rf'node \S+ has no folder {tmp_path}/none; nodes must share the working folder'
        with pytest.raises(FileNotFoundError, match=message):
            make(working_folder=f'{tmp_path}/none')

    def test_another_model(self, make: Callable, bank: ReferenceBank) -> None:
        other = ReferenceBank(bank.entries, bank.thumbnails, bank.encoded, 'another')
        with pytest.raises(ValueError, match='these references were encoded by another model'):
            make(other)

    def test_death_after_death_while_the_model_is_loaded(self, make: Callable) -> None:
        for _ in range(ATTEMPTS):
            sys.modules['ray'].get(self.attempts.begin.remote(None))
        with pytest.raises(ValueError, match=r'a worker on node \S+ died 3 times while it loaded the model'):
            make()


def test_attempts() -> None:
    attempts = Attempts()
    assert [attempts.begin('a'), attempts.begin('a'), attempts.begin('b')] == [1, 2, 1]
    attempts.end('a')
    attempts.end('c')
    assert attempts.begin('a') == 1


class TestDescription:
    def test_onnx(self, light: LightInferencer) -> None:
        assert describe_model(light, 'name', None) == dict(model='name', runtime='onnx')

    def test_torch(self, inferencer: object) -> None:
        expected = dict(model='name', weights='w', runtime='torch', device='cpu', precision='fp32')
        assert describe_model(inferencer, 'name', 'w') == expected


LISTENING = """
import json, os, sys
from pathlib import Path
from mmosis.search.folders import folder_search
from mmosis.cli import main

seen, add = set(), folder_search.SearchJournal.add


def listen(journal, record):
    parents, sockets = {{}}, {{}}
    for path in Path('/proc').glob('[0-9]*'):
        try:
            parents[path.name] = (path / 'stat').read_text().rpartition(')')[2].split()[1]
            sockets[path.name] = {{os.readlink(file) for file in (path / 'fd').iterdir()}}
        except OSError:
            continue
    family = {{str(os.getpid())}}
    while new := {{pid for pid, parent in parents.items() if parent in family}} - family:
        family |= new
    ours = {{link for pid in family for link in sockets.get(pid, ())}}
    for table in ('tcp', 'tcp6'):
        for line in Path('/proc/net', table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == '0A' and f'socket:[{{words[9]}}]' in ours:
                seen.add(words[1].split(':')[0])
    add(journal, record)


folder_search.SearchJournal.add = listen
status = main({words})
print(json.dumps(sorted(seen)))
sys.exit(status)
"""

STOPPED = """
import os, signal, sys
from mmosis.search.folders import folder_search
from mmosis.cli import main

add = folder_search.SearchJournal.add


def stop(journal, record):
    add(journal, record)
    if 'error' not in record:
        os.killpg(0, signal.SIGTERM)


folder_search.SearchJournal.add = stop
sys.exit(main({words}))
"""
