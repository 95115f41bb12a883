"""Run Microsoft KQL detections, word for word, on your own logs."""
