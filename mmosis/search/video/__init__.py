"""Searches of videos: their frames, the annotated video, tracks."""
