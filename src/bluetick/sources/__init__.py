"""Log formats: each reader turns files of one format into rows of the tables that detections name."""
