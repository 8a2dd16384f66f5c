"""Terms of the controlled vocabularies that say where spectra lie and what they are."""

from itertools import chain

X, Y, Z = "IMS:1000050", "IMS:1000051", "IMS:1000052"
OFFSET, LENGTH, ENCODED = "IMS:1000102", "IMS:1000103", "IMS:1000104"
MZ, INTENSITY = "MS:1000514", "MS:1000515"
PROFILE, CENTROID = "MS:1000128", "MS:1000127"
NEGATIVE, POSITIVE = "MS:1000129", "MS:1000130"
MS_LEVEL, MS1, MSN = "MS:1000511", "MS:1000579", "MS:1000580"
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
#: What a term is, by its name in the vocabulary; both vocabularies name the integers alike.
NAMED = {
    "position x": (X,),
    "position y": (Y,),
    "position z": (Z,),
    "external offset": (OFFSET,),
    "external array length": (LENGTH,),
    "external encoded length": (ENCODED,),
    "m/z array": (MZ,),
    "intensity array": (INTENSITY,),
    "profile spectrum": (PROFILE,),
    "centroid spectrum": (CENTROID,),
    "negative scan": (NEGATIVE,),
    "positive scan": (POSITIVE,),
    "ms level": (MS_LEVEL,),
    "MS1 spectrum": (MS1,),
    "MSn spectrum": (MSN,),
    "continuous": (CONTINUOUS,),
    "processed": (PROCESSED,),
    "universally unique identifier": (UUID,),
    "ibd MD5": (MD5,),
    "ibd SHA-1": (SHA1,),
    "ibd SHA-256": (SHA256,),
    "no compression": (PLAIN,),
    "zlib compression": ("MS:1000574",),
    "8-bit integer": ("IMS:1100000",),
    "16-bit integer": ("IMS:1100001",),
    "32-bit integer": ("MS:1000519", "IMS:1000141"),
    "64-bit integer": ("MS:1000522", "IMS:1000142"),
    "16-bit float": ("MS:1000520",),
    "32-bit float": ("MS:1000521",),
    "64-bit float": ("MS:1000523",),
}
#: What is looked at, with its name.
WANTED = dict.fromkeys(
    chain(
        (X, Y, Z, OFFSET, LENGTH, ENCODED, MZ, INTENSITY, PROFILE, CENTROID),
        (NEGATIVE, POSITIVE, MS_LEVEL, MS1, MSN),
        (CONTINUOUS, PROCESSED, UUID, MD5, SHA1, SHA256),
        (PLAIN,),
        ZLIB,
        TYPES,
        OTHER_COMPRESSIONS,
    ),
    "",
) | {accession: name for name, accessions in NAMED.items() for accession in accessions}
PIXEL_SIZES = {"IMS:1000046": "x", "IMS:1000047": "y"}
#: Units of lengths in micrometres, by accession and by name; a length without one is in them.
MICROMETRES = {
    "UO:0000017": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "um": 1.0,
    "UO:0000018": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "nm": 1e-3,
    "UO:0000016": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "mm": 1e3,
}
INSTRUMENT_MODEL = "MS:1000031"
#: What an instrument's configuration says beside its model: serial number, customization.
BESIDE_THE_MODEL = {"MS:1000529", "MS:1000032"}
