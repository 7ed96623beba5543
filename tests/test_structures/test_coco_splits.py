import pytest

from mmosis.structures import split_categories

# Table 3 of the paper; row by row it counts from 1 to 80.
TABLE_3 = """
Person|Bicycle|Car|Motorcycle
Airplane|Bus|Train|Truck
Boat|Traffic light|Fire Hydrant|Stop sign
Parking meter|Bench|Bird|Cat
Dog|Horse|Sheep|Cow
Elephant|Bear|Zebra|Giraffe
Backpack|Umbrella|Handbag|Tie
Suitcase|Frisbee|Skis|Snowboard
Sports ball|Kite|Baseball bat|Baseball glove
Skateboard|Surfboard|Tennis racket|Bottle
Wine glass|Cup|Fork|Knife
Spoon|Bowl|Banana|Apple
Sandwich|Orange|Broccoli|Carrot
Hot dog|Pizza|Donut|Cake
Chair|Couch|Potted plant|Bed
Dining table|Toilet|TV|Laptop
Mouse|Remote|Keyboard|Cell phone
Microwave|Oven|Toaster|Sink
Refrigerator|Book|Clock|Vase
Scissors|Teddy bear|Hair drier|Toothbrush
"""
ROWS = [row.lower().split('|') for row in TABLE_3.split('\n') if row]

# The categories of instances_train2017.json, in its order.
COCO = (
    'person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign parking_meter '
    'bench bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee '
    'skis snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket bottle wine_glass '
    'cup fork knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake chair couch '
    'potted_plant bed dining_table toilet tv laptop mouse remote keyboard cell_phone microwave oven toaster sink '
    'refrigerator book clock vase scissors teddy_bear hair_drier toothbrush'
)
NAMES = [name.replace('_', ' ') for name in COCO.split()]


@pytest.mark.parametrize('split', [1, 2, 3, 4])
def test_the_splits_of_coco_are_those_of_table_3(split):
    background, one_shot = split_categories(NAMES, split)
    assert one_shot == [row[split - 1] for row in ROWS]
    assert background == [name for name in NAMES if name not in one_shot]
    assert (len(background), len(one_shot)) == (60, 20)


def test_any_list_is_split_by_the_same_rule():
    assert split_categories(('a', 'b', 'c', 'd', 'e', 'f'), 2) == (['a', 'c', 'd', 'e'], ['b', 'f'])
    assert split_categories(['a', 'b'], 4) == (['a', 'b'], [])


@pytest.mark.parametrize('split', [0, 5, -1, '1', None])
def test_an_unknown_split_is_refused(split):
    with pytest.raises(ValueError, match=rf'split must be 1, 2, 3 or 4 \(S1-S4 of the paper\), got {split!r}'):
        split_categories(NAMES, split)
