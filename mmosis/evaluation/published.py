"""Figures of the paper: arXiv 1811.11507v1, Table 2, mAP50 in %. Published; nothing here was measured by us."""

# (phase, kind of evaluation) -> splits 1 to 4, and their average as the paper gives it
TABLE_2 = {
    ('background', 'bbox'): (38.9, 37.1, 37.8, 36.6, 37.6),
    ('one-shot', 'bbox'): (15.3, 17.6, 17.4, 17.0, 16.8),
    ('random boxes', 'bbox'): (2.3, 2.0, 1.7, 2.7, 2.2),
    ('background', 'segm'): (36.6, 33.7, 35.1, 33.9, 34.8),
    ('one-shot', 'segm'): (13.2, 15.4, 16.3, 14.7, 14.9),
    ('random boxes', 'segm'): (1.2, 1.0, 1.0, 1.2, 1.1),
}
