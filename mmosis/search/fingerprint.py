"""Fingerprint of a model: which encodings belong to it."""

import hashlib

import torch
from mmengine.config import ConfigDict
from torch import nn


def model_fingerprint(model: nn.Module, ref_pipeline: list[ConfigDict]) -> str:
    """Hash all that an encoding of a reference hangs on: weights, buffers and the reference pipeline.

    Args:
        model: The detector, in the precision that its weights were trained in.
        ref_pipeline: Config of the transforms of a reference.

    Returns:
        str: SHA-256, in hex.
    """
    digest = hashlib.sha256(repr([dict(step) for step in ref_pipeline]).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    for name, buffer in sorted(model.named_buffers()):  # the preprocessor's mean and std are in no checkpoint
        digest.update(f'{name} {buffer.flatten()[:16].tolist()}'.encode())
    return digest.hexdigest()
