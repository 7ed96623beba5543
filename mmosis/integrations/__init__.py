"""Backends of label tools: CVAT, Label Studio and X-AnyLabeling search with references where people label."""
