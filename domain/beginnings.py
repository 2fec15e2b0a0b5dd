"""What a new instance begins with, so that nothing is empty: the four areas of the flow, and tiles for a report."""

from datetime import datetime

from sqlalchemy import select

from domain.catalog import Symptom
from domain.db import db
from domain.roster import Area

AREAS = (
    ("guest", "顧客（ゲスト）", "Customers: guests"),
    ("partner", "顧客（パートナー）", "Customers: partners"),
    ("system", "システム", "System"),
    ("bridge", "ブリッジ役", "Bridge"),
)
SYMPTOMS = (
    ("entrance", "入場できない", "Guests cannot enter"),
    ("site", "サイトや画面が開かない", "A page does not open"),
    ("payment", "決済できない", "Payment fails"),
    ("ticket", "チケットが表示されない", "Ticket does not show"),
    ("slow", "とても遅い", "Very slow"),
    ("mail", "メールが届かない", "Mail does not arrive"),
)


def is_bare() -> bool:
    """Whether the instance has never had an area or a tile (retired ones count as had)."""
    has_area, has_tile = (db.session.scalar(select(kind.id).limit(1)) for kind in (Area, Symptom))
    return has_area is None and has_tile is None


def furnish(at: datetime) -> None:
    """Makes the areas and the tiles; administrators change them as they like. Call it inside `writing()`."""
    if not is_bare():
        return
    for position, (key, name, name_en) in enumerate(AREAS):
        db.session.add(Area(key=key, kind=key, name=name, name_en=name_en, position=position, created_at=at))
    for position, (key, name, name_en) in enumerate(SYMPTOMS):
        db.session.add(Symptom(key=key, name=name, name_en=name_en, icon=key, position=position))
    db.session.flush()
