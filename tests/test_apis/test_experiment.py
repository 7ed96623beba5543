"""Pure parts of experiments; whole ones are run in test_tools."""

from mmengine.config import Config

from mmosis.apis.experiment import headline, make_test_config


def test_headline_finds_the_figures_under_any_prefix() -> None:
    metrics = {'one-shot/bbox_mAP_50': 0.5, 'one-shot/bbox_mAP': 0.1, 'one-shot/segm_mAP_50': 0.25, 'time': 3.0}
    assert headline(metrics) == dict(box=0.5, mask=0.25)
    assert headline({'coco/bbox_mAP_50': 0.5}) == dict(box=0.5)


def test_config_of_a_test_leaves_the_training_one_as_it_is() -> None:
    cfg = Config(dict(resume=True, load_from=None, test_dataloader=dict(dataset=dict(phase='one-shot', split=1))))
    test = make_test_config(cfg, 'last.pth', phase='all', num_references=5)
    assert (test.load_from, test.resume) == ('last.pth', False)
    assert test.test_dataloader.dataset == dict(phase='all', split=1, num_references=5)
    assert (cfg.load_from, cfg.resume, cfg.test_dataloader.dataset.phase) == (None, True, 'one-shot')
