"""`python -m translations.check`: nothing untranslated, fuzzy, unused, no other placeholders; `--update` extracts."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).parent
CATALOGUE = ROOT / "ja" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|(?<!%)%[sd]")


def extract() -> polib.POFile:
    """Every message of the code and the templates, as a template catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "messages.pot"
        command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg"]
        keywords = ["-k", "_l", "-k", "lazy_gettext", "-k", "lazy_ngettext:1,2", "-k", "_n:1,2"]
        subprocess.run([*command, *keywords, "--no-location", "-o", str(target), "."], cwd=ROOT.parent, check=True)  # noqa: S603
        return polib.pofile(str(target))


def update() -> None:
    """Brings the catalogue up to date: new messages are added empty, unused ones are removed."""
    found = extract()
    catalogue = polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile()
    known = {entry.msgid: entry for entry in catalogue}
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "ja",
        "MIME-Version": "1.0",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    for entry in sorted(found, key=lambda one: one.msgid):
        old = known.get(entry.msgid)
        new = polib.POEntry(msgid=entry.msgid, msgid_plural=entry.msgid_plural, flags=list(entry.flags))
        if entry.msgid_plural:
            new.msgstr_plural = {0: (old.msgstr_plural.get(0) or old.msgstr if old else "") or ""}
        else:
            new.msgstr = (old.msgstr or old.msgstr_plural.get(0) if old else "") or ""
        fresh.append(new)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(CATALOGUE))


def placeholders(text: str) -> list[str]:
    return sorted({match.group(0) for match in PLACEHOLDER.finditer(text)})


def problems() -> list[str]:
    """What is not right, a line each."""
    catalogue = polib.pofile(str(CATALOGUE))
    known = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    found = {entry.msgid: entry for entry in extract()}
    lines = [f"not in the catalogue: {msgid!r}" for msgid in found.keys() - known.keys()]
    lines += [f"no longer used: {msgid!r}" for msgid in known.keys() - found.keys()]
    for msgid in found.keys() & known.keys():
        entry = known[msgid]
        text = entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr
        if not text:
            lines.append(f"untranslated: {msgid!r}")
        elif entry.fuzzy:
            lines.append(f"fuzzy: {msgid!r}")
        # A singular may leave its number out; what Japanese uses must be what the code fills in.
        elif placeholders(text) != placeholders(entry.msgid_plural or msgid):
            lines.append(f"other placeholders: {msgid!r} → {text!r}")
    return sorted(lines)


def main() -> int:
    if "--update" in sys.argv:
        update()
    found = problems()
    for line in found:
        print(line)
    print(f"{len(found)} problems in the translations" if found else "The translations are whole.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
