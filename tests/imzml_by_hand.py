"""imzML files put together by hand, in ways in which pyimzML's writer does not."""

import zlib

import numpy as np

TYPE_TERMS = {
    "<f4": "MS:1000521",
    "<f8": "MS:1000523",
    "<f2": "MS:1000520",
    "<i4": "MS:1000519",
    "<i8": "MS:1000522",
    "<i1": "IMS:1100000",
    "<i2": "IMS:1100001",
}
ARRAY_TERMS = {"mz": "MS:1000514", "intensity": "MS:1000515"}

_HEAD = """<?xml version="1.0" encoding="{encoding}"?>
{doctype}<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">
<fileDescription><fileContent>{content}</fileContent>
<contact><cvParam accession="MS:1000586" name="contact name" value="{contact}"/></contact>
</fileDescription>
<referenceableParamGroupList count="2">{groups}</referenceableParamGroupList>
<run><spectrumList count="{count}">
"""
_TAIL = "</spectrumList></run></mzML>\n"


def term(accession, value=""):
    return f'<cvParam accession="{accession}" name="some name" value="{value}"/>'


def write_by_hand(
    path,
    spectra,
    *,
    pixels=None,
    mz_types=("<f8",),
    intensity_types=("<f4",),
    compressed=False,
    inline=False,
    shared_axis=False,
    mode="MS:1000127",
    encoding="UTF-8",
    declared_encoding=None,
    contact="nobody",
    doctype="",
    change=lambda text: text,
):
    """Write (mz, intensity) pairs as imzML and return the path.

    ``mz_types`` and ``intensity_types`` are used in turn, spectrum by spectrum, and
    may be of the other byte order; ``inline`` puts
    the terms of arrays into them instead of groups; ``pixels`` may have a third coordinate;
    ``change`` edits the XML.
    """
    pixels = pixels or [(i % 4 + 1, i // 4 + 1) for i in range(len(spectra))]
    ibd = bytearray(b"0123456789abcdef")
    groups, body, axis_place = {}, [], None

    def array(what, values, dtype):
        nonlocal axis_place
        values = np.asarray(values)
        data = values.astype(dtype).tobytes()
        if compressed:
            data = zlib.compress(data)
        place = (len(ibd), len(values), len(data))
        if what == "mz" and shared_axis:
            place = axis_place = axis_place or place
        if place[0] == len(ibd):
            ibd.extend(data)
        compression = "MS:1000574" if compressed else "MS:1000576"
        kind = (
            term(ARRAY_TERMS[what]) + term(TYPE_TERMS[dtype.replace(">", "<")]) + term(compression)
        )
        if not inline:
            name = f"{what}{dtype[1:]}"
            groups[name] = kind
            kind = f'<referenceableParamGroupRef ref="{name}"/>'
        where = zip(("IMS:1000102", "IMS:1000103", "IMS:1000104"), place, strict=True)
        return (
            f'<binaryDataArray encodedLength="0">{kind}'
            + "".join(term(accession, value) for accession, value in where)
            + "<binary/></binaryDataArray>\n"
        )

    for i, ((mz, intensity), pixel) in enumerate(zip(spectra, pixels, strict=True)):
        position = "".join(term(f"IMS:100005{k}", value) for k, value in enumerate(pixel))
        arrays = array("mz", mz, mz_types[i % len(mz_types)])
        arrays += array("intensity", intensity, intensity_types[i % len(intensity_types)])
        body.append(
            f'<spectrum id="s{i}" index="{i}">{term(mode) if mode else ""}'
            f"<scanList><scan>{position}</scan></scanList>"
            f"<binaryDataArrayList>{arrays}</binaryDataArrayList></spectrum>\n"
        )
    head = _HEAD.format(
        encoding=declared_encoding or encoding,
        doctype=doctype,
        content=term("IMS:1000080", ibd[:16].hex())
        + term("IMS:1000030" if shared_axis else "IMS:1000031"),
        contact=contact,
        groups="".join(
            f'<referenceableParamGroup id="{name}">{terms}</referenceableParamGroup>'
            for name, terms in groups.items()
        ),
        count=len(spectra),
    )
    path.write_bytes(change(head + "".join(body) + _TAIL).encode(encoding))
    path.with_suffix(".ibd").write_bytes(ibd)
    return path
