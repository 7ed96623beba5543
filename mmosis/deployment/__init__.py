"""Export detectors to ONNX, for :class:`~mmosis.search.onnx_detector.OnnxDetector`, which runs them without torch."""

from mmosis.compat import prepare

prepare()

from .check import Parity
from .export import export_onnx

__all__ = ['Parity', 'export_onnx']
