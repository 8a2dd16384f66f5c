"""The door that people look for in the root; the workflow lies in workflow/."""


include: "workflow/Snakefile"


# An included file sets no default target.
rule default:
    default_target: True
    input:
        rules.all.input,
    localrule: True
