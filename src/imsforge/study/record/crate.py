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
LICENSE = "https://spdx.org/licenses/Apache-2.0"
PROVENANCE = {
    "name": "provenance.json",
    "description": "Configuration, seeds, devices, versions, times and checksums of the run",
    "encodingFormat": "application/json",
}
FORMATS = {
    ".csv": "text/csv",
    ".h5": "application/x-hdf5",
    ".html": "text/html",
    ".ibd": "application/octet-stream",
    ".imzML": "application/xml",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".safetensors": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}


def write_crate(record, results, workflow):
    """Write ``ro-crate-metadata.json`` into the folder of the results.

    Parameters
    ----------
    record : dict of `describe_run`
    results : path, the folder
    workflow : path, the workflow's main file, a copy that lies in ``results``
    """
    results = Path(results)
    crate = ROCrate(gen_preview=False, version="1.1")
    crate.metadata.extra_terms.update(TERMS)
    names = ", ".join(record["config"]["datasets"])
    crate.name = f"imsforge: {names}"
    crate.description = (
        f"Peak-integrated spectra, classes, generated spectra, scores and anomaly maps of {names}"
    )
    crate.license = _license(crate)
    crate.datePublished = record["ended"]
    crate.root_dataset["conformsTo"] = [
        crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": url}))
        for url in PROFILES
    ]
    main = _workflow(crate, Path(workflow).relative_to(results), record["versions"])
    outputs = [
        crate.add_file(
            dest_path=Path(file["path"]).relative_to(results).as_posix(),
            properties=_facts(file),
        )
        for file in record["artifacts"]
        if Path(file["path"]) != Path(workflow)
    ]
    crate.add_file(dest_path="provenance.json", properties=PROVENANCE)
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


def _workflow(crate, path, versions):
    language = crate.add(
        ContextEntity(
            crate,
            "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
            {
                "@type": "ComputerLanguage",
                "name": "Snakemake",
                "version": versions.get("snakemake", "9"),
                "url": {"@id": "https://snakemake.github.io"},
                "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            },
        )
    )
    main = crate.add_file(
        dest_path=path.as_posix(),
        properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "imsforge",
            "encodingFormat": "text/plain",
            "version": versions["imsforge"],
            "programmingLanguage": {"@id": language.id},
        },
    )
    main["license"] = {"@id": LICENSE}
    crate.mainEntity = main
    return main


def _license(crate):
    return crate.add(
        ContextEntity(crate, LICENSE, {"@type": "CreativeWork", "name": "Apache License 2.0"})
    )


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
