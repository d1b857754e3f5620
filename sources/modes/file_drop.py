"""Mode ``file_drop``: every file of a drop folder is a delivery of its own.

Of each key the row of the last delivery by name that has it counts; a delivery adds and replaces
keys and never deletes those of others. So a late file, whose name sorts before one that was taken,
lands only what no later one says. Other content under a known name corrects that delivery: a key
that it no longer has falls back to the delivery before it that has one, or goes. Content that was
taken under another name is passed over; a file that is removed takes nothing with it.

The rows of every standing delivery are kept beside the segments, because a fallback may need them
when the file is gone. Keep out: which deliveries were taken (``delivery.py``) and the comparison
with what has landed (``changes.py``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from citybase.duck import literal, quoted
from citybase.errors import SourceError
from sources import landing
from sources.attempt import Receipt, Refusal, land
from sources.changes import land_changes
from sources.connectors import Reading
from sources.connectors.drop import DropSession, UnfinishedFileError
from sources.content import Content, table_content
from sources.modes.delivery import Catalogue, Delivery, read_catalogue, seen, sha256_of
from sources.modes.delivery_rows import Arrival, gather, row_file
from sources.modes.extraction import Extraction

CATALOGUE = "deliveries"
_MODE = "file_drop"


@dataclass
class Round:
    """What one look at the folder found."""

    taken: list[Arrival] = field(default_factory=list)
    refused: list[SourceError] = field(default_factory=list)
    resent: list[str] = field(default_factory=list)
    unfinished: list[SourceError] = field(default_factory=list)
    is_noted: bool = True


def extract_file_drop(extraction: Extraction) -> Receipt:
    """Land what the deliveries say that have come or changed since the batch before.

    A file that cannot be read is refused in the receipt and tried again next time.

    Raises:
        SourceError: there is no delivery, or none of the first ones can be read.
        WarehouseError: what is known of earlier deliveries is not there.
    """
    attempt, landed = extraction.attempt, extraction.landed
    content = table_content(attempt.engine, landed.system_code, landed.table_code)
    known = _known(extraction, content)
    catalogue = read_catalogue(attempt.settings.landing / known) if known else Catalogue(())
    made_by = extraction.asked_for
    # Rows that another mode landed, that stand under other keys or types, or that were lost, are
    # replaced whole.
    is_anew = (
        content.base is None
        or content.batches[-1].mode != _MODE
        or not extraction.is_intact(content)
        or any(one.made_by != made_by for one in catalogue.standing)
    )
    found = _look(extraction, catalogue, made_by)
    if not catalogue.standing and (found.refused or found.unfinished):
        raise [*found.refused, *found.unfinished][0]
    broken = gather(extraction, found.taken, catalogue, is_anew=is_anew)
    reading = Reading(
        sql="", broken=broken, rows_broken=sum(arrival.rows_broken for arrival in found.taken)
    )
    position = {
        CATALOGUE: _noted(extraction, catalogue, made_by)
        if not known or is_anew or not found.is_noted
        else known,
        "standing": str(len(catalogue.standing)),
        "taken": str(len(found.taken)),
        "resent": str(len(found.resent)),
        "unfinished": str(len(found.unfinished)),
        "refused": str(len(found.refused)),
    }
    receipt = _landed(extraction, content, reading, position, is_anew=is_anew)
    _forget(extraction, catalogue, position[CATALOGUE])
    return replace(
        receipt,
        resent=tuple(found.resent),
        refused=tuple(Refusal(one.message, one.remedy) for one in found.refused),
    )


def _known(extraction: Extraction, content: Content) -> str:
    """The catalogue that the newest batch of this mode names, relative to the landing folder."""
    attempt, landed = extraction.attempt, extraction.landed
    known = content.batches[-1].position.get(CATALOGUE, "") if content.batches else ""
    files = [known] if known else []
    landing.refuse_missing(attempt.settings, landed.system_code, landed.table_code, files)
    return known


def _look(extraction: Extraction, catalogue: Catalogue, made_by: str) -> Round:
    """Read every file that is new or otherwise than it was, in the order of names."""
    session, table = extraction.session, extraction.table
    if not isinstance(session, DropSession):
        raise TypeError("the contract gives this mode to drop folders alone")
    files = session.deliveries(table)
    if not files and not catalogue.standing:
        session.newest(table)
    found = Round()
    rows = landing.relative(extraction.attempt.settings, row_file(extraction))
    for file in files:
        known = catalogue.of(file.name)
        is_asked = known is None or (known.fate == "standing" and known.made_by != made_by)
        try:
            with session.readable(table, file):
                looks = seen(file)
                if known and looks and looks == known.seen and not is_asked:
                    continue
                sha256 = sha256_of(file)
                if known and known.sha256 == sha256 and not is_asked:
                    catalogue.take(replace(known, seen=looks))
                    found.is_noted = found.is_noted and looks == known.seen
                    continue
                if catalogue.is_resent(file.name, sha256):
                    catalogue.take(Delivery(file.name, sha256, looks, "resent", "", made_by))
                    found.resent.append(file.name)
                    found.is_noted = False
                    continue
                arrival = _arrived(
                    extraction,
                    session,
                    file,
                    Delivery(file.name, sha256, looks, "standing", rows, made_by),
                    before=known if known and known.fate == "standing" else None,
                    number=len(found.taken),
                )
                if sha256_of(file) != sha256:
                    raise session.unfinished(table, file)
        except UnfinishedFileError as error:
            found.unfinished.append(error)
            continue
        except SourceError as error:
            found.refused.append(error)
            continue
        found.taken.append(arrival)
        catalogue.take(arrival.delivery)
        found.is_noted = False
    return found


def _arrived(
    extraction: Extraction,
    session: DropSession,
    file: Path,
    delivery: Delivery,
    *,
    before: Delivery | None,
    number: int,
) -> Arrival:
    work = extraction.work / str(number)
    work.mkdir(exist_ok=True)
    reading = session.read_file(extraction.table, file, work=work)
    typed = extraction.work / f"{number}.parquet"
    extraction.into(typed, reading)
    for spent in work.iterdir():
        if spent != reading.broken or not reading.rows_broken:
            spent.unlink()
    return Arrival(delivery, before, typed, reading.broken, reading.rows_broken)


def _landed(
    extraction: Extraction,
    content: Content,
    reading: Reading,
    position: Mapping[str, str],
    *,
    is_anew: bool,
) -> Receipt:
    rows, passed = extraction.duck.execute(
        f"select count(*), (select passed_rows from passed) "
        f"from read_parquet({literal(str(extraction.scratch))})"
    ).fetchone() or (0, 0)
    if is_anew:
        return land(
            extraction.attempt,
            extraction.duck,
            reading=reading,
            rows=rows,
            position=lambda _: position,
        )
    keys = ", ".join(quoted(key) for key in extraction.landed.keys)
    return land_changes(
        extraction.attempt,
        extraction.duck,
        content=content,
        reading=reading,
        rows=rows,
        deleted=f"select {keys} from gone",
        rows_passed=passed,
        position=lambda _: position,
    )


def _noted(extraction: Extraction, catalogue: Catalogue, made_by: str) -> str:
    """Write the catalogue; it counts once its batch does. Rows whose file is gone stand from now
    on under what the registry asks for.
    """
    names = {one.name for one in catalogue.standing}
    here = {file.name for file in _files(extraction)}
    for one in catalogue.standing:
        if one.name in names - here:
            catalogue.take(replace(one, made_by=made_by))
    path = extraction.attempt.path(landing.state)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.write(path)
    landing.make_durable(extraction.attempt.settings, path)
    return landing.relative(extraction.attempt.settings, path)


def _files(extraction: Extraction) -> Iterator[Path]:
    if isinstance(extraction.session, DropSession):
        yield from extraction.session.deliveries(extraction.table)


def _forget(extraction: Extraction, catalogue: Catalogue, noted: str) -> None:
    """Remove what no standing delivery needs, of earlier batches and of attempts that died."""
    kept = {noted, *(one.rows for one in catalogue.standing)}
    folder = extraction.attempt.path(landing.state).parent
    for file in folder.glob("*.parquet"):
        if landing.relative(extraction.attempt.settings, file) not in kept:
            file.unlink()
