"""Fingerprint of a model: which encodings belong to it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.config import ConfigDict
from torch import Tensor, nn

PARTS = ('backbone', 'neck', 'match_neck')  # of the detector's config, that an encoding of a reference goes through
OF_TRAINING = {'init_cfg', 'frozen_stages', 'norm_eval', 'with_cp', 'requires_grad'}
# Of the packaged models, lite and pocket: they add nothing, so that banks from before there were settings stay valid.
KNOWN_SETTINGS = (
    'e9302b628c5200307c73c161251fb9e3e9e64e5a251c39021dabf6058b78505b',
    'f15a0f4b06934322d9a90d03db444a729e1233a85373bce1f06103eac7e31dc5',
)
# Today's names of parts and settings, and those under which they were first hashed: so old banks stay valid here too.
FIRST_NAMES = dict(
    BackboneFeatureFPN='KindFPN',
    backbone_indices='kind_indices',
    backbone_norms='kind_norms',
    SemanticMatchNeck='KindMatchNeck',
    semantic_channels='kind_channels',
)


def model_fingerprint(model: nn.Module, model_cfg: ConfigDict, ref_pipeline: list[ConfigDict]) -> str:
    """Hash all that determines the encoding of a reference: weights, buffers, settings and the reference pipeline.

    Precision has no part in it: encodings in bfloat16 are the same up to its rounding.

    Args:
        model: The detector, in the precision that its weights were trained in.
        model_cfg: Its config.
        ref_pipeline: Config of the transforms of a reference.

    Returns:
        str: SHA-256, in hex.
    """
    digest = hashlib.sha256(repr([dict(step) for step in ref_pipeline]).encode())
    for name, tensor in _by_first_names(model.state_dict().items()):
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    for name, buffer in _by_first_names(model.named_buffers()):  # the preprocessor's mean and std are in no checkpoint
        digest.update(f'{name} {buffer.flatten()[:16].tolist()}'.encode())
    settings = hash_settings(model, model_cfg)
    if settings not in KNOWN_SETTINGS:
        digest.update(settings.encode())
    return digest.hexdigest()


def hash_settings(model: nn.Module, model_cfg: ConfigDict) -> str:
    """Hash what changes encodings and is in no weight: channel order, strides, activations, what is compared ..."""
    preprocessor = model.data_preprocessor
    settings = {part: _of_inference(model_cfg[part]) for part in PARTS if model_cfg.get(part) is not None}
    settings['preprocessor'] = [type(preprocessor).__name__, bool(preprocessor._channel_conversion)]
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()


def _of_inference(cfg: Any) -> Any:
    """A part's config without what matters in training alone."""
    if isinstance(cfg, Mapping):
        kept = {key: value for key, value in cfg.items() if key not in OF_TRAINING}
        return {FIRST_NAMES.get(key, str(key)): _of_inference(value) for key, value in kept.items()}
    if isinstance(cfg, str):
        return FIRST_NAMES.get(cfg, cfg)
    return [_of_inference(value) for value in cfg] if isinstance(cfg, list | tuple) else cfg


def _by_first_names(tensors: Iterable[tuple[str, Tensor]]) -> list[tuple[str, Tensor]]:
    """Sort a model's tensors by the names that they had first."""
    named = (('.'.join(FIRST_NAMES.get(part, part) for part in name.split('.')), tensor) for name, tensor in tensors)
    return sorted(named, key=lambda each: each[0])
