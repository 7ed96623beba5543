"""Export detectors to ONNX, for :mod:`mmosis.search.onnx`, which runs them without torch."""

from mmosis.compat import prepare

prepare()

from .check import Parity
from .export import export_onnx

__all__ = ['Parity', 'export_onnx']
