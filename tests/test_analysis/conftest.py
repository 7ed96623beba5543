"""Fixtures of every module here."""

from scored_by_hand import make_coco, score_by_hand, score_searches_by_hand

__all__ = ['make_coco', 'score_by_hand', 'score_searches_by_hand']
