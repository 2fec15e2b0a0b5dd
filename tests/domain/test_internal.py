"""What is internal: how it is marked, and that nothing of it is left where it must not be."""

import pytest

from domain import internal

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("復旧中です。[[原因は委託先です。]]お待ちください。", "復旧中です。お待ちください。"),
        ("復旧中です。［［原因は委託先です。］］", "復旧中です。"),
        ("［［混ぜて閉じる]]だけ残る", "だけ残る"),
        ("一行目\n[[二行目]]\n三行目", "一行目\n\n三行目"),
        ("一\n\n[[二\n二]]\n\n三", "一\n\n三"),
        ("[[全部]]", ""),
        ("[[一]] と [[二]]", "と"),
        ("何も印がない [普通] の文", "何も印がない [普通] の文"),
        ("閉じていない [[秘密", "閉じていない"),
        ("重なり [[外 [[内]] 外]] 後", "重なり"),
        ("[[一]]]] 後", ""),
        ("]] だけ", ""),
    ],
)
def test_nothing_internal_is_left(typed, left):
    assert internal.public(typed) == left


@pytest.mark.parametrize("typed", ["[[一", "一]]", "[[一 [[二]] 三]]", "[[一]]]]", "［［一", "[[一]] [[二"])
def test_broken_marks_are_known(typed):
    assert internal.is_broken(typed)


@pytest.mark.parametrize("typed", ["", "普通 [文]", "[[一]]", "一[[二]]三［［四］］", "[[一\n二]]"])
def test_whole_marks_are_not_broken(typed):
    assert not internal.is_broken(typed)


def test_the_parts_are_told_apart_in_order():
    assert internal.parts("前[[中]]後") == [(False, "前"), (True, "中"), (False, "後")]
