"""Models on the hub: fetched from a stand-in by the hub's own client, published, and what is said when that fails."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hub_server import COMMIT, REPO, serve_hub
from mmengine.config import Config
from search_model import CONFIG
from tools_runner import ROOT, run

from mmosis.search import LightInferencer, OneShotInferencer, make_inferencer
from mmosis.search.hub import hub_model
from mmosis.search.hub.hub_model import fetch_model
from mmosis.search.hub.model_folder import is_model_folder, read_model_config, read_model_weights, write_model_folder
from mmosis.search.model_zoo import WEIGHTS

constants = pytest.importorskip('huggingface_hub.constants')
TOOL = 'tools/model_converters/publish_model.py'
EXPORTED = WEIGHTS / 'siamese_mask_rcnn_lite'


@pytest.fixture(scope='module')
def _folder(weights: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('hub') / 'mugs'
    write_model_folder(folder, Config.fromfile(CONFIG), torch.load(weights)['state_dict'])
    return folder


@pytest.fixture
def folder(_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(_folder, tmp_path / 'mugs')


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The stand-in, with an empty cache; what was asked of it."""
    monkeypatch.setattr(constants, 'HF_HUB_CACHE', str(tmp_path / 'cache'))
    with serve_hub(folder) as (address, log):
        monkeypatch.setattr(constants, 'ENDPOINT', address)
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.partition('/{')[2]
        monkeypatch.setattr(constants, 'HUGGINGFACE_CO_URL_TEMPLATE', f'{address}/{{{template}')
        yield log


class TestFetch:
    def test_files_of_a_model_alone(self, hub: list[str], folder: Path) -> None:
        (folder / 'evil.py').write_text('raise SystemExit')
        fetched = fetch_model(f'hf://{REPO}')
        assert sorted(path.name for path in fetched.iterdir()) == ['config.json', 'model.safetensors']
        assert not any('evil' in request for request in hub)
        assert fetch_model(f'hf://{REPO}@{COMMIT}') == fetched

    def test_by_every_way_that_a_model_is_named(self, hub: list[str], inferencer: OneShotInferencer) -> None:
        """The same model: what one encodes is for the other."""
        for make in (OneShotInferencer, make_inferencer):
            assert make(f'hf://{REPO}', device='cpu').fingerprint == inferencer.fingerprint

    def test_an_exported_one(self, hub: list[str], folder: Path) -> None:
        pytest.importorskip('mmosis.utils.onnx_runtime')
        for name in ('config.json', 'model.safetensors'):
            (folder / name).unlink()
        shutil.copytree(EXPORTED, folder, dirs_exist_ok=True)
        expected = json.loads((EXPORTED / 'model.json').read_text())['fingerprint']
        assert LightInferencer(f'hf://{REPO}@{COMMIT}').fingerprint == expected
        assert make_inferencer(f'hf://{REPO}').runtime == 'onnx'

    @pytest.mark.parametrize(
        ('name', 'message'),
        [
            ('hf://no/body', 'there is no repository no/body on the hub, or it is private: hf auth login'),
            (f'hf://{REPO}@v9', 'repository me/mugs has no revision v9'),
            ('hf://mugs', 'a model of the hub is called hf://owner/name or hf://owner/name@revision, got hf://mugs'),
            ('hf://a/b/c', 'got hf://a/b/c'),
            ('hf://a/b@', 'got hf://a/b@'),
        ],
    )
    def test_what_is_not_there(self, hub: list[str], name: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            fetch_model(name)

    def test_a_repository_of_something_else(self, hub: list[str], folder: Path) -> None:
        (folder / 'config.json').unlink()
        with pytest.raises(ValueError, match=r'repository me/mugs has no model of mmosis; publish_model\.py makes the'):
            fetch_model(f'hf://{REPO}')

    def test_for_some_alone(self, hub: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        import huggingface_hub
        from huggingface_hub.errors import GatedRepoError

        def refuse(*_: object, **__: object) -> None:
            raise GatedRepoError.__new__(GatedRepoError)

        monkeypatch.setattr(huggingface_hub, 'snapshot_download', refuse)
        with pytest.raises(
            ValueError, match='me/mugs is only for those whom its owner lets in; ask there, then: hf auth'
        ):
            fetch_model(f'hf://{REPO}')

    def test_without_a_connection(self, hub: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        fetched = fetch_model(f'hf://{REPO}')
        monkeypatch.setattr(constants, 'ENDPOINT', 'http://127.0.0.1:9')
        assert fetch_model(f'hf://{REPO}') == fetched
        with pytest.raises(ConnectionError, match=r'hf://me/others cannot be fetched, and was not before: .*refused'):
            fetch_model('hf://me/others')

    def test_the_package_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub_model, 'find_spec', lambda _: None)
        with pytest.raises(ImportError, match=r'models of the hub need the package huggingface_hub, .*\[hub\]'):
            fetch_model(f'hf://{REPO}')

    @pytest.mark.parametrize(('value', 'expected'), [(None, 'True None'), ('0', 'False 0')])
    def test_telemetry_is_off_unless_the_user_wants_it(self, value: str | None, expected: str) -> None:
        """The environment is as before, and nothing of the hub is imported without need."""
        name = 'HF_HUB_DISABLE_TELEMETRY'
        kept = {key: each for key, each in os.environ.items() if key not in (name, 'DO_NOT_TRACK')}
        code = (
            'import os, sys; from mmosis.search.hub import hub_model; assert "huggingface_hub" not in sys.modules;'
            f'print(hub_model._import_hub().constants.{name}, os.environ.get("{name}"))'
        )
        env = kept | dict(PYTHONPATH=str(ROOT)) | ({} if value is None else {name: value})
        done = subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == expected, done.stderr


class TestFolder:
    def test_weights_beside_it(self, folder: Path, weights: str) -> None:
        with pytest.raises(
            ValueError, match='mugs has weights of its own; omit the weights, or give the config itself'
        ):
            OneShotInferencer(folder, weights, 'cpu')

    def test_a_config_of_a_stranger(self, folder: Path) -> None:
        data = json.loads((folder / 'config.json').read_text())
        (folder / 'config.json').write_text(json.dumps(dict(data, custom_imports=dict(imports=['evil']))))
        with pytest.raises(ValueError, match=r'mugs/config\.json is refused: it must have model, .* custom_imports'):
            OneShotInferencer(str(folder), device='cpu')

    @pytest.mark.parametrize(
        ('content', 'message'),
        [
            ('{', 'is refused: .* is not a JSON file'),
            ('[' * 100_000, 'config.json is '),
            (' ' * 2**20 + '{}', 'has 1048578 bytes, which no config has'),
        ],
    )
    def test_a_broken_config(self, folder: Path, content: str, message: str) -> None:
        (folder / 'config.json').write_text(content)
        with pytest.raises(ValueError, match=message):
            read_model_config(folder)

    def test_a_config_that_is_too_deep(self, folder: Path) -> None:
        depth = 900  # which JSON takes
        (folder / 'config.json').write_text(
            '{"model": 1, "visualizer": 1, "test_dataloader":' + '[' * depth + ']' * depth + '}'
        )
        with pytest.raises(ValueError, match=r'config\.json is nested too deeply|must have a type'):
            read_model_config(folder)

    def test_broken_weights(self, folder: Path) -> None:
        (folder / 'model.safetensors').write_bytes(b'no weights')
        with pytest.raises(ValueError, match=r'model\.safetensors is no safetensors file, or a damaged one: '):
            read_model_weights(folder)

    def test_weights_of_another_model(self, folder: Path) -> None:
        from safetensors.torch import save_file

        save_file(dict(a=torch.zeros(3)), folder / 'model.safetensors')
        with pytest.raises(ValueError, match='the weights'):
            OneShotInferencer(folder, device='cpu')


class TestPublish:
    @pytest.fixture
    def pushed(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
        """What the client was to do, instead of it."""
        import huggingface_hub

        class Api:
            def create_repo(self, repo: str, **how: object) -> None:
                pushed.append((repo, how))

            def upload_folder(self, **how: object) -> object:
                pushed.append((how['repo_id'], sorted(path.name for path in how['folder_path'].iterdir())))
                return type('Commit', (), dict(commit_url='https://hub/commit'))

        pushed: list[tuple] = []
        monkeypatch.setattr(huggingface_hub, 'HfApi', Api)
        return pushed

    def test_a_folder_that_is_not_pushed(self, weights: str, tmp_path: Path, pushed: list, inferencer: object) -> None:
        printed = run(TOOL, weights, tmp_path / 'out', '--config', CONFIG)
        assert '2 files, ' in printed
        assert is_model_folder(tmp_path / 'out')
        assert pushed == []
        state = read_model_weights(tmp_path / 'out')
        assert {each.dtype for each in state.values() if each.is_floating_point()} == {torch.float16}

    def test_a_push(self, weights: str, tmp_path: Path, pushed: list) -> None:
        words = ('--config', CONFIG, '--exported', EXPORTED, '--push', REPO, '--private')
        assert run(TOOL, weights, tmp_path / 'out', *words).endswith('pushed: https://hub/commit\n')
        assert pushed[0] == (REPO, dict(private=True, exist_ok=True))
        files = sorted(path.name for path in EXPORTED.iterdir())
        assert pushed[1] == (REPO, sorted(['README.md', 'config.json', 'model.safetensors', *files]))
        card = (tmp_path / 'out' / 'README.md').read_text()
        assert card.startswith('---\nlibrary_name: mmosis\n')
        assert 'mmosis search photos/ --model hf://me/mugs --reference' in card

    def test_a_push_that_fails(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(constants, 'ENDPOINT', 'http://127.0.0.1:9')
        with pytest.raises(ConnectionError, match='mugs is written, and was not pushed to me/mugs: '):
            hub_model.push_model(folder, REPO)

    @pytest.mark.parametrize(
        ('words', 'message'),
        [
            (('--push', REPO), '--exported, --push and --private are of a folder, which needs --config'),
            (('--config', CONFIG, '--private'), '--private is of a repository to --push to'),
        ],
    )
    def test_wrong_words(self, tmp_path: Path, words: tuple, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            run(TOOL, tmp_path / 'in.pth', tmp_path / 'out', *words)


def test_the_command_says_it_in_one_line(
    hub: list[str], search: Callable[..., int], capsys: pytest.CaptureFixture
) -> None:
    assert search('hf://no/body') == 2
    assert capsys.readouterr().err == (
        'mmosis: error: there is no repository no/body on the hub, or it is private: hf auth login\n'
    )


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    from mmosis.cli import main

    monkeypatch.chdir(tmp_path)
    return lambda model: main(['search', 'a.png', '--reference', 'a.png', '--model', model, '--out', 'out'])
