# Scenes composed of cut-outs, for tools/dataset_converters/make_cutouts.py; link the sources' folders, or name others.
coco = dict(folder='data/photographs/coco_train/')
objects = dict(folder='data/photographs/cutouts/', each_a_kind=True)
# Without the variants of skin tone and of sex, which differ in little else.
variants = ['*1f3f[b-f]*', '*-200d-264[02]*', '1f46[89]-200d-*']
emoji = dict(folder='data/photographs/emoji/', type='alpha', exclude=variants)

composed = dict(
    all=dict(out_dir='data/composed/all/', num_images=6000, seed=0, sources=[coco, objects, emoji]),
    # Of the categories that split S1 holds out nothing is cut out, and no ground shows them.
    s1=dict(out_dir='data/composed/s1/', num_images=3000, seed=0, sources=[dict(split=1, **coco)]),
    # Other scenes of the same kinds, to fit the scores to: tools/analysis_tools/calibrate_scores.py.
    calibration=dict(out_dir='data/composed/calibration/', num_images=150, seed=1, sources=[coco, objects, emoji]),
)
