# Rules by which a test draws references: tools/test.py --reference-rule NAME. Training has its own, in the data set.
reference_rules = dict(
    # An image of the category other than the searched one, then an instance in it (paper section 5.2).
    paper=dict(type='ReferenceSampler'),
    # The published code: the searched image may give the reference.
    published=dict(type='ReferenceSampler', same_image=True),
    # Easier: no small and no covered ones. Later papers have a detector filter them.
    filtered=dict(type='ReferenceSampler', min_size=32, min_visibility=0.7),
    # Later papers: run r takes position r of a list that is shuffled by the image id; no seed counts.
    shuffled=dict(type='ShuffledReferenceSampler'),
)
