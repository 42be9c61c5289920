"""`wardround evaluate`: measures any detector, segmenter, heat map or screen on a folder of labelled films."""
