# Drawn scenes of 800 categories, richer than those of the fixed test set.
# The meaning of each is in projects.scenes.synthetic.SceneConfig; test scenes stay as difficult as they are.
rich = dict(
    vocabulary='rich',
    image_size=192,
    num_categories=(2, 6),
    num_objects=(3, 14),
    size=(0.08, 0.7),
    small_size=(0.05, 0.09),
    num_distractors=(1, 5),
    rotation=40.0,
    aspect=1.4,
    perspective=0.2,
    texture_frequency=(1.0, 3.0),
    shading=0.4,
    bevel=0.6,
    tint=0.15,
    clutter_contrast=0.6,
    num_clutter=(2, 24),
    noise=9.0,
    blur=1.2,
)
