"""Terms of the controlled vocabularies that say where spectra lie and what they are."""

from itertools import chain

X, Y, Z = "IMS:1000050", "IMS:1000051", "IMS:1000052"
OFFSET, LENGTH, ENCODED = "IMS:1000102", "IMS:1000103", "IMS:1000104"
MZ, INTENSITY = "MS:1000514", "MS:1000515"
PROFILE, CENTROID = "MS:1000128", "MS:1000127"
CONTINUOUS, PROCESSED = "IMS:1000030", "IMS:1000031"
UUID, MD5, SHA1, SHA256 = "IMS:1000080", "IMS:1000090", "IMS:1000091", "IMS:1000092"

#: Data types; the integers have terms of both vocabularies.
TYPES = {
    "MS:1000521": "<f4",
    "MS:1000523": "<f8",
    "MS:1000520": "<f2",
    "MS:1000519": "<i4",
    "MS:1000522": "<i8",
    "IMS:1000141": "<i4",
    "IMS:1000142": "<i8",
    "IMS:1100000": "<i1",
    "IMS:1100001": "<i2",
}
PLAIN = "MS:1000576"
#: zlib, of values as they are or with their last bits set to zero before.
ZLIB = {"MS:1000574", "MS:1003088"}
OTHER_COMPRESSIONS = {
    "MS:1002312": "MS-Numpress linear prediction",
    "MS:1002313": "MS-Numpress positive integer",
    "MS:1002314": "MS-Numpress short logged float",
    "MS:1002746": "MS-Numpress linear prediction and zlib",
    "MS:1002747": "MS-Numpress positive integer and zlib",
    "MS:1002748": "MS-Numpress short logged float and zlib",
    "MS:1003089": "truncation, delta prediction and zlib",
    "MS:1003090": "truncation, linear prediction and zlib",
}
WANTED = frozenset(
    chain(
        (X, Y, Z, OFFSET, LENGTH, ENCODED, MZ, INTENSITY, PROFILE, CENTROID),
        (CONTINUOUS, PROCESSED, UUID, MD5, SHA1, SHA256),
        (PLAIN,),
        ZLIB,
        TYPES,
        OTHER_COMPRESSIONS,
    )
)
