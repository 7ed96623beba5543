"""Search on ONNX Runtime, without torch: an exported model and what surrounds its graphs."""
