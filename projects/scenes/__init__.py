"""Makers of scenes in COCO format, drawn, written by hand or composed of cut-outs, and what they have in common."""
