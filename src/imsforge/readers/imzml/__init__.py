"""imzML: the XML and the .ibd."""
