"""What experts draw and write: masks, regions, tables."""
