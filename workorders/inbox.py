"""Mail that came in: added to the work that it answers, where that is proved, else held until somebody looks.

A mail speaks for a person only when it carries the signature of a notice to that person (`accounts.replies`) and says
that it is from that person's address. Whom a mail says it is from is never enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts import files, notices, replies
from accounts.actors import POSTMAN, Actor, person
from accounts.events import record, under
from accounts.fields import MOST_FILES
from accounts.models import File, Membership, Notice, Role, User
from accounts.models.event import Via
from accounts.models.notice import Channel
from accounts.notices import topic
from accounts.permissions import Act, may, roles_granting
from accounts.words import moment
from assets.models import Site
from assets.reach import nearest
from workorders import conversation, letters
from workorders.letters import Mail
from workorders.models import AttachmentKind, Audience, Enclosure, Event, Letter, LetterState, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow, Refused

T_MAIL = topic("mail", "Your mail could not be taken in as it was", group="Everybody")
T_SORT = topic("mail.waits", "Mail waits to be sorted", group="For facilities")
NUMBER = re.compile(r"\bWO-\d{6,}\b", re.IGNORECASE)
LONGEST_MESSAGE = 9_500
GOES_ON = "\n\n(The mail is longer. Facilities can read all of it.)"


def receive(raw: bytes, *, now: datetime, written_to: Iterable[str] = (), is_whole: bool = True) -> Letter:
    """Take one mail in, once: a second time its row is only found again.

    `written_to` are addresses that the mail server knows besides those in the mail; `is_whole` is False for one too
    large to be read, of which only the headers came.
    """
    mail = letters.read(raw)
    with transaction.atomic():
        letter, is_new = Letter.objects.get_or_create(
            message_id=mail.message_id,
            defaults={
                "received_at": now, "from_name": mail.from_name, "from_address": mail.from_address,
                "subject": mail.subject, "body": mail.text, "state": LetterState.HELD,
                "sender": User.objects.filter(email__iexact=mail.from_address, is_active=True).first(),
            },
        )  # fmt: skip
        if not is_new:
            return letter
        if why := mail.automatic or _is_ours(mail):
            letter.body, letter.state, letter.why = "", LetterState.IGNORED, why
        else:
            _sort(letter, mail, replies.answered([*mail.traces, *written_to]), now, is_whole=is_whole)
        letter.save()
        if letter.state == LetterState.HELD:
            _ask_to_sort(letter, now)
    return letter


def hold_unread(raw: bytes, *, now: datetime) -> Letter:
    """Hold a mail that could not be taken in for a fault of ours, by what its headers say; the mail stays where it was.

    Keeps no text and no files: one of them may be what it failed on.
    """
    mail = letters.read(raw.partition(b"\r\n\r\n")[0])
    return Letter.objects.get_or_create(
        message_id=mail.message_id,
        defaults={
            "received_at": now, "from_name": mail.from_name, "from_address": mail.from_address,
            "subject": mail.subject, "state": LetterState.HELD,
            "why": "It could not be taken in. Look at it in the mailbox itself.",
        },
    )[0]  # fmt: skip


def _is_ours(mail: Mail) -> str:
    """Whether it is a mail of our own that came back."""
    own = {parseaddr(address)[1].lower() for address in (settings.DEFAULT_FROM_EMAIL, settings.MAIL_REPLY_TO)} - {""}
    if replies.MARK.search(mail.message_id) or mail.from_address in own:
        return "A mail of our own that came back."
    return ""


def _sort(letter: Letter, mail: Mail, notice: Notice | None, now: datetime, *, is_whole: bool) -> None:
    """Find what the mail is about and who is proved to have written it, and post it or say why it waits."""
    event = notices.event_behind(notice.event_key) if notice else None
    reader = replies.reader_of(notice) if notice else None
    if isinstance(event, Event):
        letter.work_order = event.work_order
    elif named := NUMBER.search(mail.subject):
        letter.work_order = WorkOrder.objects.filter(number=named.group().upper()).first()
    if letter.work_order is None:
        letter.site = _site_of(letter, mail)
    proved = reader if reader is not None and reader.email.lower() == mail.from_address else None
    kept, faults = _keep(letter, mail, by=proved or POSTMAN, now=now)
    if not is_whole:
        letter.why = f"It is larger than {settings.MAIL_IN_LARGEST} MB, so only its heading was read."
        if proved and notice:
            _tell(letter, proved, notice, "It is too large. Send the photos one by one, or add them on the page.", now)
    elif proved is None or notice is None or not isinstance(event, Event):
        letter.why = _why_held(letter, notice, reader)
    elif not mail.text and not kept and not faults:
        letter.state, letter.why = LetterState.IGNORED, "Nothing is written in it."
    else:
        _post(letter, event, proved, kept, faults, notice, now)


def _why_held(letter: Letter, notice: Notice | None, reader: User | None) -> str:
    if notice and reader is None:
        return "It answers a notice, but nobody who may sign in here was its reader."
    if notice and reader and reader.email.lower() != letter.from_address:
        return f"It answers a notice to {reader.name}, but another address sent it."
    if notice:
        return "It answers a notice that is about no work order."
    if not letter.from_address:
        return "It does not say whom it is from."
    if letter.sender:
        return f"It says it is from {letter.sender.name}. Nothing proves that."
    return "Nobody here has this address."


def _site_of(letter: Letter, mail: Mail) -> Site | None:
    """The one site that the subject names, or that whoever it says it is from has; a guess for sorting, no more."""
    words = set(re.findall(r"[A-Za-z0-9][A-Za-z0-9-]{2,}", mail.subject.upper()))
    found = list(Site.objects.visible_to(POSTMAN).called(words)[:2])
    if len(found) != 1 and letter.sender:
        found = list(Site.objects.visible_to(letter.sender).trading()[:2])
    return found[0] if len(found) == 1 else None


def _keep(letter: Letter, mail: Mail, *, by: Actor, now: datetime) -> tuple[list[File], list[str]]:
    """The enclosures through the files' own door: what is kept, and a sentence for each that is not."""
    kept: list[File] = []
    faults: list[str] = []
    rows = []
    for number, one in enumerate(mail.enclosures):
        name = files.shown_name(one.name)
        try:
            if number >= MOST_FILES:
                raise files.Refused(f"{name} is one too many: up to {MOST_FILES} files of a mail are kept.")
            file = files.keep(SimpleUploadedFile(one.name, one.content), by=by, now=now)
        except files.Refused as refusal:
            faults.append(str(refusal))
            rows.append(Enclosure(letter=letter, name=name[:200], fault=str(refusal)[:300]))
        else:
            kept.append(file)
            rows.append(Enclosure(letter=letter, name=name[:200], file=file))
    Enclosure.objects.bulk_create(rows)
    return kept, faults


def _post(
    letter: Letter, event: Event, by: User, kept: list[File], faults: list[str], notice: Notice, now: datetime
) -> None:
    words = letter.body if len(letter.body) <= LONGEST_MESSAGE else letter.body[:LONGEST_MESSAGE] + GOES_ON
    lost = "".join(f"\nNot kept: {fault}" for fault in faults)
    try:
        with transaction.atomic(), under(via=Via.MAIL):
            letter.comment = conversation.say(
                event.work_order, body=f"{words or 'Sent by mail.'}\n{lost}".strip()[:10_000],
                audience=_audience(event, by), by=by, now=now, photos=kept,
            )  # fmt: skip
    except Refused as refusal:
        letter.why = refusal.sentence[:300]
        _tell(letter, by, notice, f"{refusal.sentence} Facilities has your mail and will look at it.", now)
        return
    letter.state = LetterState.POSTED
    if faults:
        _tell(letter, by, notice, "\n".join(["Your words are there, but not everything with them.", *faults]), now)


def _audience(event: Event, by: User) -> str:
    """Whoever could read what is answered; for anything else than a message, the fewest."""
    addressed = event.data.get("audience", "") if event.verb == "comment.written" else ""
    own = conversation.audiences_for(event.work_order, by)
    return Audience(addressed) if addressed in own else own[0]


def _tell(letter: Letter, reader: User, notice: Notice, sentences: str, now: datetime) -> None:
    number = letter.work_order.number if letter.work_order else "a work order"
    notices.plan(
        event_key=f"letter:{letter.pk}", topic=T_MAIL, readers=[reader], now=now, urgent=True,
        subject=f"Your mail about {number}",
        body=f"Your mail about {number} was not taken in as it was.\n\n{sentences}",
        path=notice.path, action="Open the page",
    )  # fmt: skip


def _ask_to_sort(letter: Letter, now: datetime) -> None:
    """Facilities is told in the app, not by mail: mail about mail would double whatever is sent here in bulk."""
    if letter.work_order or letter.site:
        site = letter.work_order.site if letter.work_order else letter.site
        readers = nearest(site, Role.FACILITIES_MANAGER, now) if site else []
    else:
        held = Membership.objects.current(now).filter(role__in=roles_granting(Act.TRIAGE), user__is_active=True)
        readers = [one.user for one in held.select_related("user")]
    notices.plan(
        event_key=f"letter:{letter.pk}:held", topic=T_SORT, readers=readers, now=now, channels=(Channel.IN_APP,),
        subject=f"Mail waits: {letter}", body=f"Mail of {letter.written_by} waits to be sorted.\n\n{letter.why}",
        path=f"/mail/{letter.pk}", action="Sort it",
    )  # fmt: skip


# What a facilities manager does with mail that waits


def file_away(letter: Letter, *, work_order: WorkOrder, audience: str, by: Actor, now: datetime) -> Letter:
    """Add the mail to `work_order` as a message of `by` that says whose words they are.

    Raises NotAllowed, NotNow (sorted meanwhile, work closed), Incomplete.
    """
    with transaction.atomic():
        row = _waiting(letter, by)
        heading = f"E-mail of {row.written_by}, {moment(row.received_at, ZoneInfo(work_order.site.time_zone))}"
        row.comment = conversation.say(
            work_order, body=f"{heading}:\n\n{row.body or row.subject}"[:10_000], audience=audience, by=by, now=now,
            photos=[one.file for one in row.enclosures.exclude(file=None).select_related("file") if one.file],
        )  # fmt: skip
        row.work_order, row.site = work_order, None
        return _decided(row, LetterState.POSTED, "letter.filed", by, now)


def report_made(letter: Letter, *, work_order: WorkOrder, by: Actor, now: datetime) -> Letter:
    """Note that `work_order` was made from the mail, and give it what came with it. Raises as `file_away`."""
    with transaction.atomic():
        row = _waiting(letter, by)
        for one in row.enclosures.exclude(file=None).select_related("file"):
            if one.file:
                kind = AttachmentKind.PROBLEM if one.file.is_image else AttachmentKind.DOCUMENT
                conversation.attach(work_order, upload=one.file, kind=kind, by=by, now=now)
        row.work_order, row.site = work_order, None
        return _decided(row, LetterState.REPORTED, "letter.reported", by, now)


def discard(letter: Letter, *, reason: str, by: Actor, now: datetime) -> Letter:
    """Put the mail aside for good. Raises NotAllowed, NotNow, Incomplete."""
    if not reason.strip():
        raise Incomplete({"reason": "Say why, in a few words."})
    with transaction.atomic():
        row = _waiting(letter, by)
        row.reason = reason.strip()[:300]
        return _decided(row, LetterState.DISCARDED, "letter.discarded", by, now)


def take_back(letter: Letter, *, by: Actor, now: datetime) -> Letter:
    """Let mail that was discarded or ignored wait again. Raises NotAllowed, NotNow."""
    with transaction.atomic():
        row = _found(letter, by)
        if row.state not in (LetterState.DISCARDED, LetterState.IGNORED):
            raise NotNow("Somebody has taken this mail back already.", row.work_order)
        return _decided(row, LetterState.HELD, "letter.taken_back", by, now)


def _found(letter: Letter, by: Actor) -> Letter:
    if not may(by, Act.TRIAGE):
        raise NotAllowed("Sorting mail is for facilities managers.")
    return Letter.objects.select_for_update(of=("self",)).get(pk=letter.pk)


def _waiting(letter: Letter, by: Actor) -> Letter:
    row = _found(letter, by)
    if row.state != LetterState.HELD:
        raise NotNow("Somebody has sorted this mail already.", row.work_order)
    return row


def _decided(row: Letter, state: LetterState, verb: str, by: Actor, now: datetime) -> Letter:
    row.state, row.decided_by, row.decided_at = state, person(by), now
    row.save()
    data = {"letter": row.pk, "from": row.from_address, "subject": row.subject}
    if row.work_order:
        data["work_order"] = row.work_order.number
    record(stream=f"letter:{row.pk}", verb=verb, by=by, now=now, data=data, note=row.reason)
    return row
