# Scenes composed of cut-outs, for tools/dataset_converters/make_cutouts.py; link the sources' folders, or name others.
photo_root = 'data/photographs/'
# Photographs of which every object is known: they give the backgrounds too.
coco = dict(folder=photo_root + 'coco_train/')
more = dict(folder=photo_root + 'coco_more_train/')
objects = dict(folder=photo_root + 'cutouts/', each_a_kind=True)
# Photographs of one object each, or of which only some are known: objects are cut out of them, and no more. Left out is
# what belongs to a category of COCO under another name, and people with what they ride, of which COCO has both.
named_in_coco = ['windsor chair', 'soccer ball', 'wild cat', 'schooner', 'ketch', 'pigeon', 'rooster', 'flamingo']
plain = dict(folder=photo_root + 'caltech101_plain/', exclude=named_in_coco, max_grounds=0)
outlines = dict(
    folder=photo_root + 'caltech_outlines/', exclude=['airplanes', 'bonsai', 'car side', 'cellphone'], max_grounds=0
)
shapes = dict(folder=photo_root + 'sysu_shapes/', exclude=['motorbike'], max_grounds=0)
videos = dict(folder=photo_root + 'davis16_val/', exclude=['*rider', '*surfer', 'dancer', 'paraglider'], max_grounds=0)
# Without the variants of skin tone and of sex, which differ in little else.
variants = ['*1f3f[b-f]*', '*-200d-264[02]*', '1f46[89]-200d-*']
emoji = dict(folder=photo_root + 'emoji/', type='alpha', exclude=variants)
sources = [
    dict(weight=2.0, **coco),
    more,
    objects,
    emoji,
    dict(weight=2.0, **plain),
    outlines,
    dict(weight=0.5, **shapes),
    dict(weight=0.5, **videos),
]
# Up to 200 small objects of one category, touching, among some of similar ones.
crowded = dict(
    num_kinds=(1, 2),
    num_instances=(1, 12),
    many_prob=1.0,
    num_many=(10, 200),
    small_size=(0.03, 0.12),
    num_similar=(0, 12),
    size_jitter=1.25,
    min_visible=0.6,
    turned_prob=0.5,
)

composed = dict(
    all=dict(out_dir='data/composed/all/', num_images=4000, seed=0, sources=sources),
    crowds=dict(out_dir='data/composed/crowds/', num_images=1200, seed=2, sources=sources, **crowded),
    # Of the categories that split S1 holds out nothing is cut out, and no background shows them.
    s1=dict(
        out_dir='data/composed/s1/', num_images=3000, seed=0, sources=[dict(split=1, **coco), dict(split=1, **more)]
    ),
    # Other scenes of the same categories, to calibrate the scores on: tools/analysis_tools/calibrate_scores.py.
    calibration=dict(out_dir='data/composed/calibration/', num_images=150, seed=1, sources=sources),
)
