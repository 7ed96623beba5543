"""Models on the Hugging Face hub: fetched where a model is called hf://..., and published."""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from mmosis.search.onnx.exported_model import SPEC
from mmosis.utils.environment import variable_by_default
from mmosis.utils.install import install_hint
from mmosis.version import __version__

from .model_folder import FILES, is_model_folder

PREFIX = 'hf://'
_NAME = re.compile(r'hf://(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?', re.ASCII)
CARD = """
# {title}

A model of mmosis: give it one example of an object, and it finds and segments all objects like it.

```bash
mmosis search photos/ --model hf://{repo} --reference example.jpg --out found/
```

All files are data; none holds code. Written by mmosis {version}.
"""


def is_hub_model(model: object) -> bool:
    """Whether a model is one of the hub, by its name."""
    return isinstance(model, str) and model.startswith(PREFIX)


def fetch_model(model: str) -> Path:
    """Fetch a model from the hub, or find it in the hub's cache; only files of a published model are fetched.

    Args:
        model: ``hf://owner/name``, or with a branch, a tag or best a commit: ``hf://owner/name@revision``.

    Returns:
        Path: Its folder.

    Raises:
        ConnectionError: If the hub cannot be reached, and the model was not fetched before.
        ImportError: If huggingface_hub is not installed.
        ValueError: If there is no such repository or revision, or it has no model of ours.
    """
    parsed = _NAME.fullmatch(model)
    if parsed is None:
        raise ValueError(f'a model of the hub is called {PREFIX}owner/name or {PREFIX}owner/name@revision, got {model}')
    repo, revision = parsed['repo'], parsed['revision']
    hub = _import_hub()
    try:
        folder = Path(hub.snapshot_download(repo, revision=revision, allow_patterns=list(FILES)))
    except hub.errors.GatedRepoError as error:
        raise ValueError(f'{repo} is only for those whom its owner lets in; ask there, then: hf auth login') from error
    except hub.errors.RepositoryNotFoundError as error:
        raise ValueError(f'there is no repository {repo} on the hub, or it is private: hf auth login') from error
    except hub.errors.RevisionNotFoundError as error:
        raise ValueError(f'repository {repo} has no revision {revision}') from error
    except Exception as error:  # of several libraries; the hub's client has no common type of them
        raise ConnectionError(f'{model} cannot be fetched, and was not before: {_first_line(error)}') from error
    if not (is_model_folder(folder) or (folder / SPEC).is_file()):
        raise ValueError(f'repository {repo} has no model of mmosis; publish_model.py makes the folder of one')
    return folder


def write_card(folder: Path, repo: str) -> None:
    """Write README.md, which the hub shows, unless there is one.

    Args:
        folder: Of the model.
        repo: ``owner/name`` on the hub.

    Raises:
        ImportError: If huggingface_hub is not installed.
    """
    hub = _import_hub()
    data = hub.ModelCardData(
        library_name='mmosis', pipeline_tag='image-segmentation', tags=['one-shot', 'instance-segmentation']
    )
    if not (folder / 'README.md').exists():
        text = CARD.format(title=os.path.basename(repo), repo=repo, version=__version__)
        (folder / 'README.md').write_text(f'---\n{data.to_yaml()}\n---\n{text}', 'utf-8')


def push_model(folder: Path, repo: str, private: bool = False) -> str:
    """Upload the folder of a model to the hub, whose client knows who the user is.

    Args:
        folder: Of the model; its files and README.md are uploaded, and nothing else in it.
        repo: ``owner/name``, which is made if need be.
        private: Whether it is made for its owner alone.

    Returns:
        str: Address of the commit.

    Raises:
        ConnectionError: If it was not taken; says why.
        ImportError: If huggingface_hub is not installed.
    """
    hub = _import_hub()
    api = hub.HfApi()
    try:
        api.create_repo(repo, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo, folder_path=folder, allow_patterns=[*FILES, 'README.md'], commit_message='Model of mmosis'
        )
    except Exception as error:  # as in fetch_model
        raise ConnectionError(f'{folder} is written, and was not pushed to {repo}: {_first_line(error)}') from error
    return str(commit.commit_url)


def _first_line(error: Exception) -> str:
    return str(error).strip().split('\n', 1)[0][:200] or type(error).__name__


def _import_hub() -> ModuleType:
    """Import the hub's client without its telemetry, which it decides on as it is imported."""
    if find_spec('huggingface_hub') is None:
        raise ImportError(
            f'models of the hub need the package huggingface_hub, which is not installed: {install_hint("hub")}'
        )
    with variable_by_default('HF_HUB_DISABLE_TELEMETRY', '1'):
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
    return huggingface_hub
