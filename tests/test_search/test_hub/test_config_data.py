"""Configs as data: nothing is lost that a search needs, and nothing in a stranger's is executed."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from mmengine.config import Config
from search_model import CONFIG

from mmosis.search.hub.config_data import config_from_data, config_to_data
from mmosis.search.model_zoo import find_model, model_names

COMMAND = '__import__("os").system("touch hacked")'


@pytest.fixture(scope='module')
def plain() -> dict:
    return json.loads(json.dumps(config_to_data(Config.fromfile(CONFIG))))


def without_files(value: object) -> object:
    """A config as it is, without what is read when a training begins."""
    if isinstance(value, dict):
        return {key: without_files(each) for key, each in value.items() if not key.endswith('init_cfg')}
    return type(value)(map(without_files, value)) if isinstance(value, list | tuple) else value


@pytest.mark.parametrize('name', model_names())
def test_what_a_search_needs_comes_back(name: str) -> None:
    """Tuples stay tuples, and keys in their order: references encoded with the one are for the other."""
    cfg = Config.fromfile(find_model(name)[0])
    read = config_from_data(json.loads(json.dumps(config_to_data(cfg))))
    model = {key: value for key, value in cfg.model.to_dict().items() if key != 'train_cfg'}
    assert repr(read['model']) == repr(without_files(model))
    dataset = cfg.test_dataloader.dataset.to_dict()
    for steps in ('pipeline', 'ref_pipeline'):
        assert repr(read['test_dataloader']['dataset'][steps]) == repr(dataset[steps])
    assert repr(read['search']) == repr(cfg.search.to_dict())


def test_what_is_not_plain_is_not_published() -> None:
    cfg = Config.fromfile(CONFIG)
    cfg.model.backbone.depth = print
    with pytest.raises(
        ValueError, match=r'config\.model\.backbone\.depth is no plain value, but builtin_function_or_m'
    ):
        config_to_data(cfg)


class TestHostile:
    @pytest.fixture
    def refused(self, plain: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
        """Change a setting, and return why the config is refused; nothing was executed."""
        monkeypatch.chdir(tmp_path)

        def refused(place: str, value: object) -> str:
            data = deepcopy(plain)
            *path, key = place.split('/')
            part = data
            for step in path:
                part = part[int(step)] if isinstance(part, list) else part[step]
            part[key] = value
            with pytest.raises(ValueError, match=r' must |which no') as error:
                config_from_data(data)
            assert list(tmp_path.iterdir()) == []
            return str(error.value)

        return refused

    @pytest.mark.parametrize(
        'value',
        [
            *('os.system', 'subprocess.Popen', 'builtins.eval', 'torch.hub.load', 'mmengine.config.Config.fromfile'),
            *('mmdet::ResNet', 'timm.create_model', 'mmpretrain.TIMMBackbone', COMMAND, 'eval', 'Config', 'BertModel'),
            *('Pretrained', 'LoadImageFromFile ', '', 5, None, ['ResNet'], dict(type='ResNet')),
        ],
    )
    @pytest.mark.parametrize('place', ['model/backbone', 'test_dataloader/dataset/pipeline/1', 'visualizer'])
    def test_types(self, refused: Callable, place: str, value: object) -> None:
        message = refused(f'{place}/type', value)
        assert 'type must be the name of a component of mmosis or MMDetection, got' in message

    @pytest.mark.parametrize('value', [COMMAND, 'os.system'])
    def test_the_type_of_nms_that_mmcv_evaluates(self, refused: Callable, value: str) -> None:
        message = refused('model/test_cfg/rpn/nms/type', value)
        assert message.startswith('model.test_cfg.rpn.nms.type must be the name of a component')

    @pytest.mark.parametrize('name', ['MaskRCNN', 'nms'])
    def test_a_detector_of_others(self, refused: Callable, name: str) -> None:
        assert refused('model/type', name) == f'model.type must be a detector of mmosis, got {name!r}'

    @pytest.mark.parametrize(
        'key', ['init_cfg', 'embed_init_cfg', 'pretrained', 'checkpoint', '_delete_', '_scope_', 'a.b']
    )
    def test_keys(self, refused: Callable, key: str) -> None:
        assert refused(f'model/backbone/{key}', dict(type='Pretrained', checkpoint='https://a.b/c.pth')) == (
            f"model.backbone has the key '{key}', which no published config has"
        )

    @pytest.mark.parametrize(
        'key', ['custom_imports', '_base_', 'custom_hooks', 'load_from', 'env_cfg', 'train_dataloader']
    )
    def test_keys_at_the_top(self, refused: Callable, key: str) -> None:
        message = refused(key, dict(imports=['os']))
        assert message.startswith(
            'it must have model, test_dataloader, visualizer, and at most model, test_dataloader, vi'
        )
        assert key in message

    @pytest.mark.parametrize('text', ['/etc/passwd', 'a.pth', 'https://a.b', '..', 'a b', COMMAND, 'x' * 65, '{{ a }}'])
    def test_texts(self, refused: Callable, text: str) -> None:
        assert refused('model/backbone/style', text).startswith(
            'model.backbone.style must be a word of letters and dig'
        )
        assert refused('visualizer/name', [text]).startswith(
            'visualizer.name must be a word of letters and digits, got'
        )

    def test_another_scope(self, refused: Callable) -> None:
        assert refused('default_scope', 'os') == "default_scope must be mmdet, got 'os'"

    def test_parts_that_are_something_else(self, refused: Callable) -> None:
        for place in ('model', 'visualizer'):
            assert refused(place, []) == 'model and visualizer must have a type'
        for place in ('test_dataloader', 'test_dataloader/dataset', 'test_dataloader/dataset/type'):
            message = refused(place, 5)
            assert (
                message == 'test_dataloader.dataset must have pipeline and ref_pipeline alone' or 'component' in message
            )

    @pytest.mark.parametrize('data', [None, [], 'a', {}])
    def test_no_config(self, data: object) -> None:
        with pytest.raises(ValueError, match='it must have model, test_dataloader, visualizer, and at most'):
            config_from_data(data)
