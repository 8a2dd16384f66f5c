"""Write the tables of anomaly.md, from what benchmarks/anomaly_maps.py measured.

    python docs/write_anomaly.py docs/anomaly.csv

Each table replaces what stands between its two marks in the page.
"""

import re
import sys
from pathlib import Path

import pandas as pd
from tables import markdown, spread, write_page

PAGE = Path(__file__).parent / "anomaly.md"
KINDS = ("colonies", "folds")
VIEWS = ("count", "composition", "both")
OWN = "own"


def main(measurements):
    """Replace the tables of the page."""
    rows = pd.read_csv(measurements)
    parts = {name: lambda table=table: markdown(table(rows)) for name, table in TABLES.items()}
    write_page(PAGE, parts)


def _place(group):
    """Put discriminators first, and leave others in their order."""
    return not group[0].startswith("discriminator")


def phantom_rows(rows):
    """Return the rows of pure masks on phantoms of the demo's size, each detector's first seed."""
    usual = (rows["seed"] == 0) & (rows["trim"] == 0)
    return rows[usual & rows["tissue"].str.fullmatch(r"phantom-\d+")]


def main_table(rows):
    """Lay out AUROC and average precision by detector and view, over phantoms of one mask."""
    rows = phantom_rows(rows)
    rows = rows[(rows["mask"] == "rectangle") & (rows["view"] != "weights")]
    table = []
    for detector, own in sorted(rows.groupby("detector", sort=False), key=_place):
        line = {"detector": detector}
        for view in VIEWS:
            shown = [view, OWN] if view == VIEWS[-1] else [view]
            for kind in KINDS:
                there = own[own["view"].isin(shown) & (own["kind"] == kind)]
                score = spread(there["auroc"])
                precision = there["average_precision"].mean()
                line[f"{view}: {kind}"] = f"{score} ({precision:.2f})" if len(there) else ""
        both = own[(own["kind"] == KINDS[0]) & own["view"].isin(["both", OWN])]
        line["CPU s"] = f"{both['seconds'].mean():.1f}" if len(both) else ""
        table.append(line)
    return pd.DataFrame(table)


def mask_table(rows):
    """Lay out the view of both by mask: AUROC, and false alarms at the stated 5 %."""
    rows = phantom_rows(rows)
    rows = rows[rows["view"].isin(["both", OWN])]
    chosen = ("discriminator", "discriminator-local", "mahalanobis", "pca-residual", "knn")
    table = []
    for detector in chosen:
        for mask in ("rectangle", "band", "patches"):
            own = rows[(rows["detector"] == detector) & (rows["mask"] == mask)]
            line = {"detector": detector, "mask": mask}
            for kind in KINDS:
                line[kind] = spread(own.loc[own["kind"] == kind, "auroc"])
            first = own[own["kind"] == KINDS[0]]
            line["false alarms, 5 % stated"] = spread(first["false_alarms"])
            fewest, most = first["false_alarms"].agg(["min", "max"])
            line["fewest, most"] = f"{fewest:.3f} to {most:.3f}"
            for kind in KINDS:
                line[f"{kind} found"] = spread(own.loc[own["kind"] == kind, "found"], 2)
            table.append(line)
    return pd.DataFrame(table)


def network_table(rows):
    """Lay out how much scores differ between networks on the same data."""
    usual = (rows["mask"] == "rectangle") & (rows["trim"] == 0)
    rows = rows[usual & rows["tissue"].str.fullmatch(r"phantom-\d+")]
    table = []
    for (detector, view), own in rows.groupby(["detector", "view"], sort=False):
        seeds = own.groupby(["tissue", "kind"])["seed"].nunique()
        several = seeds[seeds > 1].index
        if not len(several):
            continue
        line = {"detector": detector, "view": view}
        own = own.set_index(["tissue", "kind"]).loc[several]
        for kind in KINDS:
            deviations = own.xs(kind, level="kind").groupby("tissue")["auroc"].std()
            lowest = own.xs(kind, level="kind")["auroc"].min()
            line[f"{kind}: deviation, mean"] = f"{deviations.mean():.4f}"
            line[f"{kind}: largest"] = f"{deviations.max():.4f}"
            line[f"{kind}: worst AUROC"] = f"{lowest:.3f}"
        table.append(line)
    return pd.DataFrame(table)


def impure_table(rows):
    """Lay out what abnormal pixels in the mask cost, and what leaving some out wins back."""
    rows = rows[rows["mask"].str.contains("abnormal")]
    shares = sorted(rows["mask"].unique(), key=lambda mask: int(re.search(r"\d+", mask)[0]))
    table = []
    for (detector, trim), own in rows.groupby(["detector", "trim"], sort=False):
        line = {"detector": detector, "left out": f"{trim:.0%}" if trim else "-"}
        for mask in shares:
            there = own[own["mask"] == mask]
            found = [there.loc[there["kind"] == kind, "auroc"].mean() for kind in KINDS]
            line[mask.removeprefix("rectangle, ")] = " / ".join(f"{v:.3f}" for v in found)
        table.append(line)
    return pd.DataFrame(table)


def generative_table(rows):
    """Lay out the GAN family beside others on the same phantoms, NMF weights as they are."""
    rows = phantom_rows(rows)
    rows = rows[rows["mask"] == "rectangle"]
    weights = rows[rows["view"] == "weights"]
    family = weights["detector"].unique()
    measured = weights.groupby("tissue")["detector"].nunique()
    rows = rows[rows["tissue"].isin(measured[measured == len(family)].index)]
    table = []
    per_current = "pca-residual-per-current"
    for detector in (*family, per_current):
        own = rows[(rows["detector"] == detector) & rows["view"].isin(["weights", OWN])]
        line = {"detector": detector}
        for kind in KINDS:
            there = own[own["kind"] == kind]
            line[kind] = spread(there["auroc"])
            line[f"{kind}, average precision"] = spread(there["average_precision"], 2)
        line["CPU s, five fits"] = f"{own['seconds'].mean():.1f}"
        table.append(line)
    return pd.DataFrame(table)


def segment_table(rows):
    """Lay out classes of measured tissue that were left out."""
    rows = rows[rows["kind"] == "segment"]
    table = []
    for detector, own in rows.groupby("detector", sort=False):
        for view in (*VIEWS, OWN):
            there = own[own["view"] == view].set_index("tissue")["auroc"]
            if len(there):
                single = {name: f"{value:.2f}" for name, value in there.items()}
                whole = {"mean": f"{there.mean():.3f}", "worst": f"{there.min():.2f}"}
                table.append({"detector": detector, "view": view, **single, **whole})
    return pd.DataFrame(table)


def large_table(rows):
    """Lay out the map at the thesis' scale."""
    rows = rows[rows["tissue"].str.contains("161,547")]
    table = []
    for (detector, view), own in rows.groupby(["detector", "view"], sort=False):
        own = own.set_index("kind")
        line = {"detector": detector, "view": view}
        line |= {kind: f"{own.loc[kind, 'auroc']:.3f}" for kind in KINDS}
        line["false alarms, 5 % stated"] = f"{own['false_alarms'].iloc[0]:.3f}"
        line["CPU s"] = f"{own['seconds'].iloc[0]:.0f}"
        table.append(line)
    return pd.DataFrame(table)


TABLES = {
    "phantoms": main_table,
    "masks": mask_table,
    "networks": network_table,
    "impure masks": impure_table,
    "generative models": generative_table,
    "left-out segments": segment_table,
    "thesis scale": large_table,
}


if __name__ == "__main__":
    main(*sys.argv[1:])
