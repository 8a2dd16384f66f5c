"""The results as an RO-Crate, so that others can cite, find and read them.

Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5): a folder whose
``ro-crate-metadata.json`` says which workflow made which files from which inputs.
"""

from pathlib import Path

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from imsforge.artifacts.text import write_json

PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
CRATE = "https://w3id.org/ro/crate/1.1"
#: A term of runs, which the crate's own vocabulary lacks.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
#: Of the workflow; results have a licence of their own.
LICENSE = "https://spdx.org/licenses/Apache-2.0"
#: The workflow's main file, as it lies among its code.
MAIN = "workflow/Snakefile"
PROVENANCE = {
    "name": "provenance.json",
    "description": "Configuration, seeds, devices, versions, times and checksums of the run",
    "encodingFormat": "application/json",
}
FORMATS = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".h5": "application/x-hdf5",
    ".h5ad": "application/x-hdf5",
    ".html": "text/html",
    ".ibd": "application/octet-stream",
    ".imzML": "application/xml",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".py": "text/x-python",
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".tiff": "image/tiff",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
}


def write_crate(record, study, code):
    """Write ``ro-crate-metadata.json`` into the folder of the results.

    Parameters
    ----------
    record : dict of `describe_run`
    study : Study
    code : list of str
        The files of the workflow as they lie in the folder ``code`` of the results.
    """
    results = Path(study.folder.results)
    crate = ROCrate(gen_preview=False, version="1.1")
    crate.metadata.extra_terms.update(TERMS)
    names = ", ".join(record["config"]["datasets"])
    crate.name = f"imsforge: {names}"
    crate.description = (
        f"Peak-integrated spectra, classes, generated spectra, scores and anomaly maps of {names}"
    )
    crate.license = _license(crate, record["config"]["license"])
    crate.datePublished = record["ended"]
    crate.root_dataset["conformsTo"] = [
        crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": url}))
        for url in PROFILES
    ]
    main = _workflow(crate, record, code)
    outputs = [
        crate.add_file(
            dest_path=Path(file["path"]).relative_to(results).as_posix(),
            properties=_facts(file),
        )
        for file in record["artifacts"]
    ]
    crate.add_file(dest_path=Path(study.record).name, properties=PROVENANCE)
    inputs = [_input(crate, file) for file in record["inputs"]]
    action = crate.add_action(
        instrument=main,
        identifier="#run",
        object=inputs,
        result=outputs,
        properties={
            "name": f"Run of imsforge {record['versions']['imsforge']} on {names}",
            "description": "Settings, seeds and versions are in provenance.json",
            "startTime": record["started"],
            "endTime": record["ended"],
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    crate.root_dataset["mentions"] = action
    crate.metadata["conformsTo"] = [{"@id": url} for url in (CRATE, PROFILES[-1])]
    write_json(crate.metadata.generate(), results / "ro-crate-metadata.json")


def _workflow(crate, record, code):
    """Describe the workflow: its main file, which the crate holds or links, and all others."""
    language = crate.add(
        ContextEntity(
            crate,
            "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
            {
                "@type": "ComputerLanguage",
                "name": "Snakemake",
                "version": record["versions"].get("snakemake", "9"),
                "url": {"@id": "https://snakemake.github.io"},
                "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            },
        )
    )
    fetched = record["code"]["sources"]
    parts = [_part(crate, Path(name), f"code/{name}") for name in code if name != MAIN]
    parts += [_part(crate, Path(url), url) for url in fetched[1:]]
    properties = {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "imsforge",
        "encodingFormat": "text/plain",
        "version": record["code"]["commit"] or record["versions"]["imsforge"],
        "programmingLanguage": {"@id": language.id},
        "hasPart": [{"@id": entity.id} for entity in parts],
    }
    if fetched:
        main = crate.add_file(fetched[0], properties=properties)
    else:
        main = crate.add_file(dest_path=f"code/{MAIN}", properties=properties)
    main["license"] = _licensed(crate, LICENSE, "Apache License 2.0")
    crate.mainEntity = main
    return main


def _part(crate, path, place):
    """Describe a file of the workflow, which the crate holds or links."""
    properties = {"name": path.name, "encodingFormat": FORMATS.get(path.suffix, "text/plain")}
    if "://" in place:
        return crate.add_file(place, properties=properties)
    return crate.add_file(dest_path=place, properties=properties)


def _license(crate, license):
    """Describe the licence of the results, which is up to those who made them."""
    if license is None:
        return _licensed(crate, "#no-licence", "Not stated: ask those who made these results")
    url = license if license.startswith("https://") else f"https://spdx.org/licenses/{license}"
    return _licensed(crate, url, license)


def _licensed(crate, url, name):
    return crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": name}))


def _input(crate, file):
    """Describe a file outside the crate: it need not be shared with the results."""
    return crate.add(
        ContextEntity(
            crate,
            f"#input-{file['sha256']}",
            {"@type": "CreativeWork", **_facts(file), "name": file["path"]},
        )
    )


def _facts(file):
    path = Path(file["path"])
    facts = {"name": path.name, "contentSize": str(file["bytes"]), "sha256": file["sha256"]}
    if path.suffix in FORMATS:
        facts["encodingFormat"] = FORMATS[path.suffix]
    return facts
