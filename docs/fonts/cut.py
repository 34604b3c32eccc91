"""Cut the font of the preview pictures (docs/hooks/cards.py) down to the letters of our titles: `make card-font`.

    python docs/fonts/cut.py        (needs `npm` on the path)

Noto Sans SC (SIL Open Font License, see LICENSE) comes from the npm package @expo-google-fonts/noto-sans-sc, which
holds it as Google publishes it; 10 MB, of which cards.ttf keeps what `wanted` names.
"""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml
from fontTools import subset
from fontTools.ttLib import TTFont
from mkdocs.utils.yaml import yaml_load

HERE = Path(__file__).parent
DOCS = HERE.parent
TARGET = HERE / "cards.ttf"
PACKAGE = "@expo-google-fonts/noto-sans-sc@0.4.3"
MEMBER = "package/600SemiBold/NotoSansSC_600SemiBold.ttf"
SHA256 = "b5eb7510dff58e0626c72c0861d83a3ed2be1d03047cf90a623682b8667bc5ff"
FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
ALWAYS = {chr(code) for code in range(0x20, 0x7F)} | set("“”‘’–—×·…：，、。？（）")


def main():
    """Fetch the font, check it, cut it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            whole = package.extractfile(MEMBER).read()
    if hashlib.sha256(whole).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} of {PACKAGE} is not the file that this script knows")
    TARGET.write_bytes(cut(whole, wanted()))


def wanted() -> set[str]:
    """Every character that a picture can show: of titles, of the parts and the names of the site, and all of ASCII."""
    texts = [path.read_text(encoding="utf-8") for path in DOCS.glob("*/**/*.md")]
    titles = [yaml.safe_load(FRONT_MATTER.match(text)[1])["title"] for text in texts if FRONT_MATTER.match(text)]
    for file in (DOCS.parent / "mkdocs.yml", DOCS / "mkdocs.en.yml"):
        with file.open(encoding="utf-8") as opened:
            config = yaml_load(opened)
        titles += [config["site_name"], *parts(config["nav"])]
    return ALWAYS.union(*titles)


def parts(nav):
    """The names in a navigation."""
    for entry in nav:
        if isinstance(entry, dict):
            for name, value in entry.items():
                yield name
                yield from parts(value if isinstance(value, list) else [])


def cut(whole, characters) -> bytes:
    """The font with these characters only; the same bytes each time."""
    font = TTFont(io.BytesIO(whole), recalcTimestamp=False)
    cutter = subset.Subsetter(subset.Options(layout_features=[], hinting=False))
    cutter.populate(text="".join(sorted(characters)))
    cutter.subset(font)
    data = io.BytesIO()
    font.save(data)
    return data.getvalue()


if __name__ == "__main__":
    main()
