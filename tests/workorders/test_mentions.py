"""Who is called in a message hears of it if they may read it, and nobody learns of anybody by calling."""

from __future__ import annotations

import pytest

from accounts.models import Notice, User
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders import conversation, mentions
from workorders.models import Audience, Comment, WorkOrder

pytestmark = pytest.mark.django_db
EVERYBODY = (
    "fm", "second_fm", "foreign_fm", "store", "sibling_store", "foreign_store", "district", "admin", "finance",
    "auditor", "dispatcher", "rival", "technician", "stranger",
)  # fmt: skip


def people(cast: Cast) -> list[User]:
    return [getattr(cast, name) for name in EVERYBODY]


def said(cast: Cast, body: str, *, audience: str = Audience.INTERNAL, by: User | None = None) -> set[str]:
    """Write it, let the reactions run, and tell who was called by a notice of their own."""
    story = Story(cast).scheduled()
    conversation.say(story.work_order, body=body, audience=audience, by=by or cast.fm, now=story.later())
    for _ in range(2):
        settle(now=story.now, ledgers=ledgers(), limit=10_000)
    return {str(one.reader) for one in Notice.objects.filter(topic="comment.mention", channel="app")}


def test_somebody_called_by_name_is_told_once_on_a_page_that_opens(cast: Cast, enter) -> None:
    people(cast)
    assert said(cast, "Look at this, @frida facilities, and at the bill, @Fin Finance!") == {
        "Frida Facilities", cast.finance.name
    }  # fmt: skip
    notice = Notice.objects.get(topic="comment.mention", channel="app", reader=cast.second_fm)
    assert enter(cast.second_fm).get(notice.path).status_code == 200
    about = Notice.objects.filter(reader=cast.second_fm, channel="app", event_key=notice.event_key)
    assert about.count() == 1  # the message itself is no second notice


def test_an_address_calls_too_and_the_writer_does_not_call_himself(cast: Cast) -> None:
    assert said(cast, f"@{cast.second_fm.email} and @{cast.fm.name}") == {"Frida Facilities"}


@pytest.mark.parametrize(
    ("audience", "heard"),
    [
        (Audience.INTERNAL, {"fm2"}), (Audience.STORE, {"fm2", "store"}),
        (Audience.VENDOR, {"fm2", "dispatcher"}), (Audience.EVERYONE, {"fm2", "store", "dispatcher"}),
    ],
)  # fmt: skip
def test_only_who_may_read_the_message_is_called(cast: Cast, audience: str, heard: set[str]) -> None:
    people(cast)
    names = {"fm2": cast.second_fm.name, "store": cast.store.name, "dispatcher": cast.dispatcher.name}
    never = [cast.rival, cast.foreign_fm, cast.foreign_store, cast.sibling_store, cast.stranger]
    body = " ".join(f"@{name}" for name in [*names.values(), *(one.name for one in never)])
    assert said(cast, body, audience=audience) == {names[one] for one in heard}


def test_who_may_read_is_the_same_whichever_way_it_is_asked(cast: Cast) -> None:
    story = Story(cast).scheduled()
    everybody = people(cast)
    row = WorkOrder.objects.get(pk=story.work_order.pk)
    for audience in Audience:
        comment = conversation.say(row, body="Words", audience=audience, by=cast.fm, now=story.later())
        for person in everybody:
            reads = Comment.objects.visible_to(person).filter(pk=comment.pk).exists()
            assert mentions.may_read(person, row, audience=audience, vendor=comment.vendor) == reads, (person, audience)


def test_who_lost_the_right_to_read_before_the_notice_is_planned_is_not_told(cast: Cast) -> None:
    story = Story(cast).scheduled()
    conversation.say(
        story.work_order, body=f"@{cast.second_fm.name}", audience=Audience.INTERNAL, by=cast.fm, now=story.later()
    )
    cast.second_fm.memberships.all().delete()
    settle(now=story.now, ledgers=ledgers(), limit=10_000)
    assert not Notice.objects.filter(reader=cast.second_fm, topic="comment.mention").exists()


@pytest.mark.parametrize(
    "body", ["@", "mail me at a@b.c", "@@@", "@ Fay", "@" * 5000, "@" + "x " * 4000, "Fay Facilities"]
)
def test_what_is_no_call_calls_nobody(cast: Cast, body: str) -> None:
    people(cast)
    assert said(cast, body, by=cast.second_fm) == set()


def test_names_are_offered_by_their_beginning_and_only_of_readers(cast: Cast, enter) -> None:
    people(cast)
    row = Story(cast).scheduled().work_order
    desk = enter(cast.fm)

    def offered(words: str, audience: str) -> str:
        return desk.get(f"/work-orders/{row.number}/people", {"q": words, "audience": audience}).content.decode()

    assert cast.second_fm.name in offered("fri", "internal")
    assert cast.second_fm.name in offered("facil", "internal")
    assert cast.store.name not in offered("st", "internal")
    assert cast.store.name in offered("st", "store")
    assert cast.rival.name not in offered(cast.rival.name[:4], "everyone")
    assert offered("", "internal").strip() == ""
    assert enter(cast.foreign_fm).get(f"/work-orders/{row.number}/people?q=f").status_code == 404


# Who follows it


def test_who_watches_hears_what_he_may_read_and_nothing_else(cast: Cast) -> None:
    story = Story(cast).scheduled()
    for person in (cast.second_fm, cast.store, cast.finance):
        conversation.watch(story.work_order, by=person, now=story.later())
    cast.finance.memberships.all().delete()  # follows it still, and sees it no more
    for audience, word in ((Audience.INTERNAL, "inside"), (Audience.STORE, "shop")):
        conversation.say(story.work_order, body=word, audience=audience, by=cast.fm, now=story.later())
    settle(now=story.now, ledgers=ledgers(), limit=10_000)
    told = Notice.objects.filter(topic="comment.written", channel="app")
    heard = {(str(one.reader), word) for one in told for word in ("inside", "shop") if word in one.body}
    assert {one for one in heard if one[0] in (cast.second_fm.name, cast.store.name, cast.finance.name)} == {
        (cast.second_fm.name, "inside"), (cast.second_fm.name, "shop"), (cast.store.name, "shop")
    }  # fmt: skip


# What was found beside it


def test_whoever_sees_everything_reads_every_message_and_a_second_role_takes_nothing_away(cast: Cast) -> None:
    story = Story(cast).scheduled()
    for audience in Audience:
        conversation.say(story.work_order, body="Words", audience=audience, by=cast.fm, now=story.later())
    assert Comment.objects.visible_to(cast.admin).count() == len(Audience)
    assert Comment.objects.visible_to(cast.auditor).count() == len(Audience)
