"""Raw measurements of any format: indexed, looked through, judged, and streamed."""
