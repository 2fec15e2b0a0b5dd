"""Makes what browsers get of `static/`: our style sheets and scripts without comments and blanks, and beside every
file compressed copies that WhiteNoise hands out. The sources stay as they are written.

python -m assets
"""

import subprocess
from pathlib import Path

import brotli
import zopfli.gzip

ROOT = Path(__file__).parent
STATIC = ROOT / "static"
MADE = STATIC / "made"
COMPRESSED = (MADE, STATIC / "vendor", STATIC / "icons")
_KINDS = {".css", ".js", ".svg"}


def main() -> None:
    """Makes everything anew; nothing stays of sources that are gone."""
    MADE.mkdir(exist_ok=True)
    for folder in (STATIC, *COMPRESSED):
        for old in (*folder.glob("*.gz"), *folder.glob("*.br"), *MADE.glob("*")):
            old.unlink(missing_ok=True)
    _minify(sorted(path for path in STATIC.iterdir() if path.suffix in _KINDS))
    if (MADE / "noroshi.js").exists():
        both = ((STATIC / "vendor" / "htmx.min.js"), (MADE / "noroshi.js"))
        (MADE / "live.js").write_text("\n".join(path.read_text().strip() for path in both))
    for folder in COMPRESSED:
        for path in sorted(folder.iterdir()):
            if path.suffix in _KINDS:
                _compress(path)


def _minify(sources: list[Path]) -> None:
    # The program itself, not its wrapper: where npm came from PyPI there is no `node` to run one.
    programs = ROOT / "node_modules" / "@esbuild"
    esbuild = next(iter((*programs.glob("*/bin/esbuild"), *programs.glob("*/esbuild.exe"))), None)
    if esbuild is None:
        print("  (there is no esbuild for this machine: style sheets and scripts are served as they are written)")
        return
    options = ["--minify", "--charset=utf8", "--log-level=warning", f"--outdir={MADE}"]
    for kind, form in ((".js", ["--format=iife", "--bundle"]), (".css", [])):
        names = [str(path) for path in sources if path.suffix == kind]
        subprocess.run([esbuild, *names, *options, *form], check=True)  # noqa: S603 (our own files, no shell)


def _compress(path: Path) -> None:
    plain = path.read_bytes()
    for ending, packed in ((".gz", zopfli.gzip.compress(plain, numiterations=60)), (".br", brotli.compress(plain))):
        if len(packed) < len(plain):
            path.with_name(path.name + ending).write_bytes(packed)


if __name__ == "__main__":
    main()
