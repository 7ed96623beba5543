# Scenes composed of cut-outs, for tools/dataset_converters/make_cutouts.py; link the sources' folders, or name others.
coco = dict(folder='data/photographs/coco_train/')
objects = dict(folder='data/photographs/cutouts/', each_a_kind=True)
# Without the variants of skin tone, which differ in little else.
emoji = dict(folder='data/photographs/emoji/', type='alpha', exclude=['*1f3f[b-f]*'])

composed = dict(
    all=dict(out_dir='data/composed/all/', num_images=12000, seed=0, sources=[coco, objects, emoji]),
    # Of the categories that split S1 holds out nothing is cut out, and no ground shows them.
    s1=dict(out_dir='data/composed/s1/', num_images=6000, seed=0, sources=[dict(split=1, **coco)]),
)
