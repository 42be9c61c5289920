"""Ask or commit: whether the rule of expected information beats a fixed number of questions."""
