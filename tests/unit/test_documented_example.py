"""The example of docs/gan.md runs as it stands."""

import re

import numpy as np


def test_the_example_of_the_docs_runs(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (root / "docs" / "gan.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(example, "docs/gan.md", "exec"), names)
    assert names["scores"].mean() > 0.95
    assert np.bincount(names["y_filled"]).tolist() == [357, 357]
    assert names["rows"].shape == (100, 30)
    assert np.abs(names["rows"]).max() <= 1
