import numpy as np

from imsforge.artifacts.checksums import SAMPLE_BYTES, SAMPLES, fingerprint
from imsforge.seeding import derive_seed
from imsforge.study import code as provenance
from imsforge.study.code import code_digest

MODULE = '"""A docstring."""\n\n\ndef double(x):\n    return 2 * x  # twice\n'


def test_seeds_differ_by_purpose_and_stay_the_same():
    seeds = {derive_seed(1, *keys) for keys in [(), ("split",), ("split", 1), ("split", 2), (1,)]}
    assert len(seeds) == 5
    assert derive_seed(2024, "split", 1) == 2208674318


def test_only_a_change_of_meaning_changes_the_digest(tmp_path):
    def digest(text):
        provenance._module.cache_clear()
        path = tmp_path / "script.py"
        path.write_text(text)
        return code_digest(path)

    first = digest(MODULE)
    assert digest(MODULE.replace("A docstring", "Other words")) == first
    assert digest(MODULE.replace("# twice", "# two times")) == first
    assert digest(MODULE.replace("2 * x", "3 * x")) != first


def test_the_digest_follows_imports(tmp_path, monkeypatch):
    package = tmp_path / "imsforge"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "used.py").write_text("A = 1\n")
    (package / "unused.py").write_text("B = 1\n")
    script = tmp_path / "script.py"
    script.write_text("from imsforge.used import A\n")
    monkeypatch.setattr(provenance, "PACKAGE", package)

    def digest():
        provenance._module.cache_clear()
        return code_digest(script)

    first = digest()
    (package / "unused.py").write_text("B = 2\n")
    assert digest() == first
    (package / "used.py").write_text("A = 2\n")
    assert digest() != first


def test_each_script_depends_on_what_it_uses(root):
    digests = {path.stem: code_digest(path) for path in (root / "scripts").glob("*.py")}
    assert len(set(digests.values())) == len(digests)


def test_a_fingerprint_sees_content_and_not_time(tmp_path):
    path = tmp_path / "raw.ibd"
    content = np.random.default_rng(0).bytes(3 * SAMPLES * SAMPLE_BYTES)
    path.write_bytes(content)
    first = fingerprint(path)
    path.touch()
    assert fingerprint(path) == first
    path.write_bytes(content[:-1])
    assert fingerprint(path) != first
    path.write_bytes(content[:-1] + b"x")
    assert fingerprint(path) != first
    path.write_bytes(b"")
    assert fingerprint(path) != first
