"""Write the figures of `benchmarks/results` into docs/performance.md, and draw its plots."""

from __future__ import annotations

from benchmarks.page.files import files

if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)
